/** What a node says of a store that did not go on from where the node stood. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import { until } from '../support/until.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts';

let fleet: Fleet;
let other: EmbeddedStore;

beforeEach(async () => {
  fleet = await startFleet({ nodes: 2 });
  other = await openEmbeddedStore({});
});

afterEach(async () => {
  await fleet.dispose();
  await other.close();
});

test('it is in /sync-status, in /readyz and in a metric of the nodes that saw it, and of no other', async () => {
  const from = fleet.nodes[0]?.node.reflector.status().applied;
  fleet.seen[0]?.become(other);
  await until('node 1 is live again', () => {
    const status = fleet.nodes[0]?.node.reflector.status();
    return status?.current === true && status.applied?.clusterId !== from?.clusterId;
  });
  const to = (await other.range({ key: 'x' })).clusterId;
  const rewound = {
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    from: { cluster_id: from?.clusterId, revision: from?.revision },
    to: { cluster_id: to, revision: expect.any(Number) as number },
  };
  const status = await fleet.call('GET', '/sync-status');
  expect(status.body['store_rewound']).toEqual([rewound]);
  const ready = await fleet.call('GET', '/readyz');
  expect(ready).toMatchObject({ status: 200, body: { status: 'ready', store_rewound: true } });
  const metrics = await fetch(`${fleet.nodes[0]?.url}/metrics`);
  expect(await metrics.text()).toMatch(/^lockstep_store_rewinds_total\{node="node-1"\} 1$/m);
  expect((await fleet.callNode(1, 'GET', '/sync-status')).body['store_rewound']).toEqual([]);
  expect((await fleet.callNode(1, 'GET', '/readyz')).body).not.toHaveProperty('store_rewound');
});
