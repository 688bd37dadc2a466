/** Gateways and nodes that stop, die and come back: who is named, how soon, and that nothing is lost. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FleetProgress } from '../../src/contract/fleet-answer.ts';
import type { Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';
import { type RealGateway, RealFleet, routeOf } from './real-fleet.ts';

let fleet: RealFleet;
let edge1: RealGateway;
let edge2: RealGateway;

beforeEach(async () => {
  fleet = await RealFleet.start();
  edge1 = await fleet.addGateway('edge-1', [0, 1, 2]);
  edge2 = await fleet.addGateway('edge-2', [1, 2, 0]);
});

afterEach(() => fleet.stop());

const change = (threat_threshold: number, n = 0, timeout_ms = 10_000): Promise<Reply> =>
  fleet.call(n, 'POST', `/global-config/tenant?wait=fleet&timeout_ms=${timeout_ms}`, {
    body: { config: { threat_threshold } },
  });
const UPDATED = 'all_nodes_and_gateways_updated';

/** Waits until a node shows it. @returns after how long, ms */
const shownWithin = async (
  what: string,
  shown: () => Promise<boolean>,
  within_ms: number,
): Promise<number> => {
  const start = performance.now();
  await until(what, shown, within_ms + 2_000);
  const took = performance.now() - start;
  console.log(`${what}: after ${took.toFixed(0)} ms`);
  expect(took, what).toBeLessThan(within_ms);
  return took;
};

it('a frozen gateway is named stale within 3 s at every node, and by ?wait=fleet; when it thaws the ledger closes', async () => {
  edge2.process.freeze();
  await shownWithin(
    'a frozen gateway is stale at every node',
    async () => {
      const views = await Promise.all([0, 1, 2].map((n) => fleet.gateway('edge-2', n)));
      return views.every((view) => view?.state === 'stale');
    },
    3_000,
  );
  const reply = await change(61, 0, 500);
  expect([reply.status, reply.body['pending']]).toEqual([202, ['edge-2']]);
  const { gateways } = reply.body['fleet'] as FleetProgress;
  expect(gateways).toMatchObject({
    known: 2,
    proved: 1,
    pending: [{ gateway_id: 'edge-2', state: 'stale' }],
  });
  edge2.process.thaw();
  await shownWithin(
    'a thawed gateway is in step at every node',
    async () => {
      const views = await Promise.all([0, 1, 2].map((n) => fleet.gateway('edge-2', n)));
      return views.every((view) => view?.state === 'synced' && view.revision >= reply.body.revision);
    },
    3_000,
  );
  expect((await change(62)).body['sync_status']).toBe(UPDATED);
});

it('a gateway whose node is killed goes to another within 2 s, and nothing is lost', async () => {
  expect((await fleet.gateway('edge-1'))?.node_id).toBe('node-1');
  const writes: Promise<Reply>[] = [];
  let writing = true;
  const writer = (async () => {
    for (let i = 0; writing; i++) {
      const route = routeOf(fleet, `w${i}`);
      const reply = await fleet.call(1, 'POST', '/global-routes', { body: { route } });
      if (reply.status < 300) writes.push(Promise.resolve(reply));
    }
  })();
  await until('writes go on', () => writes.length > 10);
  await fleet.nodes[0]?.process.kill();
  await shownWithin(
    'the gateway of a killed node is heard by another',
    async () => {
      const view = await fleet.gateway('edge-1', 1);
      return (
        view !== undefined && view.node_id !== 'node-1' && ['synced', 'catching_up'].includes(view.state)
      );
    },
    2_000,
  );
  const before = writes.length;
  await until('writes go on', () => writes.length > before + 10);
  writing = false;
  await writer;
  // The killed node is live until its lease has run out.
  await until('the killed node is gone', async () => (await fleet.node('node-1', 1)) === undefined, 15_000);
  expect((await change(63, 1)).body['sync_status']).toBe(UPDATED);
  for (let i = 0; i < writes.length; i++) {
    for (const gateway of [edge1, edge2]) expect((await fleet.probe(gateway, `/w${i}/x`)).status).toBe(200);
  }
});

it('a gateway moves on from a node that is frozen, too', async () => {
  fleet.nodes[0]?.process.freeze();
  await until(
    'it is heard by another',
    async () => (await fleet.gateway('edge-1', 1))?.node_id !== 'node-1',
    6_000,
  );
  fleet.nodes[0]?.process.thaw();
  await until(
    'the node that was frozen knows',
    async () => (await fleet.gateway('edge-1', 0))?.node_id !== 'node-1',
  );
  expect((await change(64, 0)).body['sync_status']).toBe(UPDATED);
});

it('a frozen node is named stale within 3 s, and is gone after its lease; thawed, it is back', async () => {
  fleet.nodes[2]?.process.freeze();
  await shownWithin(
    'a frozen node is stale',
    async () => (await fleet.node('node-3'))?.state === 'stale',
    3_000,
  );
  const reply = await change(65, 0, 300);
  expect([reply.status, reply.body['pending']]).toEqual([202, ['node-3']]);
  await until('it is gone', async () => (await fleet.node('node-3')) === undefined, 15_000);
  expect((await change(66)).body['sync_status']).toBe(UPDATED);
  fleet.nodes[2]?.process.thaw();
  await until('it is back', async () => (await fleet.node('node-3'))?.state === 'synced', 15_000);
});

it('a gateway that leaves in good order is off the list at once; one that is killed, after its lease', async () => {
  await edge1.process.drain();
  expect((await fleet.gateway('edge-1', 2))?.state).toBeUndefined();
  await edge2.process.kill();
  await shownWithin(
    'a killed gateway is disconnected',
    async () => (await fleet.gateway('edge-2', 2))?.state === 'disconnected',
    3_000,
  );
  await until('it is gone', async () => (await fleet.gateway('edge-2', 2)) === undefined, 40_000);
  const reply = await change(67);
  expect([reply.status, reply.body['sync_status']]).toEqual([200, 'all_nodes_updated']);
  expect((reply.body['fleet'] as FleetProgress).gateways.known).toBe(0);
});

it('a gateway that is killed and started anew under its id is taken for itself, and proves everything', async () => {
  await edge2.process.kill();
  const again = await fleet.addGateway('edge-2', [2]);
  await until(
    'it is heard where it is now',
    async () => (await fleet.gateway('edge-2'))?.node_id === 'node-3',
  );
  expect((await change(68)).body['sync_status']).toBe(UPDATED);
  expect(again.process.log()).not.toContain('refuses');
});
