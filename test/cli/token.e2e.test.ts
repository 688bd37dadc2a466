/** The first token of a fleet: made on etcd, without a running node and without a root token. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { Workplace } from '../support/lockstep.ts';

const BIN = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));
const call = promisify(execFile);

let etcd: EtcdCluster;
let place: Workplace;

beforeAll(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
});

afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
  await etcd?.stop();
});

const lockstep = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  call(process.execPath, [BIN, ...args, '--etcd', etcd.endpoints.join(',')]);

const status = async (url: string, token: string, path = '/tokens'): Promise<number> =>
  (await fetch(`${url}${path}`, { headers: { 'x-api-key': token } })).status;

test('a fleet without a root token gets its first token from the command line, and loses it there', async () => {
  expect((await lockstep('token', 'list')).stdout).toBe('no tokens\n');
  const made = await lockstep('token', 'create', '--role', 'operator', '--description', 'the first');
  const token = made.stdout.trim();
  expect(token).toMatch(/^ls_[0-9a-f]{12}_[0-9a-f]{48}$/);
  expect(made.stderr).toContain('shown once');

  const { url, process: node } = await place.serve('node-1', etcd.endpoints, ['--auth', 'on']);
  expect(node.log()).toContain('lockstep token create');
  await expect.poll(() => status(url, token)).toBe(200);
  // One that is made while the node runs works as soon as its watch brings it.
  const spec = ['--role', 'editor', '--tenants', 'acme,shop', '--description', 'CI', '--expires-in', '90d'];
  const editor = (await lockstep('token', 'create', ...spec)).stdout.trim();
  await expect.poll(() => status(url, editor)).toBe(403);
  const shown = (await lockstep('token', 'list')).stdout.split('\n');
  expect(shown[0]).toMatch(/^[0-9a-f]{12} {2}operator {2}- {2}no end {2}by cli at .*the first$/);
  expect(shown[1]).toMatch(/^[0-9a-f]{12} {2}editor .* acme,shop {2}until \S+Z {2}by cli at .*CI$/);
  expect(shown.join()).not.toContain(token.slice(16));

  const audit = await fetch(`${url}/audit`, { headers: { 'x-api-key': token } });
  expect(await audit.json()).toMatchObject({ entries: [{ by: 'cli' }, { by: 'cli' }] });
  const revoked = await lockstep('token', 'revoke', token.split('_')[1] ?? '');
  expect(revoked.stdout).toMatch(/^token [0-9a-f]{12} is revoked \(revision \d+\)\n$/);
  await expect.poll(() => status(url, token)).toBe(401);
});

test.each([
  [['token', 'create', '--role', 'editor', '--description', 'x'], /^lockstep: The field tenants is missing/],
  [['token', 'create', '--role', 'editor', '--description', 'x', '--tenants', 'a/b'], /^lockstep: .*tenants/],
  [['token', 'create', '--role', 'operator', '--description', ''], /^lockstep: .*description/],
  [['token', 'revoke', '0123456789ab'], /^lockstep: There is no access token 0123456789ab/],
])('%j is refused in one line', async (args, expected) => {
  const refused = await lockstep(...args).then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  expect(refused?.code).toBe(1);
  expect(refused?.stderr).toMatch(expected);
  expect(refused?.stderr.trim().split('\n')).toHaveLength(1);
});
