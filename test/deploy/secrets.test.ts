import { execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../deploy/compose/secrets.sh');
/** Root may write what nobody may: as root, another user runs the script. */
const USER: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

let directory: string;
const run = (): string =>
  execFileSync('bash', [join(directory, 'secrets.sh'), join(directory, 'secrets')], {
    ...USER,
    cwd: directory,
    encoding: 'utf8',
  });
const files = (): Map<string, string> =>
  new Map(
    readdirSync(join(directory, 'secrets'))
      .sort()
      .map((name) => [name, readFileSync(join(directory, 'secrets', name), 'utf8')]),
  );

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-secrets-'));
  copyFileSync(SCRIPT, join(directory, 'secrets.sh'));
  if (USER.uid !== undefined && USER.gid !== undefined) chownSync(directory, USER.uid, USER.gid);
});
afterAll(() => rmSync(directory, { recursive: true }));

test('secrets are made once; run again everything stays, and nothing unfinished lies about', () => {
  run();
  const made = files();
  expect([...made.keys()].filter((name) => /\.(?:new|csr|ext|ec|srl)$/.test(name))).toEqual([]);
  run();
  expect(files()).toEqual(made);
});

test('a certificate that was taken away is made anew with its key, and nothing else changes', () => {
  const before = files();
  for (const name of ['etcd-1.pem', 'etcd-1.key']) rmSync(join(directory, 'secrets', name));
  run();
  const after = files();
  const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
  expect(changed).toEqual(['etcd-1.key', 'etcd-1.pem']);
  const [ca, certificate] = ['ca.pem', 'etcd-1.pem'].map((name) => join(directory, 'secrets', name));
  expect(
    execFileSync('openssl', ['verify', '-CAfile', `${ca}`, `${certificate}`], { encoding: 'utf8' }),
  ).toMatch(/OK/);
});
