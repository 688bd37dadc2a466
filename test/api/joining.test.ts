/** Nodes that start, list anew or leave while others run. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

let fleet: Fleet;

beforeEach(async () => {
  fleet = await startFleet({ nodes: 2 });
  for (const threat_threshold of [1, 2, 3]) {
    const body = { config: { threat_threshold } };
    await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body });
  }
  await fleet.quiet();
});

afterEach(() => fleet.dispose());

const behind = async (n: number): Promise<unknown[]> => {
  const { body } = await fleet.callNode(n, 'GET', '/sync-status');
  return (body['nodes'] as { behind: number }[]).map((node) => node.behind);
};

test('nobody is behind after one node has listed anew, on no node’s account', async () => {
  // Receipts move the store's revision on, and are no change that anybody could be behind of.
  for (const _ of [1, 2, 3]) await fleet.call('POST', '/sync/refresh');
  await until(
    'all receipts are in',
    async () => JSON.stringify([await behind(0), await behind(1)]) === '[[0,0],[0,0]]',
  );
  expect((await fleet.call('GET', '/metrics')).text).toMatch(/^lockstep_nodes_pending\{[^}]*\} 0$/m);
});

test('an update-all that changes nothing is answered at once after a node has listed anew', async () => {
  await fleet.call('POST', '/sync/refresh');
  const body = { defense_config: { threat_threshold: 3 } };
  const reply = await fleet.call('POST', '/defense-plugin/update-all', { body });
  expect(reply).toMatchObject({ status: 200, body: { sync_status: 'all_nodes_updated', unchanged: 1 } });
});

test('a delete is applied by a node that learns of it from a listing', async () => {
  fleet.seen[1]?.fail();
  const { body } = await fleet.call('DELETE', '/global-config/tenant', { tenant: TENANT });
  fleet.store.compact((await fleet.store.range({ key: 'x' })).revision);
  fleet.seen[1]?.recover();
  await until(
    'the node has listed anew',
    async () => (await fleet.callNode(1, 'GET', '/global-config/tenant', { tenant: TENANT })).status === 404,
  );
  await until(
    'and says so',
    () => fleet.nodes[0]?.node.convergence.pending(body.revision as never).length === 0,
  );
  expect(await behind(0)).toEqual([0, 0]);
});

test('a node that stops is off the list at once', async () => {
  await fleet.nodes[1]?.dispose();
  const { body } = await fleet.call('POST', '/global-config/tenant?wait=nodes', {
    tenant: TENANT,
    body: { config: {} },
  });
  expect(body).toMatchObject({ sync_status: 'all_nodes_updated' });
  await until('it is gone', async () => (await behind(0)).length === 1);
});
