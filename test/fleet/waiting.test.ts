/** Changes that wait for the fleet, and defense that is kept from gateways without it. */
import { afterEach, describe, expect, test } from 'vitest';
import type { FleetProgress } from '../../src/contract/fleet-answer.ts';
import { type Fleet, type FleetOptions, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';
import { bearer, issueToken, ROOT_TOKEN } from '../support/tokens.ts';
import { ProtocolGateway } from './protocol-gateway.ts';

let fleet: Fleet;

afterEach(() => fleet.dispose());

const start = async (options: FleetOptions = {}): Promise<void> => {
  fleet = await startFleet({ nodes: 2, ...options });
};
const url = (n = 0): string => fleet.nodes[n]?.url ?? '';
const joined = async (id: string, n = 0, options = {}): Promise<ProtocolGateway> => {
  const one = new ProtocolGateway({ id, ...options });
  await one.catchUp(url(n));
  await until('every node knows', () =>
    fleet.nodes.every(({ node }) =>
      node.fleet.gateways().some((view) => view.gateway_id === id && view.state === 'synced'),
    ),
  );
  return one;
};
/** Sets a parameter at node 0 and waits for the fleet. */
const change = (threat_threshold: number, timeout_ms = 5_000): Promise<Reply> =>
  fleet.call('POST', `/global-config/tenant?wait=fleet&timeout_ms=${timeout_ms}`, {
    tenant: TENANT,
    body: { config: { threat_threshold } },
  });
const progress = (reply: Reply): FleetProgress => reply.body['fleet'] as FleetProgress;

/** Answers one poll by the truth. */
const prove = async (one: ProtocolGateway, n = 0): Promise<void> => {
  const { answer } = await one.heartbeat(url(n), { hold_ms: 1_000 });
  await one.tellAll(url(n), answer.prove);
};

describe('a change with ?wait=fleet', () => {
  test('is answered once every gateway of every node has proved it', async () => {
    await start();
    const [near, far] = [await joined('near'), await joined('far', 1)];
    let answered = false;
    const writing = change(9).finally(() => {
      answered = true;
    });
    await prove(near);
    expect(answered).toBe(false);
    await prove(far, 1);
    const reply = await writing;
    expect(reply.status, reply.text).toBe(200);
    expect(reply.body['sync_status']).toBe('all_nodes_and_gateways_updated');
    expect(progress(reply)).toMatchObject({
      nodes: { live: 2, pending: [] },
      gateways: { known: 2, proved: 2, pending: [] },
    });
  });

  test('that a gateway does not prove in time is answered 202 and names it', async () => {
    await start();
    const [near] = [await joined('near'), await joined('far', 1)];
    const writing = change(9, 400);
    await prove(near);
    const reply = await writing;
    expect([reply.status, reply.body['sync_status'], reply.body['pending']]).toEqual([
      202,
      'broadcasting_to_all_nodes',
      ['far'],
    ]);
    expect(progress(reply).gateways).toMatchObject({
      known: 2,
      proved: 1,
      pending: [{ gateway_id: 'far', state: 'catching_up' }],
    });
  });

  test('is not answered 200 for a gateway that was silent until it was taken off the list', async () => {
    let ahead_ms = 0;
    const clock = { now: () => Date.now() + ahead_ms, monotonic: () => performance.now() + ahead_ms };
    await start({ clock });
    await joined('mute', 1);
    const states = () => fleet.nodes.map(({ node }) => node.fleet.gateways()[0]?.state);
    const writing = change(9, 60_000);
    ahead_ms += 5_000;
    await until('it is seen to be silent', () => states().every((state) => state === 'stale'));
    // Somebody who waits looks once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    ahead_ms += 26_000;
    const reply = await writing;
    expect(states()).toEqual([undefined, undefined]);
    expect([reply.status, reply.body['pending']]).toEqual([202, ['mute']]);
    expect(progress(reply).gateways).toMatchObject({
      known: 1,
      proved: 0,
      pending: [{ gateway_id: 'mute', state: 'stale' }],
    });
  });

  test('that a gateway rejects is answered 202 at once, with the reason', async () => {
    await start();
    const one = await joined('edge', 1);
    const writing = change(9, 20_000);
    const { answer } = await one.heartbeat(url(1), { hold_ms: 1_000 });
    await one.receipts(
      url(1),
      answer.prove.map((item) =>
        one.receipt(item, { loaded: 0, seen: item.revision }, 'threat_threshold is too low'),
      ),
    );
    const reply = await writing;
    expect([reply.status, reply.body['sync_status']]).toEqual([202, 'rejected_by_gateways']);
    expect(progress(reply).gateways).toMatchObject({
      proved: 1,
      rejected: [
        { gateway_id: 'edge', rejected: [{ id: TENANT, reason: 'threat_threshold is too low', live: 0 }] },
      ],
      reasons: ['threat_threshold is too low'],
    });
    const next = fleet.call('POST', '/global-config/tenant?wait=fleet', {
      tenant: 'other',
      body: { config: {} },
    });
    await prove(one, 1);
    expect((await next).status, 'a rejection of another change is not this one’s').toBe(200);
  });

  test('where no gateway reports says so', async () => {
    await start();
    const reply = await change(9);
    expect([reply.status, reply.body['sync_status']]).toEqual([200, 'all_nodes_updated']);
    expect(progress(reply).gateways.known).toBe(0);
    expect(reply.body['warnings']).toEqual(['没有网关上报，无法得知网关实际使用的配置']);
  });

  test('that wrote nothing gateways read waits for nothing of them', async () => {
    await start();
    await joined('edge');
    await Promise.all([change(9), prove(await joined('edge'))]);
    const reply = await change(9);
    expect([reply.status, reply.body['sync_status']]).toEqual([200, 'all_nodes_and_gateways_updated']);
  });

  test('tells tenants how many gateways lack it, and not which', async () => {
    await start({ gate: { mode: 'on', rootToken: ROOT_TOKEN } });
    const one = new ProtocolGateway({ id: 'edge', headers: bearer(ROOT_TOKEN).headers });
    await one.catchUp(url());
    const { token } = await issueToken(fleet, { role: 'editor', tenants: [TENANT] });
    const path = '/global-config/tenant?wait=fleet&timeout_ms=50';
    const reply = await fleet.call('POST', path, { ...bearer(token), tenant: TENANT, body: { config: {} } });
    expect(reply.status).toBe(202);
    expect(progress(reply).gateways).toMatchObject({ known: 1, proved: 0, pending: [] });
    expect(reply.text).not.toContain('edge');
  });
});

describe('defense, while a gateway lacks the plugin,', () => {
  const apply = (defense_config: object = {}) =>
    fleet.call('POST', '/defense-plugin/apply?wait=none', {
      tenant: TENANT,
      body: { route_id: ROUTE.id, defense_config },
    });
  const route = () => fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } });

  test('is put nowhere, and the gateway is named, until it has gone or has the plugin', async () => {
    await start();
    await route();
    const bare = await joined('bare', 1, { plugin: false });
    const refused = await apply();
    expect([refused.status, refused.body.code]).toEqual([409, 'gateway_lacks_plugin']);
    expect(refused.body['gateways']).toEqual(['bare']);
    const all = await fleet.call('POST', '/defense-plugin/update-all', {
      body: { defense_config: { threat_threshold: 3 } },
    });
    expect(all.body.code).toBe('gateway_lacks_plugin');
    expect((await fleet.call('GET', `/global-routes/${ROUTE.id}`, { tenant: TENANT })).text).not.toContain(
      'cdn_defense',
    );
    await bare.heartbeat(url(1), { plugin: { loaded: true, version: '0.1' } });
    await until('node 0 knows', () => fleet.nodes[0]?.node.fleet.gateways()[0]?.plugin.loaded === true);
    expect((await apply()).status).toBe(200);
  });

  test('can still be switched off, and be taken off', async () => {
    await start();
    await route();
    expect((await apply()).status).toBe(200);
    await joined('bare', 0, { plugin: false });
    expect((await apply({ enabled: false })).status).toBe(200);
    const off = await fleet.call('POST', '/defense-plugin/update-all?wait=none', {
      body: { defense_config: { enabled_defense: false } },
    });
    expect(off.status).toBe(200);
    expect(
      (await fleet.call('DELETE', `/defense-plugin/${ROUTE.id}?wait=none`, { tenant: TENANT })).status,
    ).toBe(200);
  });

  test('is put there with a warning, where the operator wants it so', async () => {
    await start({ capabilityGate: 'warn' });
    await route();
    await joined('bare', 1, { plugin: false });
    const reply = await apply();
    expect(reply.status).toBe(200);
    expect(reply.body['warnings']).toEqual(['以下网关没有加载 cdn_defense，会不加防御地提供服务：bare']);
  });
});
