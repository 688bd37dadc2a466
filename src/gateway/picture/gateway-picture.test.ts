import { afterEach, describe, expect, it } from 'vitest';
import {
  type Cleanup,
  Feed,
  ask,
  cleanUp,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';
import { silentLog } from '../../shared/log.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

const start = async () => {
  const [first, second] = await Promise.all([
    startUpstream(stack, (_request, response) => response.end('first')),
    startUpstream(stack, (_request, response) => response.end('second')),
  ]);
  return { first, second, ...(await startGateway(stack)) };
};

const upstream = (fields: object = {}): object => ({ nodes: [{ host: 'a', port: 1, weight: 1 }], ...fields });

describe('a route object', () => {
  it.each([
    ['an unknown field', { colour: 1 }, /unknown field "colour"/],
    ['a wrong type', { priority: 'high' }, /\/priority/],
    ['uri and uris', { uri: '/x' }, /uri or uris/],
    ['no uri', { uris: undefined }, /uri or uris/],
    ['host and hosts', { host: 'a.com', hosts: ['a.com'] }, /host or hosts/],
    ['an empty list of hosts', { hosts: [] }, /\/hosts/],
    ['a bad host', { hosts: ['a b'] }, /\/hosts\/0/],
    ['an unknown method', { methods: ['FETCH'] }, /\/methods/],
    ['a status of 2', { status: 2 }, /\/status/],
    ['a label with a blank', { labels: { a: 'b c' } }, /\/labels/],
    ['a description too long', { desc: 'x'.repeat(257) }, /\/desc/],
    ['a timeout of 0', { timeout: { connect: 0, send: 1, read: 1 } }, /\/timeout/],
    ['half a timeout', { timeout: { connect: 1 } }, /\/timeout/],
    ['a plugin that is no object', { plugins: { cdn_defense: true } }, /\/plugins/],
    [
      'a defense with more than names',
      { plugins: { cdn_defense: { tenant: 't', route: 'r', mode: 'off' } } },
      /cdn_defense/,
    ],
    ['a defense without route', { plugins: { cdn_defense: { tenant: 't' } } }, /cdn_defense/],
    [
      'a defense whose tenant is no name',
      { plugins: { cdn_defense: { tenant: 'a b', route: 'r' } } },
      /cdn_defense/,
    ],
    ['neither plugins nor upstream', { plugins: undefined, upstream: undefined }, /neither/],
    ['an upstream without nodes', { upstream: { type: 'roundrobin' } }, /nodes/],
    ['an unknown upstream field', { upstream: upstream({ color: 1 }) }, /unknown field/],
    ['a port of 70000', { upstream: { nodes: [{ host: 'a', port: 70_000, weight: 1 }] } }, /nodes/],
    ['a weight below 0', { upstream: { nodes: [{ host: 'a', port: 1, weight: -1 }] } }, /nodes/],
    ['an unknown scheme', { upstream: upstream({ scheme: 'ftp' }) }, /scheme/],
    ['half a regex_uri', { plugins: { 'proxy-rewrite': { regex_uri: ['^/'] } } }, /regex_uri/],
  ])('with %s is rejected and the one before keeps serving', async (_what, fields, reason) => {
    const { first, second, feed, gateway, port } = await start();
    const loaded = feed.list({ 'routes/one': routeTo(first) });
    const at = feed.put({ 'routes/one': { ...routeTo(second), ...fields } });
    expect((await ask(port)).body).toBe('first');
    const [rejected] = gateway.status().rejected;
    expect(rejected).toMatchObject({ directory: 'routes', id: 'one', modRevision: at, live: 'previous' });
    expect(rejected?.reason).toMatch(reason);
    expect(gateway.state('routes', 'one').loaded).toBe(loaded);
    const healed = feed.put({ 'routes/one': routeTo(second) });
    expect((await ask(port)).body).toBe('second');
    expect(gateway.state('routes', 'one')).toEqual({ loaded: healed, rejection: undefined });
  });

  it.each([
    ['a plugin it does not know', { plugins: { 'ip-restriction': { whitelist: ['10.0.0.0/8'] } } }],
    [
      'a plugin under a condition',
      { plugins: { cdn_defense: { _meta: { disable: true }, tenant: 't', route: 'r' } } },
    ],
    ['a plugin config', { plugin_config_id: 'x' }],
    ['a service', { service_id: 'x' }],
    ['an upstream elsewhere', { upstream_id: 'x', upstream: undefined }],
    ['conditions', { vars: [['arg_x', '==', '1']] }],
    ['an address list', { remote_addrs: ['10.0.0.0/8'] }],
    ['a filter', { filter_func: 'function(vars) return false end' }],
    ['a script', { script: 'return function() end' }],
    ['a host for the upstream missing', { upstream: upstream({ pass_host: 'rewrite' }) }],
    ['gRPC', { upstream: upstream({ scheme: 'grpc' }) }],
    ['another balancer', { upstream: upstream({ type: 'chash', key: 'uri' }) }],
    ['health checks', { upstream: upstream({ checks: { active: {} } }) }],
    ['node priorities', { upstream: { nodes: [{ host: 'a', port: 1, weight: 1, priority: 1 }] } }],
    ['no upstream', { upstream: undefined }],
    ['no nodes', { upstream: { nodes: [] } }],
    ['a rewrite it can not do', { plugins: { 'proxy-rewrite': { uri: '/x' } } }],
  ])('with %s is loaded and refused, never served without it', async (_what, fields) => {
    const { first, feed, gateway, port } = await start();
    feed.list({ 'routes/one': routeTo(first), 'routes/two': routeTo(first, { uris: ['/two'] }) });
    const at = feed.put({ 'routes/one': { ...routeTo(first), ...fields } });
    expect((await ask(port)).status).toBe(503);
    expect((await ask(port, { path: '/two' })).status).toBe(200);
    expect(gateway.status().rejected).toMatchObject([{ id: 'one', modRevision: at, live: 'refusing' }]);
    expect(gateway.state('routes', 'one').loaded).toBe(at);
  });

  it('that is not JSON takes the route away', async () => {
    const { first, feed, gateway, port } = await start();
    feed.list({ 'routes/one': routeTo(first) });
    feed.put({ 'routes/one': '{"uris":' });
    expect((await ask(port)).status).toBe(404);
    expect(gateway.status().rejected).toMatchObject([
      { id: 'one', reason: 'it is not JSON', live: 'nothing' },
    ]);
    feed.put({ 'routes/one': undefined });
    expect(gateway.status().rejected).toEqual([]);
  });

  it.each(['5', '"text"', '[]', 'null'])('that is the JSON %s is rejected', async (text) => {
    const { first, feed, port } = await start();
    feed.list({ 'routes/one': routeTo(first) });
    feed.put({ 'routes/one': text });
    expect((await ask(port)).body).toBe('first');
  });

  it('of status 0 is loaded and not served', async () => {
    const { first, second, feed, gateway, port } = await start();
    feed.list({ 'routes/any': routeTo(second), 'routes/one': routeTo(first, { uris: ['/x'], status: 0 }) });
    expect((await ask(port, { path: '/x' })).body).toBe('second');
    expect(gateway.status().counts['routes']).toBe(2);
    feed.put({ 'routes/one': routeTo(first, { uris: ['/x'] }) });
    expect((await ask(port, { path: '/x' })).body).toBe('first');
  });

  it('with a uri that never matches says so and serves its other uris', async () => {
    const { first, feed, gateway, port } = await start();
    feed.list({ 'routes/one': routeTo(first, { uris: ['/a+b', '/a+b/*'] }) });
    expect((await ask(port, { path: '/a+b' })).body).toBe('first');
    expect((await ask(port, { path: '/a+b/c' })).status).toBe(404);
    expect(gateway.status().rejected).toMatchObject([{ id: 'one', live: 'partly' }]);
  });
});

describe('a global rule', () => {
  const RULE = { id: '1', plugins: { 'ip-restriction': { blacklist: ['127.0.0.1'] } } };

  it.each(['global_rules/1', 'global_rules/deeper/1'])(
    'under %s has every request refused for as long as it stands, and is logged once',
    async (key) => {
      const logged: [text: string, fields: object][] = [];
      const note = (fields: object, text: string) => logged.push([text, fields]);
      const origin = await startUpstream(stack, (_request, response) => response.end('first'));
      const { feed, gateway, port } = await startGateway(stack, { log: { ...silentLog, warn: note } });
      const objects = { 'routes/one': routeTo(origin), 'global_rules/': 'init_dir', 'services/s': {} };
      feed.list(objects);
      expect((await ask(port)).status).toBe(200);

      const at = feed.put({ [key]: RULE });
      expect(await ask(port)).toMatchObject({
        status: 503,
        body: '{"error_msg":"503 Service Unavailable"}\n',
      });
      feed.put({ 'global_rules/2': '5', 'routes/two': routeTo(origin, { uris: ['/two'] }) });
      feed.put({ 'global_rules/2': undefined });
      feed.list({ ...objects, [key]: RULE });
      expect((await ask(port, { path: '/two' })).status).toBe(503);
      expect(gateway.status()).toMatchObject({
        refusal: 'global rules are not served by the embedded gateway',
        unread: { counts: { global_rules: 1, services: 1 } },
      });
      const reason = 'global rules are not served by the embedded gateway';
      expect(logged).toEqual([
        ['every request is refused', { reason, keys: [`/apisix/${key}`], revision: at }],
      ]);

      feed.put({ [key]: undefined });
      expect((await ask(port)).status).toBe(200);
      expect(gateway.status().refusal).toBeUndefined();
    },
  );

  it('has WebSocket handshakes refused as well', async () => {
    const origin = await startUpstream(stack, (_request, response) => response.end());
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(origin, { enable_websocket: true }), 'global_rules/1': RULE });
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    };
    expect((await ask(port, { headers })).status).toBe(503);
  });
});

describe('the picture', () => {
  it('knows what is loaded at which revision', async () => {
    const { first, feed, gateway } = await start();
    const listed = feed.list({ 'routes/one': routeTo(first), 'routes/': 'init_dir', 'services/s': '{}' });
    const at = feed.put({ 'routes/two': routeTo(first), 'cdn_defense/tenants/t': { id: 't' } });
    expect(gateway.status()).toMatchObject({
      gateway_id: 'gateway-1',
      cluster_id: 'cluster',
      revision: at,
      counts: { routes: 2, ssls: 0, 'cdn_defense/tenants': 1 },
      loaded: { routes: { one: listed, two: at }, 'cdn_defense/tenants': { t: at } },
      rejected: [],
      unread: { counts: { services: 1 }, keys: ['/apisix/services/s'] },
    });
    expect(gateway.state('routes', 'none')).toEqual({ loaded: undefined, rejection: undefined });
  });

  it('becomes what a new listing says, keeping what it can not read', async () => {
    const { first, second, feed, gateway, port } = await start();
    feed.list({ 'routes/gone': routeTo(first, { uris: ['/gone'] }), 'routes/kept': routeTo(first) });
    feed.list({ 'routes/kept': { ...routeTo(second), colour: 1 } });
    expect((await ask(port, { path: '/gone' })).body).toBe('first');
    expect(gateway.state('routes', 'kept').rejection?.live).toBe('previous');
    expect(gateway.state('routes', 'gone').loaded).toBeUndefined();
    const restored = new Feed(gateway, 'another cluster');
    restored.list({ 'routes/kept': routeTo(second) });
    expect((await ask(port)).body).toBe('second');
    expect(gateway.status().cluster_id).toBe('another cluster');
  });

  it('takes a revision of 20,000 routes and single changes without a stall', async () => {
    const { first, feed, port } = await start();
    const routes: Record<string, object> = {};
    for (let i = 0; i < 20_000; i += 1) {
      routes[`routes/r${i}`] = routeTo(first, {
        uris: [`/t${i}`, `/t${i}/*`],
        hosts: [`h${i % 5_000}.example.com`],
      });
    }
    feed.list(routes);
    const began = performance.now();
    feed.put({ 'routes/r7': routeTo(first, { uris: ['/new'], hosts: ['h7.example.com'] }) });
    expect(performance.now() - began).toBeLessThan(200);
    expect((await ask(port, { path: '/new', headers: { Host: 'h7.example.com' } })).status).toBe(200);
    expect((await ask(port, { path: '/t7', headers: { Host: 'h7.example.com' } })).status).toBe(404);
  });
});
