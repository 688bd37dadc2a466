/** The roles of docs/etcd-access.md on a real etcd with authentication: enough for each, and no more. */
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { type ConfigStore, StoreRefusedError, type WatchEnd } from '../../src/store/port.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import type { TestCertificates, TestPair } from '../support/etcd-tls.ts';
import { Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';

const PASSWORD = 'a password that nobody shows';
const HEADERS = { 'x-tenant-id': 'acme', 'content-type': 'application/json' };

let etcd: EtcdCluster;
let place: Workplace;
let certificates: TestCertificates;
let nodeUrl: string;

const base64 = (text: string) => Buffer.from(text).toString('base64');

const role = async (name: string, grants: readonly [permType: string, prefix: string][]): Promise<void> => {
  await etcd.admin('/v3/auth/role/add', { name });
  for (const [permType, prefix] of grants) {
    const end = `${prefix.slice(0, -1)}0`;
    const perm = { permType, key: base64(prefix), range_end: base64(end) };
    await etcd.admin('/v3/auth/role/grant', { name, perm });
  }
};

const user = async (name: string, roles: readonly string[], password?: string): Promise<void> => {
  const login = password === undefined ? { options: { no_password: true } } : { password };
  await etcd.admin('/v3/auth/user/add', { name, ...login });
  for (const each of roles) await etcd.admin('/v3/auth/user/grant', { user: name, role: each });
};

const save = async (pair: TestPair, name: string): Promise<string[]> => {
  const at = (file: string) => join(place.directory, file);
  await writeFile(at('ca.pem'), certificates.ca);
  await writeFile(at(`${name}.pem`), pair.cert);
  await writeFile(at(`${name}.key`), pair.key, { mode: 0o600 });
  return ['--etcd-ca', at('ca.pem'), '--etcd-cert', at(`${name}.pem`), '--etcd-key', at(`${name}.key`)];
};

const credentialsOf = async (name: string): Promise<string[]> => save(await certificates.issue(name), name);

const post = (path: string, body: object): Promise<Response> =>
  fetch(`${nodeUrl}${path}`, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });

beforeAll(async () => {
  etcd = await startEtcd({ tls: true });
  place = await Workplace.create();
  if (!etcd.certificates) throw new Error('the cluster has no certificates');
  certificates = etcd.certificates;
  await role('lockstep-node', [
    ['READWRITE', '/cdn-defense/'],
    ['READWRITE', '/apisix/'],
  ]);
  await role('lockstep-gateway', [['READ', '/apisix/']]);
  await user('node', ['lockstep-node']);
  await user('edge', ['lockstep-gateway']);
  await user('apisix', ['lockstep-gateway'], PASSWORD);
  await user('nobody', []);
  await user('root', ['root'], PASSWORD);
  await etcd.admin('/v3/auth/enable', {});
  nodeUrl = (await place.serve('node-1', etcd.endpoints, await credentialsOf('node'))).url;
  await until('the node has read', async () => (await fetch(`${nodeUrl}/readyz`)).ok);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

describe('the role of a node', () => {
  it('is enough for everything a node does', async () => {
    const origin = await place.start('dev', [
      ...['dev', '--data-dir', join(place.directory, 'data'), '--node-ports', '0', '--http-ports', '0'],
      ...['--https-ports', '0', '--origin-port', '0'],
    ]);
    const [upstream = ''] = await origin.printed(/demo origin\s+(http:\S+)/g);
    const { cert, key } = await makeCertificate({ names: ['edge.example.com'] });
    const key1 = { 'idempotency-key': 'one' };
    const answers = [
      await post('/global-config/tenant?wait=nodes', { config: { rate_limit: 7 } }),
      await post('/global-routes', { route: { id: 'hello', path: '/hello/*', upstream } }),
      await post('/global-ssl', { domain: 'edge.example.com', cert, key }),
      await post('/defense-plugin/update-all', { defense_config: { threat_threshold: 60 } }),
      await post('/sync/refresh', {}),
      await fetch(`${nodeUrl}/global-config/tenant`, { method: 'DELETE', headers: { ...HEADERS, ...key1 } }),
      await fetch(`${nodeUrl}/history/config/acme`, { headers: HEADERS }),
      await fetch(`${nodeUrl}/audit`, { headers: HEADERS }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 201, 200, 200, 200, 200, 200]);
    // Leased keys: the node's own receipt, renewed for as long as it lives.
    const status = (await (await fetch(`${nodeUrl}/sync-status`)).json()) as { nodes: unknown[] };
    expect(status.nodes).toHaveLength(1);
  });

  it('is missed in one clear line by a node that has another', async () => {
    const wrong = await place.serve('node-2', etcd.endpoints, await credentialsOf('edge'));
    const [line = ''] = await wrong.process.printed(/^.*the store refuses what is needed.*$/gm);
    const { level, missing } = JSON.parse(line) as { level: number; missing: string[] };
    expect(level).toBe(50);
    expect(missing).toEqual([
      expect.stringMatching(/^may not read under \/cdn-defense\/: .*permission denied/),
      expect.stringMatching(/^may not write under \/cdn-defense\/: .*permission denied/),
      expect.stringMatching(/^may not write under \/apisix\/: .*permission denied/),
    ]);
    const headers = HEADERS;
    const body = JSON.stringify({ config: {} });
    const refused = await fetch(`${wrong.url}/global-config/tenant`, { method: 'POST', headers, body });
    expect(await refused.json()).toMatchObject({ status: 503, code: 'etcd_refused' });
  });
});

describe('the role of a gateway', () => {
  let gateway: Awaited<ReturnType<Workplace['start']>>;
  let edge: ConfigStore;

  beforeAll(async () => {
    const { ca, issue } = certificates;
    edge = openEtcdStore({ endpoints: etcd.endpoints, tls: { ca, ...(await issue('edge')) } });
    gateway = await place.start('edge', [
      ...['gateway', '--gateway-id', 'edge', '--http', '127.0.0.1:0', '--etcd', etcd.endpoints.join(',')],
      ...(await credentialsOf('edge')),
    ]);
  });
  afterAll(() => edge.close());

  it('is enough for the embedded gateway, which writes nothing', async () => {
    const [url = ''] = await gateway.printed(/serves (http:\S+)/g);
    expect((await fetch(`${url}/hello/world`)).status).toBe(200);
    // It also follows what changes.
    const body = JSON.stringify({ updates: { path: '/bonjour/*' } });
    await fetch(`${nodeUrl}/global-routes/hello`, { method: 'PUT', headers: HEADERS, body });
    await until('the gateway has the change', async () => (await fetch(`${url}/bonjour/monde`)).ok);
    expect(gateway.log()).not.toMatch(/permission denied|refuse/);
  });

  it('reads nothing of the source records and writes nothing at all', async () => {
    const put = (key: string) => edge.transact({ guards: [], puts: [{ key, value: '{}' }], deletes: [] });
    const attempts = [
      () => edge.range({ prefix: '/cdn-defense/' }),
      () => edge.range({ key: '/cdn-defense/config/acme' }),
      () => edge.range({ prefix: '/' }),
      () => put('/apisix/routes/evil'),
      () => put('/apisix/ssls/evil'),
      () => put('/cdn-defense/config/acme'),
      () => edge.transact({ guards: [], puts: [], deletes: ['/apisix/routes/hello'] }),
      async () => {
        const { id } = await edge.lease(5, { keep: false });
        return edge.transact({ guards: [], puts: [{ key: '/apisix/x', value: '', lease: id }], deletes: [] });
      },
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toBeInstanceOf(StoreRefusedError);
    const ends: WatchEnd[] = [];
    const start = await edge.range({ prefix: '/apisix/' });
    const sink = {
      onOpen: () => {},
      onAlive: () => {},
      onStep: () => {},
      onEnd: (end: WatchEnd) => void ends.push(end),
    };
    edge.watch('/cdn-defense/', start, sink);
    await until('the watch is refused', () => ends.length > 0);
  });

  it('is missed in one clear line by a gateway that has none', async () => {
    const wrong = await place.start('lost', [
      ...['gateway', '--gateway-id', 'lost', '--http', '127.0.0.1:0', '--etcd', etcd.endpoints.join(',')],
      ...(await credentialsOf('nobody')),
    ]);
    const [line = ''] = await wrong.printed(/^.*the store refuses what is needed.*$/gm);
    expect(line).toMatch(/may not read under \/apisix\/: .*permission denied/);
    // Once the role is granted, it says so and serves.
    const nameless = await certificates.issue('');
    const token = await login(nameless, 'root');
    const granted = { user: 'nobody', role: 'lockstep-gateway' };
    expect((await json(nameless, '/v3/auth/user/grant', granted, token)).status).toBe(200);
    await wrong.printed(/the store now allows everything that is needed/g);
    const [url = ''] = await wrong.printed(/serves (http:\S+)/g);
    await until('it serves', async () => (await fetch(`${url}/bonjour/monde`)).ok);
  });

  it('is enough for a gateway that speaks to the JSON gateway as APISIX does, without a common name', async () => {
    const nameless = await certificates.issue('');
    const token = await login(nameless);
    const routes = { key: base64('/apisix/routes'), range_end: base64('/apisix/routet') };
    const read = await json(nameless, '/v3/kv/range', routes, token);
    expect(read.status).toBe(200);
    expect(read.text).toContain(base64('/apisix/routes/hello'));
    const source = { key: base64('/cdn-defense/'), range_end: base64('/cdn-defense0') };
    expect(await json(nameless, '/v3/kv/range', source, token)).toMatchObject({ status: 403 });
    const put = { key: base64('/apisix/routes/evil'), value: base64('{}') };
    expect(await json(nameless, '/v3/kv/put', put, token)).toMatchObject({ status: 403 });
    const refused = await json(await certificates.issue('edge'), '/v3/kv/range', routes, token);
    expect(refused.status).not.toBe(200);
  });
});

const json = (
  pair: TestPair,
  path: string,
  message: object,
  token?: string,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: token };
    const options = { method: 'POST', ca: certificates.ca, ...pair, headers, agent: false as const };
    const outgoing = request(`${etcd.endpoints[0]}${path}`, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(message));
  });

const login = async (pair: TestPair, name = 'apisix'): Promise<string> => {
  const { text } = await json(pair, '/v3/auth/authenticate', { name, password: PASSWORD });
  return (JSON.parse(text) as { token: string }).token;
};
