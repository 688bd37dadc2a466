/** Receipts of a mixed fleet held against real traffic; and gateways that freeze, or lie. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackedNginx } from '../engine/nginx.ts';
import { keys } from '../support/truth.ts';
import { until } from '../support/until.ts';
import { LyingGateway } from './lying-gateway.ts';
import { type MixedChange, MixedChanges } from './mixed-changes.ts';
import { MixedFleet, type ProbedGateway, pendingIn } from './mixed-fleet.ts';
import { spread } from './real-fleet.ts';

const nginxRoot = unpackedNginx();
const CHANGES = 200;
const STALE_MS = 3_000;
const UPDATED = 'all_nodes_and_gateways_updated';

describe.skipIf(nginxRoot === undefined)('a fleet of two embedded gateways and one of nginx', () => {
  let fleet: MixedFleet;
  let changes: MixedChanges;

  beforeAll(async () => {
    fleet = await MixedFleet.start(nginxRoot ?? '');
    changes = new MixedChanges(fleet.origins);
    for (const { path, body } of changes.setUp()) {
      const reply = await fleet.make(0, 'POST', path, body);
      expect(reply.status, reply.text).toBeLessThan(202);
    }
  });
  afterAll(() => fleet.stop());

  const setLimit = (n: number, rate_limit: number, timeout_ms?: number) =>
    fleet.make(n, 'POST', '/global-config/tenant', { config: { rate_limit } }, timeout_ms);

  /** What the gateway's workers answer otherwise than by the change. */
  const lies = async (gateway: ProbedGateway, change: MixedChange): Promise<string[]> => {
    const { name, probe, read, expected } = change;
    const { target, ...sent } = probe;
    const seen = (await gateway.ask(target, sent)).map(read);
    return seen
      .filter((one) => one !== expected)
      .map((one) => `${gateway.id}, ${name}: ${String(one)}, not ${String(expected)}`);
  };

  /** As `lies`, once a node says that the gateway has the revision. */
  const liesOnceTold = async (n: number, gateway: ProbedGateway, revision: number, change: MixedChange) => {
    await until(`${gateway.id} has ${revision}`, async () => {
      return ((await fleet.real.gateway(gateway.id, n % 3))?.revision ?? 0) >= revision;
    });
    return lies(gateway, change);
  };

  /** When this process heard of what gateways read from etcd itself, ms, by revision. */
  const watchCommits = async () => {
    const { store } = fleet.real;
    const times = new Map<number, number>();
    const watch = store.watch(keys.projection, await store.range({ key: keys.projection }), {
      onOpen: () => {},
      onStep: ({ revision }) => times.set(revision, performance.now()),
      onAlive: () => {},
      onEnd: () => {},
    });
    return { times, stop: () => watch.stop() };
  };

  it(`gives no receipt that is not true: ${CHANGES} mixed changes, all workers probed as soon as their gateway is said to have it`, async () => {
    const commits = await watchCommits();
    const answered = new Map<number, number>();
    const waits: number[] = [];
    const untrue: string[] = [];
    let partial = 0;
    for (let n = 0; n < CHANGES; n++) {
      const change = await changes.change(n);
      const { method, path, body, name } = change;
      // Every third answer may come before all have it: those that it does not name must have it as truly.
      const early = n % 3 === 1;
      const start = performance.now();
      const reply = await fleet.make(n, method, path, body, early ? 1 + (n % 60) : undefined);
      const end = performance.now();
      const { revision } = reply.body;
      expect(reply.status, `${name}: ${reply.text}`).toBeLessThan(early ? 203 : 202);
      if (!early) {
        expect(reply.body['sync_status'], name).toBe(UPDATED);
        waits.push(end - start);
        answered.set(revision, end);
      }
      const pending = pendingIn(reply);
      if (pending.length > 0) partial += 1;
      const found = await Promise.all(
        fleet.gateways.map((gateway) =>
          pending.includes(gateway.id) ? liesOnceTold(n, gateway, revision, change) : lies(gateway, change),
        ),
      );
      untrue.push(...found.flat());
    }
    await until('etcd has told of all', () => [...answered.keys()].every((each) => commits.times.has(each)));
    commits.stop();
    expect(untrue).toEqual([]);
    expect(partial, 'some answers came before all had it').toBeGreaterThan(0);
    console.log(`a write with ?wait=fleet: ${spread(waits)}; ${partial} answers came before all had it`);
    const after = [...answered].map(([revision, at]) =>
      Math.max(0, at - (commits.times.get(revision) ?? NaN)),
    );
    console.log(`from etcd’s own event to the answer that all have it: ${spread(after)}`);
  });

  it.each([
    ['an embedded gateway', 1, 500],
    ['nginx', 2, 510],
  ])(
    '%s that is frozen is named within 3 s, in answers too; when it thaws, the ledger closes',
    async (_name, place, limit) => {
      const frozen = fleet.gateways[place] as ProbedGateway;
      const froze = performance.now();
      frozen.freeze();
      await until(
        'every node names it',
        async () => (await fleet.states(frozen.id)).every((state) => state === 'stale'),
        STALE_MS,
      );
      console.log(`${frozen.id} is stale at every node after ${Math.round(performance.now() - froze)} ms`);
      const reply = await setLimit(0, limit, 400);
      expect([reply.status, pendingIn(reply), reply.body['pending']]).toEqual([
        202,
        [frozen.id],
        [frozen.id],
      ]);
      const { revision } = reply.body;
      for (const { reach } of await fleet.shown(revision))
        expect([reach.complete, reach.gateways_pending]).toEqual([false, [frozen.id]]);
      frozen.thaw();
      await until('the ledger closes at every node', async () =>
        (await fleet.shown(revision)).every(({ reach, receipts }) => {
          const proved = receipts?.gateways.map(({ gateway_id }) => gateway_id).sort();
          return reach.complete && proved?.join() === 'edge-1,edge-2,edge-3';
        }),
      );
      expect((await setLimit(1, limit + 1)).body['sync_status']).toBe(UPDATED);
    },
  );

  it.each([
    ['silent', 700],
    ['not loaded', 710],
    ['moves on', 720],
  ] as const)(
    'a gateway that dropped an event never turns green, whatever it says of its progress: %s',
    async (lie, limit) => {
      const urls = fleet.real.nodes.map(({ url }) => url);
      const liar = new LyingGateway(`liar-${limit}`, lie, urls);
      await liar.join();
      await until('it is taken for honest', async () =>
        (await fleet.states(liar.id)).every((state) => state === 'synced'),
      );
      const states = new Set<string | undefined>();
      try {
        const reply = await setLimit(1, limit, 1_200);
        expect([reply.status, reply.text.includes(liar.id)], reply.text).toEqual([202, true]);
        const body = { route_id: 'site', defense_config: { rate_limit: limit + 1 } };
        const later = await fleet.make(2, 'POST', '/defense-plugin/apply', body, 1_200);
        expect(liar.told, 'it says that it has what came later').toBeGreaterThanOrEqual(later.body.revision);
        for (let i = 0; i < 10; i++) for (const state of await fleet.states(liar.id)) states.add(state);
        for (const { reach } of await fleet.shown(reply.body.revision)) {
          const { complete, gateways_pending, gateways_rejecting } = reach;
          expect([complete, [...gateways_pending, ...gateways_rejecting]]).toEqual([false, [liar.id]]);
        }
      } finally {
        await liar.leave();
      }
      expect([...states]).not.toContain('synced');
      expect((await setLimit(0, limit + 2)).body['sync_status'], 'the others are as they were').toBe(UPDATED);
    },
  );
});
