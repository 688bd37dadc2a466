import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { CutProxy } from '../support/etcd-proxy.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { expectCacheEquals, expectNothingLost, expectNothingTorn } from '../support/truth.ts';
import { Writers } from '../support/writers.ts';

const TENANTS = ['t1', 't2', 't3', 't4', 't5', 't6'];

let etcd: EtcdCluster;
let place: Workplace;
let store: ConfigStore;
let nodes: { process: LockstepProcess; url: string }[];
let proxy: CutProxy;
let writers: Writers;

beforeEach(async () => {
  etcd = await startEtcd({ members: 3 });
  place = await Workplace.create();
  proxy = await CutProxy.before(etcd.endpoints[0] ?? '');
  store = openEtcdStore({ endpoints: etcd.endpoints });
  nodes = await Promise.all([
    place.serve('node-1', etcd.endpoints),
    place.serve('node-2', etcd.endpoints),
    // All that this node knows of etcd passes through a connection that can be cut.
    place.serve('node-3', [proxy.url]),
  ]);
  // Less than the fleet's own deadlines, so that writers do not queue at a node that sleeps.
  writers = new Writers(
    nodes.map(({ url }) => url),
    TENANTS,
    2_000,
  );
  await atLeast(30);
});

afterEach(async () => {
  await writers.stop();
  await store.close();
  await place[Symbol.asyncDispose]();
  await proxy.close();
  await etcd.stop();
});

/** Waits until so many more writes are acknowledged. */
const atLeast = (more: number): Promise<void> => {
  const start = writers.count;
  return expect.poll(() => writers.count - start, { timeout: 60_000 }).toBeGreaterThanOrEqual(more);
};

const expectAllWell = async (): Promise<void> => {
  const { acknowledged, refused } = await writers.stop();
  expect(acknowledged.length).toBeGreaterThan(100);
  await expectNothingLost(store, acknowledged);
  await expectNothingTorn(store);
  for (const { url } of nodes) await expectCacheEquals(store, url);
  console.log(`${acknowledged.length} writes acknowledged; not acknowledged: ${JSON.stringify(refused)}`);
};

it('loses nothing when the etcd leader is killed', async () => {
  const leader = await etcd.leader();
  await leader.kill();
  await atLeast(100);
  // It may be the only member that one of the nodes is led to.
  await leader.restart();
  await atLeast(30);
  await expectAllWell();
});

it('loses nothing when an etcd member is frozen, and thawed later', async () => {
  const leader = await etcd.leader();
  leader.freeze();
  await atLeast(100);
  leader.thaw();
  await atLeast(50);
  await expectAllWell();
});

const listingsOf = async (url: string): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^lockstep_reflector_listings_total\{[^}]*\} (\d+)/m.exec(metrics)?.[1]);
};

it('loses nothing when etcd compacts while a node sleeps, which then lists anew', async () => {
  const sleeper = nodes[2];
  if (!sleeper) throw new Error('there are three nodes');
  const before = await listingsOf(sleeper.url);
  sleeper.process.freeze();
  // Its watch must not live on in socket buffers: it has to come back and ask for what is compacted.
  proxy.cut();
  await atLeast(40);
  const { revision } = await store.range({ key: '/any' });
  await etcd.admin('/v3/kv/compaction', { revision });
  sleeper.process.thaw();
  await atLeast(60);
  expect(await listingsOf(sleeper.url)).toBeGreaterThan(before);
  await expectAllWell();
});

it('loses nothing when a node’s connections are cut again and again', async () => {
  for (let cut = 0; cut < 10; cut++) {
    proxy.cut();
    await atLeast(10);
  }
  await expectAllWell();
});

it('loses nothing when a node is killed and started anew', async () => {
  await nodes[0]?.process.kill();
  await atLeast(40);
  nodes[0] = await place.serve('node-1', etcd.endpoints);
  await atLeast(60);
  await expectAllWell();
});
