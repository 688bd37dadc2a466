/** Gateways and what they prove, over HTTP, against nodes on a store in memory. */
import { describe, expect, test } from 'vitest';
import type { FleetGateway } from '../../src/contract/fleet-answer.ts';
import { ROUTE, TENANT, startLate } from '../support/control-plane.ts';
import { httpCall } from '../support/http-call.ts';
import { until } from '../support/until.ts';
import { ProtocolGateway } from './protocol-gateway.ts';
import { useTwoNodes } from './two-nodes.ts';

const pair = useTwoNodes();
const { url, setConfig, shown, gateway, stateOf, joined } = pair;

describe('a gateway', () => {
  test('that comes is asked about all there is, and is synced once it has proved it', async () => {
    await setConfig(5);
    await pair.fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } });
    const one = new ProtocolGateway({ id: 'edge-1' });
    await until('the keys are listed', async () => (await one.heartbeat(url())).answer.prove.length > 0);
    expect(await gateway('edge-1')).toMatchObject({ state: 'catching_up', revision: 0, node_id: 'node-1' });
    const { kvs } = await pair.fleet.store.range({ prefix: pair.fleet.keys.projection });
    const stored = kvs.flatMap(({ key, modRevision }) => {
      const place = pair.fleet.keys.parseProjected(key);
      return place ? [`${place.directory}/${place.id}@${modRevision}`] : [];
    });
    expect(one.asked.map(({ directory, id, revision }) => `${directory}/${id}@${revision}`).sort()).toEqual(
      stored.sort(),
    );
    const { answer } = await one.tellAll(url(), one.asked);
    expect(new Set(answer.states)).toEqual(new Set(['applied']));
    expect(await gateway('edge-1')).toMatchObject({ state: 'synced', behind: 0, lag_ms: 0, kind: 'apisix' });
  });

  test('is listed once every node knows of it and it has proved all from before, and every wait is for it then', async () => {
    await setConfig(5);
    const one = new ProtocolGateway({ id: 'edge-1' });
    await until('the keys are listed', async () => (await one.heartbeat(url())).answer.prove.length > 0);
    await until('the other node knows', async () => (await gateway('edge-1', 1)) !== undefined);
    expect((await one.heartbeat(url())).answer.listed).toBe(false);
    await one.catchUp(url());
    await until('it is listed', async () => (await one.heartbeat(url())).answer.listed);
    const reply = await pair.fleet.callNode(1, 'POST', '/global-config/tenant?wait=fleet&timeout_ms=50', {
      tenant: TENANT,
      body: { config: { threat_threshold: 6 } },
    });
    expect([reply.status, reply.body['pending']]).toEqual([202, ['edge-1']]);
    expect((await one.heartbeat(url())).answer.listed).toBe(true);
  });

  test('is asked about a change while it waits, and only about what the change wrote for it', async () => {
    const one = await joined();
    const waiting = one.heartbeat(url(), { hold_ms: 1_000 });
    const revision = await setConfig(7);
    const { answer } = await waiting;
    expect(answer.prove).toEqual([{ directory: 'cdn_defense/tenants', id: TENANT, revision, op: 'put' }]);
    expect(await gateway('edge-1')).toMatchObject({ state: 'catching_up' });
    const told = await one.tellAll(url(), answer.prove);
    expect(told.answer).toMatchObject({ states: ['applied'], proved: { revision } });
    expect(await stateOf('edge-1')).toBe('synced');
  });

  test('is told at once of a grant that asks nothing of it', async () => {
    await setConfig(7);
    const one = await joined();
    const waiting = one.heartbeat(url(), { hold_ms: 1_000 });
    const revision = await setConfig(7);
    const { answer } = await waiting;
    expect(answer).toMatchObject({ prove: [], proved: { revision } });
  });

  test('is shown the same by every node', async () => {
    const one = await joined();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    const revision = await setConfig(9);
    await until(
      'the other node knows that it is behind',
      async () => (await stateOf('edge-1', 1)) === 'catching_up',
    );
    const { answer } = await one.heartbeat(url(), { hold_ms: 1_000 });
    await one.tellAll(url(), answer.prove);
    await until('and that it is not any more', async () => (await stateOf('edge-1', 1)) === 'synced');
    expect((await gateway('edge-1', 1))?.revision).toBeGreaterThanOrEqual(revision);
  });

  test('with a worker that has not got there stays behind', async () => {
    const one = await joined('edge-1', {
      workers: [
        { id: 0, pid: 1 },
        { id: 1, pid: 2 },
      ],
    });
    const revision = await setConfig(9);
    const [item] = (await one.heartbeat(url(), { hold_ms: 1_000 })).answer.prove;
    if (!item) throw new Error('nothing to prove');
    const half = one.receipt(item, [
      { loaded: revision, seen: revision },
      { loaded: 0, seen: revision - 1 },
    ]);
    expect((await one.receipts(url(), [half])).answer.states).toEqual(['pending']);
    expect(await stateOf('edge-1')).toBe('catching_up');
    expect((await one.tellAll(url(), [item])).answer.states).toEqual(['applied']);
  });

  test('whose workers are others than before proves everything anew', async () => {
    const one = await joined();
    const before = one.asked.length;
    one.workers = [{ id: 0, pid: 101 }];
    one.proved = null;
    const { answer } = await one.heartbeat(url());
    expect(answer.proved).toBeNull();
    expect(answer.prove).toHaveLength(before);
    await one.catchUp(url());
    expect(await stateOf('edge-1')).toBe('synced');
  });

  test('that says it has passed a write by, without having it, never turns green by that', async () => {
    const one = await joined();
    const revision = await setConfig(9);
    for (let i = 0; i < 3; i++) {
      const { answer } = await one.heartbeat(url(), { hold_ms: 1_000 });
      const lies = answer.prove.map((item) =>
        one.receipt(item, { loaded: item.revision - 1, seen: item.revision + 5 }),
      );
      const states = (await one.receipts(url(), lies)).answer.states;
      expect(states.every((state) => state === 'rejected')).toBe(true);
    }
    expect(await gateway('edge-1')).toMatchObject({
      state: 'rejected',
      rejected: [{ id: TENANT, revision, reason: 'not loaded', live: revision - 1 }],
    });
    await setConfig(9, 'tenant-002');
    const { answer } = await one.heartbeat(url(), { hold_ms: 1_000 });
    await one.tellAll(url(), answer.prove);
    expect(await stateOf('edge-1')).toBe('rejected');
  });

  test('that rejected an object is well again once it has a newer write of it', async () => {
    const one = await joined();
    await setConfig(9);
    const [item] = (await one.heartbeat(url(), { hold_ms: 1_000 })).answer.prove;
    if (!item) throw new Error('nothing to prove');
    await one.receipts(url(), [
      one.receipt(item, { loaded: 0, seen: item.revision }, 'rate_limit is not valid'),
    ]);
    expect(await gateway('edge-1')).toMatchObject({
      state: 'rejected',
      rejected: [{ reason: 'rate_limit is not valid' }],
    });
    await until('the other node knows why', async () => (await gateway('edge-1', 1))?.rejected_total === 1);
    await setConfig(10);
    const { answer } = await one.heartbeat(url(), { hold_ms: 1_000 });
    await one.tellAll(url(), answer.prove);
    expect(await gateway('edge-1')).toMatchObject({ state: 'synced', rejected: [] });
  });

  test('that has a write which the store does not have is not believed', async () => {
    const one = await joined();
    const revision = await setConfig(9);
    const [item] = (await one.heartbeat(url(), { hold_ms: 1_000 })).answer.prove;
    if (!item) throw new Error('nothing to prove');
    const beyond = one.receipt(item, { loaded: revision + 1_000, seen: revision + 1_000 });
    expect((await one.receipts(url(), [beyond])).answer.states).toEqual(['rejected']);
    expect(await stateOf('edge-1')).toBe('rejected');
    const asked = one.asked.length;
    await until('it is asked again', async () => {
      await one.heartbeat(url(), { hold_ms: 1_000 });
      return one.asked.length > asked;
    });
    expect(one.asked.slice(asked)).toEqual([item]);
    await one.tellAll(url(), [item]);
    expect(await stateOf('edge-1')).toBe('synced');
  });

  test('is asked about what somebody wrote by hand, and may reject it', async () => {
    const one = await joined();
    const key = `${pair.fleet.keys.projection}routes/by-hand`;
    await pair.fleet.store.transact({ guards: [], puts: [{ key, value: '{"uri":' }], deletes: [] });
    pair.fleet.nodes[0]?.node.fleet.refresh();
    await until('it is asked about it', async () => {
      await one.heartbeat(url());
      return one.asked.some(({ id }) => id === 'by-hand');
    });
    const item = one.asked.find(({ id }) => id === 'by-hand');
    if (!item) throw new Error('nothing to prove');
    await one.receipts(url(), [one.receipt(item, { loaded: 0, seen: item.revision }, 'it is not JSON')]);
    expect(await gateway('edge-1')).toMatchObject({
      state: 'rejected',
      rejected: [{ id: 'by-hand', reason: 'it is not JSON' }],
    });
    await pair.fleet.store.transact({ guards: [], puts: [], deletes: [key] });
    pair.fleet.nodes[0]?.node.fleet.refresh();
    await until('it has it no more', async () => {
      const { answer } = await one.heartbeat(url());
      await one.receipts(
        url(),
        answer.prove.map((gone) => one.receipt(gone, { loaded: 0, seen: item.revision + 50 })),
      );
      return (await stateOf('edge-1')) === 'synced';
    });
  });

  test('is not taken to reject what was written past the node meanwhile', async () => {
    const one = await joined();
    const revision = await setConfig(9);
    const [item] = (await one.heartbeat(url(), { hold_ms: 1_000 })).answer.prove;
    if (!item) throw new Error('nothing to prove');
    const key = pair.fleet.keys.projected('cdn_defense/tenants', TENANT);
    await pair.fleet.store.transact({ guards: [], puts: [], deletes: [key] });
    const late = one.receipt(item, { loaded: 0, seen: revision + 1 });
    expect((await one.receipts(url(), [late])).answer.states).toEqual(['deleted']);
    expect(await stateOf('edge-1')).toBe('synced');
  });

  test('that leaves in good order is off the list at once', async () => {
    const one = await joined();
    expect((await one.heartbeat(url(), { leaving: true })).status).toBe(200);
    expect((await shown()).gateways).toEqual([]);
    await until('the other node knows', async () => (await shown(1)).gateways.length === 0);
  });
});

describe('a gateway that goes to another node', () => {
  test('goes on where it was', async () => {
    const one = await joined();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    const asked = one.asked.length;
    const revision = await setConfig(9);
    const { answer } = await one.heartbeat(url(1));
    await one.tellAll(url(1), answer.prove);
    expect(one.asked.slice(asked)).toMatchObject([{ id: TENANT, revision }]);
    expect(await gateway('edge-1', 1)).toMatchObject({ state: 'synced', node_id: 'node-2' });
    await until('the first node has let it go', async () => (await gateway('edge-1'))?.node_id === 'node-2');
    expect((await one.receipts(url(), [])).body.code).toBe('gateway_not_found');
  });

  test('is not believed when it claims more than the node that heard it says', async () => {
    const one = await joined();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    const { proved } = one;
    const revision = await setConfig(9);
    await until(
      'the other node knows that it is behind',
      async () => (await stateOf('edge-1', 1)) === 'catching_up',
    );
    one.proved = proved && { ...proved, revision: revision + 100 };
    const { answer } = await one.heartbeat(url(1));
    expect(answer.proved?.revision).toBeLessThan(revision);
    expect(answer.prove).toMatchObject([{ id: TENANT, revision }]);
  });

  test('nobody has heard of proves everything, whatever it claims', async () => {
    const known = await joined();
    const one = new ProtocolGateway({ id: 'edge-2' });
    one.proved = known.proved;
    const { answer } = await one.heartbeat(url(1));
    expect(answer.proved).toBeNull();
    expect(answer.prove).toHaveLength(known.asked.length);
  });

  test('takes what it rejects along', async () => {
    const one = await joined();
    await setConfig(9);
    const [item] = (await one.heartbeat(url(), { hold_ms: 1_000 })).answer.prove;
    if (!item) throw new Error('nothing to prove');
    await one.receipts(url(), [one.receipt(item, { loaded: 0, seen: item.revision }, 'no')]);
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'rejected');
    const { answer } = await one.heartbeat(url(1));
    expect(answer.prove).toEqual([]);
    expect(await gateway('edge-1', 1)).toMatchObject({
      state: 'rejected',
      node_id: 'node-2',
      rejected: [{ reason: 'no' }],
    });
  });
});

describe('two instances under one id', () => {
  test('the later start has it, the earlier one is told so, at every node', async () => {
    const first = await joined();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    const second = new ProtocolGateway({ id: 'edge-1' });
    await second.catchUp(url(1));
    await until(
      'the first node has let the first go',
      async () => (await gateway('edge-1'))?.node_id === 'node-2',
    );
    for (const n of [0, 1]) {
      const refused = await first.heartbeat(url(n));
      expect([refused.status, refused.body.code]).toEqual([409, 'gateway_id_conflict']);
    }
    expect((await second.heartbeat(url(1))).status).toBe(200);
  });

  test('at one node, the receipts of the earlier one count no more', async () => {
    const first = await joined();
    const second = await joined();
    expect((await first.heartbeat(url())).body.code).toBe('gateway_id_conflict');
    expect((await first.receipts(url(), [])).body.code).toBe('gateway_id_conflict');
    expect((await second.receipts(url(), [])).status).toBe(200);
  });
});

describe('a heartbeat', () => {
  test('that waits ends when the gateway asks again', async () => {
    const one = await joined();
    const start = performance.now();
    const waiting = one.heartbeat(url(), { hold_ms: 1_000 });
    await until('it waits', () => pair.fleet.nodes[0]?.node.fleet.gateways()[0]?.silent_ms !== undefined);
    await one.heartbeat(url());
    await waiting;
    expect(performance.now() - start).toBeLessThan(900);
  });

  test('that waits holds up no node that stops', async () => {
    const one = await joined();
    const waiting = one.heartbeat(url(), { hold_ms: 1_000 }).catch(() => undefined);
    await until('it waits', async () => (await stateOf('edge-1')) === 'synced');
    const start = performance.now();
    await pair.fleet.nodes[0]?.dispose();
    expect(performance.now() - start).toBeLessThan(800);
    await waiting;
  });

  test.each([
    ['no workers', { workers: [] }, '/workers'],
    ['a strange kind', { kind: 'nginx' as 'apisix' }, '/kind'],
    ['a hold that is too long', { hold_ms: 60_000 }, '/hold_ms'],
    ['a bad id', { gateway_id: '../x' }, '/gateway_id'],
    ['a short instance', { instance: 'x' }, '/instance'],
  ])('with %s is refused, and makes no gateway', async (_what, fields, pointer) => {
    const one = new ProtocolGateway({ id: 'edge-1' });
    const reply = await one.heartbeat(url(), fields);
    expect([reply.status, reply.body['pointer']]).toEqual([400, pointer]);
    expect((await shown()).gateways).toEqual([]);
  });

  test('of a newer release, with fields unknown here, is taken', async () => {
    const one = new ProtocolGateway({ id: 'edge-1' });
    expect((await one.heartbeat(url(), { shard: 'eu' } as object)).status).toBe(200);
  });
});

describe('the fleet', () => {
  test('as a node shows it that was started later has nobody behind who has everything', async () => {
    const revision = await setConfig(3);
    await joined();
    const elsewhere = { guards: [], puts: [{ key: '/elsewhere', value: '' }], deletes: [] };
    while ((await pair.fleet.revision()) <= revision + 5) await pair.fleet.store.transact(elsewhere);
    const late = await startLate(pair.fleet.store, pair.fleet.keys);
    const view = async () =>
      (await httpCall(late.url, 'GET', '/fleet')).body['gateways'] as FleetGateway[] | undefined;
    await until('it knows the gateway', async () => (await view())?.[0]?.state === 'synced');
    expect(await view()).toMatchObject([{ gateway_id: 'edge-1', behind: 0, lag_ms: 0 }]);
    await late.dispose();
  });

  test('shows its nodes', async () => {
    await setConfig(3);
    await pair.fleet.quiet();
    expect((await shown()).nodes).toMatchObject([
      { node_id: 'node-1', state: 'synced', behind: 0, lag_ms: 0, silent_ms: 0, gateways: 0 },
      { node_id: 'node-2', state: 'synced', behind: 0, lag_ms: 0 },
    ]);
  });

  test('shows on every node what each node has in quarantine', async () => {
    const key = pair.fleet.keys.record('config', 'spoilt');
    await pair.fleet.store.transact({ guards: [], puts: [{ key, value: 'x' }], deletes: [] });
    await until('node 1 shows that of node 2', async () => {
      const other = (await shown()).nodes.find(({ node_id }) => node_id === 'node-2');
      return other?.quarantined_total === 1 && other.quarantined[0]?.key === key;
    });
  });

  test('a node that is cut off says that the others are unknown, and itself disconnected', async () => {
    await joined();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    pair.fleet.seen[1]?.fail();
    await until('it notices', async () => !(await shown(1)).etcd_connected);
    const view = await shown(1);
    expect(view.nodes).toMatchObject([{ state: 'unknown', behind: null }, { state: 'disconnected' }]);
    expect(view.gateways).toMatchObject([
      { gateway_id: 'edge-1', state: 'unknown', behind: null, lag_ms: null },
    ]);
  });

  test('costs the store no write per gateway', async () => {
    const all = Array.from({ length: 40 }, (_, i) => new ProtocolGateway({ id: `edge-${i}` }));
    await Promise.all(all.map((one) => one.catchUp(url())));
    await until('the other node knows', async () =>
      (await shown(1)).gateways.every(({ state }) => state === 'synced'),
    );
    await pair.fleet.quiet();
    const revision = await setConfig(9);
    await Promise.all(
      all.map(async (one) => {
        const { answer } = await one.heartbeat(url(), { hold_ms: 1_000 });
        await one.tellAll(url(), answer.prove);
      }),
    );
    await until('the other node knows', async () =>
      (await shown(1)).gateways.every((view) => view.state === 'synced' && view.revision >= revision),
    );
    await pair.fleet.quiet();
    // Two receipts of nodes, and what was said of forty gateways in some few words.
    expect((await pair.fleet.revision()) - revision).toBeLessThan(20);
  });

  test('costs the store no writes while nothing happens', async () => {
    const one = await joined();
    await pair.fleet.quiet();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    const before = await pair.fleet.revision();
    for (let i = 0; i < 20; i++) await one.heartbeat(url());
    expect(await pair.fleet.revision()).toBe(before);
  });
});
