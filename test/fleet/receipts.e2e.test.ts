/** What the fleet says it has, held against what its gateways do, by real processes on a real etcd. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Progress } from '../../src/contract/fleet-summary.ts';
import type { Reply } from '../support/http-call.ts';
import { keys } from '../support/truth.ts';
import { until } from '../support/until.ts';
import { ProtocolGateway } from './protocol-gateway.ts';
import { CLIENT, type RealGateway, RealFleet, routeOf, spread } from './real-fleet.ts';

let fleet: RealFleet;

beforeAll(async () => {
  fleet = await RealFleet.start();
  await fleet.addGateway('edge-1', [0, 1, 2]);
  await fleet.addGateway('edge-2', [1, 2, 0]);
});

afterAll(() => fleet.stop());

/** One change, and what every gateway must do as soon as it is answered. */
interface Change {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly probe: string;
  readonly holds: (seen: { status: number; text: string }) => boolean;
}

const status = (wanted: number) => (seen: { status: number }) => seen.status === wanted;

/** Rounds of six different changes, each of which undoes what the one before did to its probe. */
const changesOf = (round: number): Change[] => {
  const id = `r${round}`;
  const at = `/global-routes/${id}`;
  const probe = `/${id}/page`;
  return [
    {
      name: 'a new route',
      method: 'POST',
      path: '/global-routes',
      body: { route: routeOf(fleet, id) },
      probe,
      holds: ({ status: code, text }) => code === 200 && text.includes(`"path":"/${id}/page"`),
    },
    {
      name: 'a changed route',
      method: 'PUT',
      path: at,
      body: { updates: { strip_path: true } },
      probe,
      holds: ({ text }) => text.includes('"path":"/page"'),
    },
    {
      name: 'defense on a route',
      method: 'POST',
      path: '/defense-plugin/apply',
      body: { route_id: id, defense_config: { deny: [CLIENT] } },
      probe,
      holds: status(403),
    },
    {
      name: 'a tenant’s switch, off',
      method: 'POST',
      path: '/global-config/tenant',
      body: { config: { enabled_defense: false, threat_threshold: 50 + (round % 40) } },
      probe,
      holds: status(200),
    },
    {
      name: 'a tenant’s switch, on',
      method: 'PATCH',
      path: '/global-config/tenant',
      body: { config: { enabled_defense: true } },
      probe,
      holds: status(403),
    },
    { name: 'a deleted route', method: 'DELETE', path: at, probe, holds: status(404) },
  ];
};

const carryOut = async (change: Change, n: number): Promise<Reply> => {
  const { method, path, body } = change;
  return fleet.call(n, method, `${path}?wait=fleet&timeout_ms=10000`, body ? { body } : {});
};

/** Latencies of one change as the nodes that hear gateways tell of them, from when each had the change itself. */
const told = async (revision: number): Promise<number[]> => {
  const { kvs } = await fleet.store.range({ prefix: keys.gateways() });
  return kvs.flatMap(({ key, value }) => {
    if (keys.parseFleet(key)?.part !== 'progress') return [];
    const { changes } = JSON.parse(value) as Progress;
    return changes.filter((one) => one.revision === revision).map(({ max_ms }) => max_ms);
  });
};

it('every receipt is true when it is given: 200 mixed changes, both gateways probed right after each', async () => {
  const waits: number[] = [];
  const receipts: number[] = [];
  for (let round = 0; round < 34; round++) {
    for (const [i, change] of changesOf(round).entries()) {
      const start = performance.now();
      const reply = await carryOut(change, (round + i) % 3);
      waits.push(performance.now() - start);
      expect([reply.status < 202, reply.body['sync_status']], `${change.name}: ${reply.text}`).toEqual([
        true,
        'all_nodes_and_gateways_updated',
      ]);
      const seen = await Promise.all(fleet.gateways.map((gateway) => fleet.probe(gateway, change.probe)));
      for (const one of seen) expect(change.holds(one), `${change.name}: ${JSON.stringify(one)}`).toBe(true);
      receipts.push(...(await told(reply.body.revision)));
    }
  }
  expect(waits).toHaveLength(204);
  expect(receipts.length).toBeGreaterThan(300);
  console.log(`a write with ?wait=fleet: ${spread(waits)}`);
  console.log(`from a node’s own having a change to its gateway’s receipt: ${spread(receipts)}`);
});

it('a gateway that drops an event and reports progress never turns green', async () => {
  const liar = new ProtocolGateway({ id: 'liar' });
  const node = fleet.nodes[2]?.url ?? '';
  await liar.catchUp(node);
  let over = false;
  const lying = (async () => {
    while (!over) {
      const { answer } = await liar.heartbeat(node, { hold_ms: 200 });
      const facts = answer.prove.map((item) =>
        liar.receipt(item, { loaded: item.op === 'put' ? item.revision - 1 : 0, seen: item.revision + 100 }),
      );
      if (facts.length > 0) await liar.receipts(node, facts);
    }
  })();
  const states = new Set<string | undefined>();
  const body = { config: { threat_threshold: 61 } };
  const reply = await fleet.call(0, 'POST', '/global-config/tenant?wait=fleet&timeout_ms=1500', { body });
  for (let i = 0; i < 20; i++) states.add((await fleet.gateway('liar', i % 3))?.state);
  over = true;
  await lying;
  expect([reply.status, reply.body['sync_status']]).toEqual([202, 'rejected_by_gateways']);
  expect(reply.text).toContain('"reason":"not loaded"');
  expect(states).not.toContain('synced');
  await liar.heartbeat(node, { leaving: true });
});

it('an object that somebody wrote by hand and a gateway rejects comes back with the reason', async () => {
  const key = `${keys.projection}routes/by-hand`;
  await fleet.store.transact({ guards: [], puts: [{ key, value: '{"uri":"/x",' }], deletes: [] });
  const rejection = async (gateway: RealGateway) => (await fleet.gateway(gateway.id))?.rejected[0];
  await until(
    'both are shown to reject it',
    async () => {
      const found = await Promise.all(fleet.gateways.map(rejection));
      return found.every((one) => one?.id === 'by-hand' && one.reason === 'it is not JSON' && one.live === 0);
    },
    20_000,
  );
  expect((await fleet.gateway('edge-1'))?.state).toBe('rejected');
  await fleet.store.transact({ guards: [], puts: [], deletes: [key] });
  await until(
    'both are in step again',
    async () => (await fleet.shown()).gateways.every(({ state }) => state === 'synced'),
    20_000,
  );
});

it('a gateway without --control serves, and nobody sees it', async () => {
  const { gateways } = await fleet.shown();
  expect(gateways.map(({ gateway_id }) => gateway_id)).toEqual(['edge-1', 'edge-2']);
});
