/** The examples that operators were given, run as they are written. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SHARED = process.env['LOCKSTEP_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const SEED = join(SHARED, 'seed.zh.md');

/** The examples are kept beside the project, not in it. */
export const seedIsHere = existsSync(SEED);

/** The first shell example under a heading such as `### 6.1`. */
export const seedScript = (heading: string): string => {
  const text = readFileSync(SEED, 'utf8');
  const section = text.slice(text.indexOf(heading));
  const block = /```bash\n([\s\S]*?)```/.exec(section)?.[1];
  if (!text.includes(heading) || block === undefined) throw new Error(`no example under ${heading}`);
  return block;
};

const hostPort = (url: string): string => new URL(url).host;

/**
 * Runs a script with `curl` led to these nodes: `localhost:5001` and `node-1` are the first, `node2` and `node-2` the
 * second, `node-3` the third. Nothing else in it is changed.
 * @returns standard output
 */
export const runScript = async (script: string, nodes: readonly string[]): Promise<string> => {
  const names = [['localhost', 'node-1'], ['node2', 'node-2'], ['node-3']];
  const routes = nodes.flatMap((url, i) =>
    (names[i] ?? []).map((name) => `--connect-to ${name}:5001:${hostPort(url)}`),
  );
  const preamble = `curl() { command curl -sS --fail-with-body ${routes.join(' ')} "$@" || exit 1; echo; }\n`;
  const { stdout } = await promisify(execFile)('bash', ['-c', preamble + script], { timeout: 60_000 });
  return stdout;
};

/** The script with a real certificate in place of its placeholders. */
export const withCertificate = (script: string, cert: string, key: string): string =>
  script
    .replace('"-----BEGIN CERTIFICATE-----..."', () => JSON.stringify(cert))
    .replace('"-----BEGIN PRIVATE KEY-----..."', () => JSON.stringify(key));
