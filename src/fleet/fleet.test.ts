/** Receipts: who says what, under which lease, and what others make of it. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../../test/support/control-plane.ts';
import { tenantRecord } from '../../test/support/records.ts';
import { until } from '../../test/support/until.ts';
import { type ControlPlane, startControlPlane } from '../compose/control-plane.ts';
import type { NodeReceipt } from '../contract/record.ts';
import type { Clock } from '../shared/clock.ts';
import { silentLog } from '../shared/log.ts';
import { type Revision, revision as toRevision } from '../shared/revision.ts';

let fleet: Fleet;

beforeEach(async () => {
  fleet = await startFleet({ nodes: 2 });
});

afterEach(() => fleet.dispose());

const write = async (threat_threshold = 1): Promise<Revision> => {
  const body = { config: { threat_threshold } };
  return (await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body })).body
    .revision as Revision;
};
const receiptOf = async (id: string): Promise<{ receipt: NodeReceipt; revision: number } | undefined> => {
  const { kvs } = await fleet.store.range({ key: fleet.keys.node(id) });
  return kvs[0] && { receipt: JSON.parse(kvs[0].value) as NodeReceipt, revision: kvs[0].modRevision };
};
const convergence = () => fleet.nodes[0]?.node.convergence;

describe('receipts', () => {
  test('without a lease, written by hand, make no node that others wait for', async () => {
    const genuine = (await receiptOf('node-2'))?.receipt as NodeReceipt;
    const puts = ['node-2', 'phantom'].map((node_id) => ({
      key: fleet.keys.node(node_id),
      value: JSON.stringify({ ...genuine, node_id, revision: 1 }),
    }));
    await fleet.store.transact({ guards: [], puts, deletes: [] });
    const revision = await write();
    await until('both real nodes have it', () => convergence()?.pending(revision).length === 0);
    const quarantined = () => [...(fleet.nodes[0]?.node.cache.snapshot()?.quarantined.keys() ?? [])];
    expect(quarantined()).toEqual([fleet.keys.node('phantom')]);
  });

  test('name the newest change, and none causes another', async () => {
    const revision = await write();
    await until('both have it', () => convergence()?.pending(revision).length === 0);
    await fleet.quiet();
    const before = await fleet.revision();
    const refreshed = await fleet.call('GET', '/sync-status');
    expect(refreshed.body['nodes']).toMatchObject([
      { node_id: 'node-1', revision },
      { node_id: 'node-2', revision },
    ]);
    expect(before).toBeLessThanOrEqual(revision + 2);
    expect(await fleet.revision()).toBe(before);
  });

  test('of a burst of changes are fewer than the changes', async () => {
    const start = await fleet.revision();
    const revisions = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const key = fleet.keys.record('config', `t${n}`);
        const put = { key, value: JSON.stringify(tenantRecord(`t${n}`)) };
        return (await fleet.store.transact({ guards: [], puts: [put], deletes: [] })).revision;
      }),
    );
    await fleet.quiet();
    const receipts = (await fleet.revision()) - start - revisions.length;
    expect(receipts).toBeGreaterThan(0);
    expect(receipts).toBeLessThan(20);
    expect((await receiptOf('node-2'))?.receipt.revision).toBe(Math.max(...revisions));
  });

  test('that somebody deletes are written again', async () => {
    await fleet.store.transact({ guards: [], puts: [], deletes: [fleet.keys.node('node-2')] });
    await until('it is back', async () => (await receiptOf('node-2')) !== undefined);
  });

  test('are written with a new pulse when somebody deletes or overwrites that', async () => {
    const key = fleet.keys.pulse('node-2');
    const pulse = async () => (await fleet.store.range({ key })).kvs[0]?.value;
    const genuine = await pulse();
    await fleet.store.transact({ guards: [], puts: [], deletes: [key] });
    await until('it is back', async () => (await pulse()) === genuine);
    await fleet.store.transact({ guards: [], puts: [{ key, value: 'x' }], deletes: [] });
    await until('it is back', async () => (await pulse()) === genuine);
    const nodes = () => fleet.nodes[0]?.node.fleet.nodes().map(({ state }) => state);
    await until('it is not taken to be silent', () => nodes()?.every((state) => state === 'synced') ?? false);
  });

  test('of another cluster, or from beyond the present, prove nothing', async () => {
    const revision = await write();
    await fleet.quiet();
    const genuine = (await receiptOf('node-2'))?.receipt as NodeReceipt;
    const forged: [string, NodeReceipt][] = [
      ['elsewhere', { ...genuine, node_id: 'elsewhere', cluster_id: 'another' }],
      ['beyond', { ...genuine, node_id: 'beyond', revision: 1_000_000 }],
    ];
    const { id: lease } = await fleet.store.lease(60);
    const puts = forged.map(([id, receipt]) => ({
      key: fleet.keys.node(id),
      value: JSON.stringify(receipt),
      lease,
    }));
    await fleet.store.transact({ guards: [], puts, deletes: [] });
    await until('they are seen', () => fleet.nodes[0]?.node.cache.snapshot()?.nodes.size === 4);
    expect(convergence()?.pending(revision)).toEqual(['beyond', 'elsewhere']);
  });

  test('that name a revision which was not there when they were written prove nothing, also once it is', async () => {
    const genuine = (await receiptOf('node-2'))?.receipt as NodeReceipt;
    const revision = toRevision((await fleet.revision()) + 5);
    const value = JSON.stringify({ ...genuine, node_id: 'undone', revision });
    const { id: lease } = await fleet.store.lease(60);
    await fleet.store.transact({
      guards: [],
      puts: [{ key: fleet.keys.node('undone'), value, lease }],
      deletes: [],
    });
    let last = 0;
    while (last < revision) last = await write(last % 100);
    await until('both real nodes have it', () => (convergence()?.pending(revision).length ?? 9) <= 1);
    expect(convergence()?.pending(revision)).toEqual(['undone']);
  });
});

/** Another process that says it is node 1. */
const sameId = ({ store, keys }: Fleet, clock?: Clock): Promise<ControlPlane> =>
  startControlPlane({
    nodeId: 'node-1',
    host: '127.0.0.1',
    port: 0,
    store,
    keys,
    sealer: undefined,
    upstreams: { privateRanges: [], reserved: [] },
    gate: { mode: 'off' },
    version: '0',
    log: silentLog,
    ...(clock ? { clock } : {}),
  });

test('two processes with one node id that started at the same moment: one of them gives way', async () => {
  const clock: Clock = { now: () => 1_800_000_000_000, monotonic: () => performance.now() };
  const twins = await startFleet({ clock });
  onTestFinished(() => twins.dispose());
  const second = await sameId(twins, clock);
  // Before the store goes, which is the fleet's.
  onTestFinished(() => second.dispose());
  const both = [twins.nodes[0]?.node, second.node];
  const given = () => both.filter((node) => node?.presence.hasRival()).length;
  await until('one gives way', () => given() === 1);
  await second.node.reflector.refresh(2_000);
  expect(given()).toBe(1);
});

test('two processes with one node id: the later one reports, the earlier one says so and recovers', async () => {
  const first = fleet.nodes[0]?.node;
  await until(
    'the clock has moved on',
    () => new Date().toISOString() > (first?.cache.snapshot()?.nodes.get('node-1')?.value.started_at ?? '9'),
  );
  const second = await sameId(fleet);
  await until('the first knows', () => first?.presence.hasRival() ?? false);
  expect((await fleet.call('GET', '/sync-status')).body['node_id_conflict']).toBe(true);
  expect(await fleet.call('GET', '/readyz')).toMatchObject({ status: 503, body: { node_id_conflict: true } });
  await fleet.callNode(1, 'POST', '/global-config/tenant', { tenant: TENANT, body: { config: {} } });
  const own = async () => (await fleet.call('GET', '/global-config/tenant', { tenant: TENANT })).body;
  await until('the first has the change', async () => (await own())['version'] === 1);
  expect(await own()).toMatchObject({ synced: false });
  expect(second.node.presence.hasRival()).toBe(false);
  await second.dispose();
  await until('the first is alone again', () => !first?.presence.hasRival());
  await until('and ready', async () => (await fleet.call('GET', '/readyz')).status === 200);
  await until('and reports', async () => (await receiptOf('node-1'))?.receipt.version === '0.0.0-test');
  const nodes = () => fleet.nodes[1]?.node.fleet.nodes().map(({ state }) => state);
  await until('and is not taken to be silent', () => nodes()?.every((state) => state === 'synced') ?? false);
});
