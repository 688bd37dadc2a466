/**
 * How long a write takes to be visible on all three nodes, beside what etcd itself needs from a put to its watch event,
 * in turn and in one run on one three-member cluster, because machines are noisy.
 */
import { startControlPlane } from '../src/compose/control-plane.ts';
import type { ControlPlane } from '../src/compose/control-plane.ts';
import { silentLog } from '../src/shared/log.ts';
import { openEtcdStore } from '../src/store/etcd/etcd-store.ts';
import { Keyspace } from '../src/store/keys.ts';
import type { ConfigStore, Watch } from '../src/store/port.ts';
import { startEtcd } from '../test/support/etcd.ts';
import { percentile, summary } from './statistics.ts';

const ROUNDS = 300;
const WARM_UP = 30;

const keys = new Keyspace('/cdn-defense', '/apisix');

const startNode = (id: string, store: ConfigStore): Promise<ControlPlane> =>
  startControlPlane({
    nodeId: id,
    host: '127.0.0.1',
    port: 0,
    store,
    keys,
    sealer: undefined,
    upstreams: { privateRanges: 'open', reserved: [] },
    gate: { mode: 'off' },
    version: 'bench',
    log: silentLog,
  });

/** From sending a put until the watch event has arrived. */
const rawPut = async (
  store: ConfigStore,
  waitForEvent: (value: string) => Promise<void>,
  i: number,
): Promise<number> => {
  const value = String(i);
  const start = performance.now();
  const event = waitForEvent(value);
  await store.transact({ guards: [], puts: [{ key: '/bench/key', value }], deletes: [] });
  await event;
  return performance.now() - start;
};

interface WriteTimes {
  readonly answered: number;
  /** Until the slowest of the three caches held it. */
  readonly visible: number;
  /** Until the node that took it knew that all nodes had reported it. */
  readonly proved: number;
}

const write = async (nodes: readonly ControlPlane[], i: number): Promise<WriteTimes> => {
  const taker = nodes[i % nodes.length];
  if (!taker) throw new Error('no node');
  const threshold = i % 101;
  const start = performance.now();
  const seen = Promise.all(
    nodes.map(({ node }) =>
      node.reflector.until(
        () => node.cache.snapshot()?.config.get('bench')?.value.rate_limit === i + 1,
        10_000,
      ),
    ),
  ).then(() => performance.now() - start);
  const response = await fetch(`${taker.url}/global-config/tenant`, {
    method: 'POST',
    headers: { 'x-tenant-id': 'bench', 'content-type': 'application/json' },
    body: JSON.stringify({ config: { threat_threshold: threshold, rate_limit: i + 1 } }),
  });
  const { revision } = (await response.json()) as { revision: number };
  const answered = performance.now() - start;
  const visible = await seen;
  const pending = await taker.node.convergence.settled(revision as never, 10_000);
  if (pending.length > 0) throw new Error(`not proved: ${pending.join()}`);
  return { answered, visible, proved: performance.now() - start };
};

/** A watch on the key the raw puts go to. */
const rawWatch = async (
  store: ConfigStore,
): Promise<{ stop: () => void; arrival: (value: string) => Promise<void> }> => {
  const waiting = new Map<string, () => void>();
  const stamp = await store.range({ key: '/bench/key' });
  const watch = await new Promise<Watch>((resolve) => {
    const opened: Watch = store.watch('/bench/', stamp, {
      onOpen: () => resolve(opened),
      onStep: ({ events }) => {
        for (const event of events) if (event.type === 'put') waiting.get(event.value)?.();
      },
      onAlive: () => {},
      onEnd: () => {},
    });
  });
  return {
    stop: () => watch.stop(),
    arrival: (value) => new Promise((resolve) => waiting.set(value, resolve)),
  };
};

export const visibility = async (): Promise<void> => {
  await using etcd = await startEtcd({ members: 3 });
  const stores = [0, 1, 2, 3].map(() => openEtcdStore({ endpoints: etcd.endpoints }));
  const [own, ...others] = stores;
  if (!own) throw new Error('no store');
  const nodes = await Promise.all(others.map((store, i) => startNode(`node-${i + 1}`, store)));
  for (const { node } of nodes)
    await node.reflector.until(() => node.cache.snapshot()?.nodes.size === 3, 10_000);
  const raw = await rawWatch(own);
  const puts: number[] = [];
  const writes: WriteTimes[] = [];
  for (let i = 0; i < ROUNDS + WARM_UP; i++) {
    const put = await rawPut(own, raw.arrival, i);
    const times = await write(nodes, i);
    if (i < WARM_UP) continue;
    puts.push(put);
    writes.push(times);
  }
  raw.stop();
  for (const node of nodes) await node.dispose();
  for (const store of stores) await store.close();
  const visible = writes.map((times) => times.visible);
  const ratio = (p: number) => (percentile(visible, p) / percentile(puts, p)).toFixed(2);
  console.log(`three nodes, three-member etcd, one machine; ${ROUNDS} writes, in turn with as many raw puts`);
  console.log(summary('raw etcd put → its watch event', puts));
  console.log(
    summary(
      'POST /global-config/tenant → answered',
      writes.map((times) => times.answered),
    ),
  );
  console.log(summary('POST /global-config/tenant → visible on all three nodes', visible));
  console.log(
    summary(
      'POST /global-config/tenant → reported by all three nodes',
      writes.map((times) => times.proved),
    ),
  );
  console.log(`visible on all three, as a ratio to the raw put: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`);
};
