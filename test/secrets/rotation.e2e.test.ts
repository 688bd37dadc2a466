/** The master key is replaced on a running fleet, and the old one is dropped. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeysStatus } from '../../src/contract/keys.ts';
import { silentLog } from '../../src/shared/log.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { httpCall } from '../support/http-call.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { keys } from '../support/truth.ts';

const BIN = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));
const TENANT = 'acme';
const OLD = randomBytes(32).toString('hex');
const NEW = randomBytes(32).toString('base64');
const NAMES = ['node-1', 'node-2', 'node-3'] as const;
type Name = (typeof NAMES)[number];
const others: readonly Name[] = ['node-2', 'node-3'];

let etcd: EtcdCluster;
let place: Workplace;
let store: ConfigStore;
const nodes = new Map<Name, { process: LockstepProcess; url: string }>();

beforeAll(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
  store = openEtcdStore({ endpoints: [...etcd.endpoints], log: silentLog });
});
afterAll(async () => {
  await store.close();
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

const urlOf = (name: Name): string => nodes.get(name)?.url ?? '';

/** Starts a node, again if it runs, with these master keys, the first of which seals. */
const startWith = async (name: Name, ...masterKeys: string[]): Promise<void> => {
  await nodes.get(name)?.process.drain();
  const file = join(place.directory, `${name}.keys`);
  await writeFile(file, masterKeys.join('\n'), { mode: 0o600 });
  nodes.set(name, await place.serve(name, etcd.endpoints, ['--master-key-file', file]));
};

const lockstep = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

const upload = async (name: Name, domain: string): Promise<number> => {
  const { cert, key } = await makeCertificate({ names: [domain] });
  const reply = await httpCall(urlOf(name), 'POST', '/global-ssl?wait=nodes', {
    tenant: TENANT,
    body: { domain, cert, key },
  });
  return reply.status;
};

const keysAt = async (name: Name): Promise<KeysStatus> =>
  (await httpCall(urlOf(name), 'GET', '/keys?count=true')).body as unknown as KeysStatus;

/** What gateways read, with the revisions that wrote it. */
const projection = async () => {
  const { kvs } = await list(store, [keys.projectedIn('ssls'), keys.projectedIn('cdn_defense/keyring')]);
  return kvs.map(({ key, value, modRevision }) => [key, value, modRevision]);
};

const certificate = async (name: Name) =>
  (await httpCall(urlOf(name), 'GET', `/global-ssl/${TENANT}:a.example.com`, { tenant: TENANT })).body;

const serves = (https: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname: host, port } = new URL(https);
    const socket = connect({
      host,
      port: Number(port),
      servername: 'a.example.com',
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('secureConnect', () => socket.destroy());
  });

it('is replaced while gateways serve, and the old one is not needed any more', async () => {
  await Promise.all(NAMES.map((name) => startWith(name, OLD)));
  const gateway = await place.gateway('gateway-1', etcd.endpoints);
  for (const domain of ['a.example.com', 'a.example.com', 'b.example.com', 'c.example.com'])
    expect(await upload('node-1', domain)).toBeLessThan(202);
  await expect.poll(() => serves(gateway.https), { timeout: 10_000 }).toBe(true);
  const [before] = (await keysAt('node-1')).sealed ?? [];
  // Three certificates, four versions, a challenge key.
  expect(before?.count).toBe(8);
  const old = before?.kid ?? '';

  // A node that has the new key alone would lock the others out, and they are named.
  await startWith('node-1', NEW, OLD);
  await expect.poll(async () => (await keysAt('node-1')).nodes.length, { timeout: 15_000 }).toBe(3);
  const refused = await lockstep('keys', 'rotate', '--url', urlOf('node-1'));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^lockstep: master_key_not_everywhere: These nodes do not seal with master key [0-9a-f]{16} yet: node-2, node-3\./,
  );
  expect((await keysAt('node-1')).sealed).toEqual([{ kid: old, count: 8 }]);

  // Every node learns it first, then every node seals with it.
  await Promise.all(others.map((name) => startWith(name, OLD, NEW)));
  expect((await lockstep('keys', 'rotate', '--url', urlOf('node-1'))).stderr).toMatch(
    /yet: node-2, node-3\./,
  );
  await Promise.all(others.map((name) => startWith(name, NEW, OLD)));
  await expect.poll(async () => (await keysAt('node-2')).nodes.length, { timeout: 15_000 }).toBe(3);
  const projected = await projection();
  const shown = await certificate('node-2');
  expect((await lockstep('keys', 'status', '--url', urlOf('node-2'))).code).toBe(1);

  const handshakes: Promise<boolean>[] = [];
  const probe = setInterval(() => handshakes.push(serves(gateway.https)), 20);
  const rotated = await lockstep('keys', 'rotate', '--url', urlOf('node-2'));
  clearInterval(probe);
  expect(rotated).toMatchObject({ code: 0, stderr: '' });
  expect(rotated.stdout).toMatch(/8 secrets sealed anew[\s\S]*Former master keys are not needed any more/);
  expect(new Set(await Promise.all(handshakes))).toEqual(new Set([true]));
  const { kid, sealed } = await keysAt('node-3');
  expect(sealed).toEqual([{ kid, count: 8 }]);
  expect(kid).not.toBe(old);
  expect(await projection()).toEqual(projected);
  expect(await certificate('node-2')).toMatchObject({ certificate: { version: 2 } });
  expect({ ...(await certificate('node-2')), certificate: null }).toEqual({ ...shown, certificate: null });

  await Promise.all(NAMES.map((name) => startWith(name, NEW)));
  await expect.poll(async () => (await keysAt('node-3')).nodes.length, { timeout: 15_000 }).toBe(3);
  expect(await lockstep('keys', 'status', '--url', urlOf('node-3'))).toMatchObject({ code: 0, stderr: '' });
  for (const name of NAMES) {
    const refreshed = await httpCall(urlOf(name), 'POST', '/sync/refresh');
    expect(refreshed).toMatchObject({ status: 200, body: { repaired_now: [] } });
    expect(nodes.get(name)?.process.log()).not.toMatch(/can not be (?:projected|read|opened)/);
  }
  expect(await upload('node-2', 'a.example.com')).toBe(200);
  expect(await certificate('node-2')).toMatchObject({ certificate: { version: 3 } });
  expect(await projection()).not.toEqual(projected);
}, 240_000);

it('says what is wrong in one line', async () => {
  for (const args of [['keys'], ['keys', 'turn'], ['keys', 'rotate', '--urll', 'x']]) {
    const { code, stdout, stderr } = await lockstep(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  const nobody = await lockstep('keys', 'status', '--url', 'http://127.0.0.1:9');
  expect(nobody).toMatchObject({ code: 2, stdout: '' });
  expect(nobody.stderr).toContain('does not answer as a Lockstep node');
});
