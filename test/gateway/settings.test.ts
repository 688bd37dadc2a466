/** What an operator sets on an embedded gateway: whom it believes about the client, and where it is measured. */
import { afterEach, describe, expect, it } from 'vitest';
import { type StartGatewayOptions, startGateway } from '../../src/compose/gateway.ts';
import { silentLog } from '../../src/shared/log.ts';
import { BROWSER } from '../support/browser-like.ts';
import { startFleet } from '../support/control-plane.ts';
import { httpCall } from '../support/http-call.ts';
import { until } from '../support/until.ts';
import { type Cleanup, cleanUp, echo, startUpstream } from './fixture.ts';

const TENANT = 'tenant-001';
const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

/** A gateway with one defended route, `/shop/*`, whose tenant refuses 203.0.113.0/24. */
const start = async (options: Partial<StartGatewayOptions>) => {
  const origin = await startUpstream(stack, echo);
  const fleet = await startFleet({ upstreams: { privateRanges: 'open', reserved: [] } });
  stack.push(() => fleet.dispose());
  const write = async (path: string, body: object): Promise<void> => {
    const reply = await fleet.call('POST', path, { tenant: TENANT, body });
    expect(reply.status, reply.text).toBeLessThan(300);
  };
  await write('/global-config/tenant', { config: { deny: ['203.0.113.0/24'] } });
  await write('/global-routes', {
    route: { id: 'shop', path: '/shop/*', upstream: `http://127.0.0.1:${origin}` },
  });
  await write('/defense-plugin/apply', { route_id: 'shop', defense_config: {} });
  const gateway = await startGateway({
    gatewayId: 'edge-1',
    http: { host: '127.0.0.1', port: 0 },
    store: fleet.store,
    keys: fleet.keys,
    log: silentLog,
    ...options,
  });
  stack.push(() => gateway.dispose());
  const get = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await httpCall(gateway.urls[0] ?? '', 'GET', '/shop/x', { headers: { ...BROWSER, ...headers } })).status;
  return { fleet, gateway, get };
};

describe('the client’s address', () => {
  it('is taken from X-Real-IP of a peer that is believed, and of no other', async () => {
    const believed = await start({ realIpFrom: ['127.0.0.0/8'] });
    expect(await believed.get({ 'x-real-ip': '203.0.113.5' })).toBe(403);
    const doubted = await start({ realIpFrom: ['10.0.0.0/8'] });
    expect(await doubted.get({ 'x-real-ip': '203.0.113.5' })).toBe(200);
  });

  it('is taken from X-Forwarded-For behind proxies that are trusted, and nowhere else', async () => {
    const behind = await start({ trustedProxies: ['127.0.0.1', '198.51.100.0/24'] });
    expect(await behind.get({ 'x-forwarded-for': '203.0.113.5, 198.51.100.7' })).toBe(403);
    // What a client wrote left of a proxy that is not trusted says nothing.
    expect(await behind.get({ 'x-forwarded-for': '203.0.113.5, 192.0.2.1' })).toBe(200);
    const alone = await start({});
    expect(await alone.get({ 'x-forwarded-for': '203.0.113.5' })).toBe(200);
  });
});

describe('the metrics', () => {
  it('are off unless asked for', async () => {
    expect((await start({})).gateway.metricsUrl).toBeUndefined();
  });

  it('count what was decided and show what is served, on an address of their own', async () => {
    const { fleet, gateway, get } = await start({ metrics: { host: '127.0.0.1', port: 0 } });
    const url = new URL(gateway.metricsUrl ?? '');
    const scrape = async () => (await httpCall(url.origin, 'GET', '/metrics')).text;
    const value = (text: string, name: string): number =>
      Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1]);
    const verdicts = (decided: string) =>
      `lockstep_gateway_verdicts_total{decided="${decided}",gateway="edge-1"}`;
    expect(await get({ 'x-real-ip': '203.0.113.5' })).toBe(403);
    expect(await get({})).toBe(200);
    expect(await get({})).toBe(200);
    const text = await scrape();
    expect(value(text, verdicts('deny'))).toBe(1);
    expect(value(text, verdicts('pass'))).toBe(2);
    expect(value(text, verdicts('failed'))).toBe(0);
    // A second scrape must not count anything again.
    expect(value(await scrape(), verdicts('pass'))).toBe(2);
    expect(value(text, 'lockstep_gateway_applied_revision{gateway="edge-1"}')).toBe(
      gateway.gateway.applied?.revision,
    );
    expect(value(text, 'lockstep_gateway_store_live{gateway="edge-1"}')).toBe(1);
    expect(value(text, 'lockstep_gateway_objects{directory="routes",gateway="edge-1"}')).toBe(1);
    expect(value(text, 'lockstep_gateway_rejected_objects{gateway="edge-1"}')).toBe(0);
    const puts = [
      { key: `${fleet.keys.projection}services/s`, value: '{}' },
      { key: `${fleet.keys.projection}routes/broken`, value: '{"uri":1}' },
    ];
    await fleet.store.transact({ guards: [], puts, deletes: [] });
    await until('the broken route was seen', async () => {
      return value(await scrape(), 'lockstep_gateway_rejected_objects{gateway="edge-1"}') === 1;
    });
    const unread = 'lockstep_gateway_unread_objects{directory="services",gateway="edge-1"}';
    expect(value(await scrape(), unread)).toBe(1);
    expect((await httpCall(url.origin, 'GET', '/')).status).toBe(404);
    expect((await httpCall(url.origin, 'POST', '/metrics')).status).toBe(405);
    // The listener for traffic knows nothing of it.
    expect((await httpCall(gateway.urls[0] ?? '', 'GET', '/metrics')).status).toBe(404);
  });
});
