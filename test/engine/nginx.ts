import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause } from '../../src/shared/async.ts';
import { freePort } from '../support/free-ports.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const cache = path.join(root, '.cache/debian/nginx-lua');
const packages = [
  'nginx',
  'libnginx-mod-http-lua',
  'libnginx-mod-http-ndk',
  'lua-resty-core',
  'lua-resty-lrucache',
  'libpcre3',
  'libluajit2-5.1-2',
  'lua-cjson',
];

/** Debian's nginx with LuaJIT, unpacked under `.cache` and never installed. Undefined where it cannot be had. */
export const unpackedNginx = (): string | undefined => {
  const given = process.env['NGINX_LUA_ROOT'];
  if (given !== undefined) return given;
  if (existsSync(path.join(cache, 'usr/sbin/nginx'))) return cache;
  const downloads = path.join(cache, 'deb');
  mkdirSync(downloads, { recursive: true });
  try {
    execFileSync('apt-get', ['download', ...packages], { cwd: downloads, stdio: 'ignore', timeout: 120_000 });
    execFileSync('sh', ['-c', 'for deb in deb/*.deb; do dpkg -x "$deb" .; done'], {
      cwd: cache,
      stdio: 'ignore',
    });
    return existsSync(path.join(cache, 'usr/sbin/nginx')) ? cache : undefined;
  } catch {
    return undefined;
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
};

/** nginx with the real plugin behind the harness; `stop` ends the process that was started here. */
export interface Harness {
  readonly url: string;
  /** HTTP/2 in the clear. */
  readonly http2Url: string;
  readonly pid: number;
  readonly errors: () => string;
  readonly put: (
    directory: 'tenants' | 'policies' | 'keyring',
    id: string,
    document: object,
  ) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => (child.exitCode !== null ? resolve() : child.once('exit', () => resolve())));

export const startHarness = async (nginxRoot: string): Promise<Harness> => {
  const work = mkdtempSync(path.join(tmpdir(), 'cdn-defense-nginx-'));
  const [port, http2Port] = [await freePort(), await freePort()];
  const filled: Record<string, string> = {
    MODULES: path.join(nginxRoot, 'usr/lib/nginx/modules'),
    WORK: work,
    HARNESS: path.join(here, 'harness'),
    ROOT: root,
    LUALIB: path.join(nginxRoot, 'usr/share/lua/5.1'),
    CLIB: path.join(nginxRoot, 'usr/lib/x86_64-linux-gnu/lua/5.1'),
    PORT: `127.0.0.1:${port}`,
    PORT2: `127.0.0.1:${http2Port}`,
  };
  const template = readFileSync(path.join(here, 'harness/nginx.conf'), 'utf8');
  const conf = path.join(work, 'nginx.conf');
  writeFileSync(
    conf,
    template.replace(/@([A-Z]+2?)@/g, (whole, name: string) => filled[name] ?? whole),
  );
  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']
    .map((each) => path.join(nginxRoot, each))
    .join(':');
  const child = spawn(path.join(nginxRoot, 'usr/sbin/nginx'), ['-p', work, '-c', conf], {
    stdio: 'ignore',
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
  const url = `http://127.0.0.1:${port}`;
  const errors = (): string =>
    existsSync(path.join(work, 'error.log')) ? readFileSync(path.join(work, 'error.log'), 'utf8') : '';
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended(child);
    rmSync(work, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    const up = await fetch(`${url}/status`).then(
      (response) => response.ok,
      () => false,
    );
    if (up) break;
    if (tries > 100 || child.exitCode !== null) {
      const log = errors();
      await stop();
      throw new Error(`nginx did not start: ${log}`);
    }
    await pause(50);
  }
  const put: Harness['put'] = async (directory, id, document) => {
    const target = `${url}/put?directory=/cdn_defense/${directory}&id=${id}`;
    await fetch(target, { method: 'POST', body: JSON.stringify(document) });
  };
  return { url, http2Url: `http://127.0.0.1:${http2Port}`, pid: child.pid ?? 0, errors, put, stop };
};
