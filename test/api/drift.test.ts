/** What `/drift` and the metrics show of edits past Lockstep, on whatever node one asks. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Drift, DriftReport } from '../../src/contract/drift.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

let fleet: Fleet;

const start = async (onDrift: 'repair' | 'report', interval_ms: number): Promise<void> => {
  fleet = await startFleet({ nodes: 3, drift: { interval_ms, onDrift } });
  const body = { config: { threat_threshold: 70 } };
  await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body });
  await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } });
  await fleet.quiet();
};

afterEach(() => fleet.dispose());

const put = (key: string, value: object) =>
  fleet.store.transact({ guards: [], puts: [{ key, value: JSON.stringify(value) }], deletes: [] });
const drift = async (n = 0) => (await fleet.callNode(n, 'GET', '/drift')).body;
const reportOf = async (n = 0): Promise<DriftReport | null> =>
  (await drift(n))['report'] as DriftReport | null;
const metric = async (name: string): Promise<number> => {
  const texts = await Promise.all(fleet.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const values = texts.flatMap((text) => [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))]);
  return values.reduce((sum, match) => sum + Number(match[1]), 0);
};
const TENANT_KEY = `/cdn-defense/config/${TENANT}`;
const POLICY_KEY = `/apisix/cdn_defense/tenants/${TENANT}`;

describe('on schedule', () => {
  test('edits past Lockstep are found, put right by one node, and shown by all', async () => {
    await start('repair', 60);
    await put(POLICY_KEY, { id: TENANT, threat_threshold: 1 });
    await until('it is put right', async () => (await reportOf())?.repaired.length === 1);
    const reports = await Promise.all([0, 1, 2].map((n) => reportOf(n)));
    for (const report of reports) {
      expect(report?.repaired).toMatchObject([
        {
          key: POLICY_KEY,
          object: 'projection',
          found: 'different',
          state: 'repaired',
          differences: [{ pointer: '/threat_threshold', expected: 70, found: 1 }],
        },
      ]);
    }
    expect(await metric('lockstep_drift_repairs_total')).toBe(1);
    expect(await metric('lockstep_drift_comparison_age_seconds')).toBeLessThan(60);
    expect((await fleet.call('GET', '/drift')).body['comparison_age_s']).toBeLessThan(60);
    const text = (await fleet.contents()).get(POLICY_KEY) ?? '{}';
    expect(JSON.parse(text)).toMatchObject({ threat_threshold: 70 });
    const repaired = await Promise.all(
      [0, 1, 2].map(
        async (n) => (await fleet.callNode(n, 'GET', '/sync-status')).body['repaired'] as Drift[],
      ),
    );
    expect(repaired.flat()).toMatchObject([{ directory: 'cdn_defense/tenants', id: TENANT, repaired: true }]);
  });

  test('a record edited in the store becomes a version, and every node and the history have it', async () => {
    await start('repair', 60);
    const record = JSON.parse((await fleet.contents()).get(TENANT_KEY) ?? '{}') as object;
    await put(TENANT_KEY, { ...record, threat_threshold: 33 });
    await until('it is adopted', async () => (await reportOf())?.repaired.length === 1);
    await fleet.quiet();
    for (const n of [0, 1, 2]) {
      const { body } = await fleet.callNode(n, 'GET', '/global-config/tenant', { tenant: TENANT });
      expect(body).toMatchObject({
        config: { threat_threshold: 33 },
        version: 2,
        updated_by: 'lockstep-drift',
      });
    }
    const history = await fleet.call('GET', `/history/config/${TENANT}`, { tenant: TENANT });
    expect(history.body['entries']).toMatchObject([
      { version: 2, action: 'update', by: 'lockstep-drift' },
      { version: 1, action: 'create' },
    ]);
  });

  test('nothing is touched when drift is only to be reported, until a refresh is asked for', async () => {
    await start('report', 60);
    await put(POLICY_KEY, { id: TENANT, threat_threshold: 1 });
    await until('it is found', async () => (await reportOf())?.left_total === 1);
    expect(await drift()).toMatchObject({ on_drift: 'report', interval_s: 0.06 });
    expect((await reportOf(2))?.left).toMatchObject([{ key: POLICY_KEY, found: 'different', state: 'left' }]);
    await until('a metric says so', async () => (await metric('lockstep_drift_objects')) === 1);
    const text = (await fleet.contents()).get(POLICY_KEY) ?? '{}';
    expect(JSON.parse(text)).toMatchObject({ threat_threshold: 1 });
    await fleet.callNode(1, 'POST', '/sync/refresh');
    await until('nothing is left', async () => (await reportOf())?.left_total === 0);
    await until('the metric says so', async () => (await metric('lockstep_drift_objects')) === 0);
  });

  test('another node looks when the one that did is gone', async () => {
    await start('repair', 60);
    await until('somebody has looked', async () => (await reportOf()) !== null);
    const first = (await reportOf())?.node_id;
    await fleet.nodes.find(({ node }) => node.nodeId === first)?.dispose();
    const other = fleet.nodes.findIndex(({ node }) => node.nodeId !== first);
    await until('another looks', async () => (await reportOf(other))?.node_id !== first);
  });
});

describe('without waiting for the schedule', () => {
  beforeEach(() => start('repair', 3_600_000));

  test('a refresh compares, repairs and reports at once', async () => {
    expect(await drift()).toMatchObject({ report: null, cache: null, cache_differed: 0, store_rewound: [] });
    await put('/apisix/cdn_defense/policies/nobody', { id: 'nobody' });
    await fleet.callNode(1, 'POST', '/sync/refresh');
    expect(await reportOf(0)).toMatchObject({
      node_id: 'node-2',
      left: [],
      repaired: [{ key: '/apisix/cdn_defense/policies/nobody', found: 'orphan' }],
    });
    expect((await drift(1))['cache']).toMatchObject({ equal: true, differences: [] });
    expect((await drift(0))['cache']).toBeNull();
  });

  test('and with the store away it is said that its report is, while the rest is answered', async () => {
    await fleet.callNode(0, 'POST', '/sync/refresh');
    fleet.seen[0]?.fail();
    const { status, body } = await fleet.call('GET', '/drift');
    expect({ status, ...body }).toMatchObject({
      status: 200,
      report: null,
      report_unavailable: true,
      cache: { equal: true },
      stale: true,
    });
  });
});
