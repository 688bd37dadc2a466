/** Edits past Lockstep on a real etcd, under real nodes and a gateway with traffic. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DriftReport } from '../../src/contract/drift.ts';
import { startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { keys } from '../support/truth.ts';
import { until } from '../support/until.ts';

const NODES = ['node-1', 'node-2', 'node-3'];
const INTERVAL_S = 2;
const LONG_MS = 60_000;
const HEADERS = { 'x-tenant-id': 'acme', 'content-type': 'application/json' };

let etcd: EtcdCluster;
let place: Workplace;
let store: ConfigStore;
let nodes: Map<string, { process: LockstepProcess; url: string }>;
let origin: Awaited<ReturnType<typeof startDemoOrigin>>;

beforeEach(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
  store = openEtcdStore({ endpoints: etcd.endpoints });
  origin = await startDemoOrigin({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await origin.dispose();
  await store.close();
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

const start = async (onDrift: 'repair' | 'report'): Promise<void> => {
  nodes = new Map();
  const flags = ['--drift-interval-s', String(INTERVAL_S), '--on-drift', onDrift];
  for (const id of NODES) nodes.set(id, await place.serve(id, etcd.endpoints, flags));
  await post('/global-config/tenant', { config: { rate_limit: 7 } });
  await post('/global-routes', { route: { id: 'r', path: '/r/*', upstream: origin.url } });
  await until('somebody has looked', async () => (await report()) !== null, LONG_MS);
};
const urlOf = (id: string): string => nodes.get(id)?.url ?? '';
const post = async (path: string, body: object): Promise<void> => {
  const response = await fetch(`${urlOf('node-1')}${path}`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(body),
  });
  expect(response.ok, await response.text()).toBe(true);
};
const report = async (id = 'node-1'): Promise<DriftReport | null> => {
  const response = await fetch(`${urlOf(id)}/drift`);
  return ((await response.json()) as { report: DriftReport | null }).report;
};
const put = (key: string, value: object) =>
  store.transact({ guards: [], puts: [{ key, value: JSON.stringify(value) }], deletes: [] });
const stored = async (key: string): Promise<Record<string, unknown>> => {
  const { kvs } = await store.range({ key });
  return JSON.parse(kvs[0]?.value ?? '{}') as Record<string, unknown>;
};
const edit = async (key: string, fields: object) => put(key, { ...(await stored(key)), ...fields });
const leader = async (): Promise<string | undefined> => {
  const id = (await stored(keys.leader('drift')))['node_id'];
  return typeof id === 'string' ? id : undefined;
};
const repairsOf = async (ids: readonly string[]): Promise<number> => {
  const texts = await Promise.all(ids.map(async (id) => (await fetch(`${urlOf(id)}/metrics`)).text()));
  const counts = texts.map((text) => Number(/^lockstep_drift_repairs_total\{.*\} (\d+)$/m.exec(text)?.[1]));
  return counts.reduce((sum, count) => sum + count, 0);
};
const ROUTE = keys.projected('routes', 'r');
const CONFIG = keys.record('config', 'acme');

it('a route led astray by hand is led back within one interval, and the record that was edited is a version', async () => {
  await start('repair');
  const gateway = await place.gateway('gateway-1', etcd.endpoints);
  const status = async () => (await fetch(`${gateway.http}/r/1`)).status;
  await until('the route works', async () => (await status()) === 200);
  await edit(ROUTE, { uris: ['/elsewhere'] });
  await edit(CONFIG, { rate_limit: 99 });
  const edited = performance.now();
  const repaired = async (key: string) =>
    (await report())?.repaired.some((drift) => drift.key === key) ?? false;
  await until('both are put right', async () => (await repaired(ROUTE)) && repaired(CONFIG), LONG_MS);
  const took_ms = Math.round(performance.now() - edited);
  console.log(`repaired after ${took_ms} ms, interval ${INTERVAL_S * 1_000} ms`);
  expect(took_ms).toBeLessThan(INTERVAL_S * 1_000 + 1_500);
  await until('the route is back', async () => (await status()) === 200);
  expect(await stored(CONFIG)).toMatchObject({ rate_limit: 99, version: 2 });
  const { repaired: shown, left_total } = (await report('node-3')) as DriftReport;
  expect(left_total).toBe(0);
  expect(shown).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ key: ROUTE, found: 'different' }),
      expect.objectContaining({ key: CONFIG, found: 'unversioned' }),
    ]) as object,
  );
});

it('with the leader frozen another repairs, once; thawed, the old one does nothing', async () => {
  await start('repair');
  const first = (await leader()) ?? '';
  const others = NODES.filter((id) => id !== first);
  nodes.get(first)?.process.freeze();
  await edit(ROUTE, { uris: ['/elsewhere'] });
  const at = others[0] ?? '';
  await until('another has repaired it', async () => (await report(at))?.repaired.length === 1, LONG_MS);
  expect((await report(at))?.node_id).not.toBe(first);
  nodes.get(first)?.process.thaw();
  await until('the old one answers', async () => (await fetch(`${urlOf(first)}/livez`)).ok, LONG_MS);
  const { revision } = (await report(at)) as DriftReport;
  await until('looks go on', async () => ((await report(at))?.revision ?? 0) > revision, LONG_MS);
  expect((await report(at))?.node_id).not.toBe(first);
  expect(await repairsOf(NODES)).toBe(1);
  expect(await repairsOf([first])).toBe(0);
});

it('with --on-drift report nothing is touched, and everybody shows it', async () => {
  await start('report');
  await edit(ROUTE, { uris: ['/elsewhere'] });
  await until('it is found', async () => (await report())?.left_total === 1, LONG_MS);
  for (const id of NODES) {
    expect((await report(id))?.left).toMatchObject([
      {
        key: ROUTE,
        found: 'different',
        state: 'left',
        differences: [{ pointer: '/uris', expected: ['/r', '/r/*'], found: ['/elsewhere'] }],
      },
    ]);
  }
  const { at } = (await report()) as DriftReport;
  await until('it was looked again', async () => (await report())?.at !== at, LONG_MS);
  expect(await stored(ROUTE)).toMatchObject({ uris: ['/elsewhere'] });
});
