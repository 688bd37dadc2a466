/** When a node says that callers may be sent to it. */
import { expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet, startLate } from '../support/control-plane.ts';
import { FlakyStore } from '../support/flaky-store.ts';
import { httpCall } from '../support/http-call.ts';
import { until } from '../support/until.ts';

const PATH = '/global-config/tenant';
const own = { tenant: TENANT };

const write = async (fleet: Fleet, threat_threshold: number) =>
  fleet.call('POST', `${PATH}?wait=nodes`, { ...own, body: { config: { threat_threshold } } });

test('a node is ready once others wait for it, and not before', async () => {
  const fleet = await startFleet();
  const view = new FlakyStore(fleet.store);
  let report = (): void => {};
  const allowed = new Promise<void>((resolve) => {
    report = resolve;
  });
  view.transactFault = async ({ puts }) => {
    if (puts.some(({ key }) => key === fleet.keys.node('late'))) await allowed;
    return 'none' as const;
  };
  const late = await startLate(view, fleet.keys);
  try {
    const ready = () => httpCall(late.url, 'GET', '/readyz');
    await until('it has everything the store has', () => late.node.reflector.status().current);
    expect(await ready()).toMatchObject({ status: 503, body: { status: 'starting', etcd_connected: true } });
    view.cutWatches();
    await until('it reads again', () => late.node.reflector.status().state === 'live');
    expect(await ready()).toMatchObject({ status: 503 });
    expect(await write(fleet, 61)).toMatchObject({ body: { sync_status: 'all_nodes_updated' } });

    report();
    await until('it is ready', async () => (await ready()).status === 200);
    expect(await write(fleet, 62)).toMatchObject({ body: { sync_status: 'all_nodes_updated' } });
    expect((await httpCall(late.url, 'GET', PATH, own)).body).toMatchObject({
      config: { threat_threshold: 62 },
      synced: true,
    });
    expect((await fleet.call('GET', '/sync-status')).body['nodes']).toMatchObject([
      { node_id: 'late' },
      { node_id: 'node-1' },
    ]);
  } finally {
    report();
    await late.dispose();
    await fleet.dispose();
  }
});
