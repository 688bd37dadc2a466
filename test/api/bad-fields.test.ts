import { afterAll, beforeAll } from 'vitest';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { type BadRequest, describeRefusals } from '../support/refused.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
  await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: { ...ROUTE, id: 'own' } } });
  await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body: { config: {} } });
});

afterAll(() => fleet.dispose());

type Code = BadRequest['code'];

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 60);

/** A row for a body that is wrong at a pointer. */
const bad =
  (method: string, path: string, wrap: (fields: unknown) => unknown) =>
  (fields: unknown, pointer: string, code: Code = 'invalid_value', name = shown(fields)): BadRequest => ({
    name: `${method} ${path} ${name}`,
    method,
    path,
    tenant: TENANT,
    body: wrap(fields),
    code,
    pointer,
  });

const config = bad('POST', '/global-config/tenant', (fields) => ({ config: fields }));
const patch = bad('PATCH', '/global-config/tenant', (fields) => ({ config: fields }));
const defense = bad('POST', '/defense-plugin/apply', (fields) => ({
  route_id: 'own',
  defense_config: fields,
}));
const all = bad('POST', '/defense-plugin/update-all', (fields) => ({ defense_config: fields }));
const create = bad('POST', '/global-routes', (fields) => ({
  route: { ...ROUTE, id: 'new', ...(fields as object) },
}));
const update = bad('PUT', '/global-routes/own', (fields) => ({ updates: fields }));
const whole = (method: string, path: string) => bad(method, path, (fields) => fields);

const BODIES: BadRequest[] = [
  whole('POST', '/global-config/tenant')(undefined, '', 'body_required', 'without a body'),
  whole('POST', '/global-config/tenant')('', '', 'body_required', 'with an empty body'),
  whole('POST', '/global-config/tenant')('null', '', 'body_required'),
  whole('POST', '/global-config/tenant')([], ''),
  whole('POST', '/global-config/tenant')('"text"', ''),
  whole('POST', '/global-config/tenant')('7', ''),
  whole('POST', '/global-config/tenant')({}, '/config', 'missing_field'),
  whole('POST', '/global-config/tenant')({ config: null }, '/config'),
  whole('POST', '/global-config/tenant')({ config: [] }, '/config'),
  whole('POST', '/global-config/tenant')({ config: {}, extra: 1 }, '/extra', 'unknown_field'),
  whole('POST', '/global-config/tenant')({ config: {}, version: 7 }, '/version', 'read_only_field'),
  whole('POST', '/global-routes')({ route: {} }, '/route/id', 'missing_field'),
  whole('POST', '/global-routes')({ id: 'flat', path: '/', upstream: 'http://b' }, '/route', 'missing_field'),
  whole('POST', '/global-routes')({ route: { id: 'new', path: '/' } }, '/route/upstream', 'missing_field'),
  whole('PUT', '/global-routes/own')({ route: {} }, '/updates', 'missing_field'),
  whole('POST', '/defense-plugin/apply')({ route_id: 'own' }, '/defense_config', 'missing_field'),
  whole('POST', '/defense-plugin/apply')({ defense_config: {} }, '/route_id', 'missing_field'),
  whole('POST', '/defense-plugin/apply')(
    { route_id: '../own', defense_config: {} },
    '/route_id',
    'invalid_identifier',
  ),
  whole('POST', '/global-ssl')({ domain: 'a.example.com' }, '/cert', 'missing_field'),
];

const PARAMETERS: BadRequest[] = [
  config({ threat_threshold: 101 }, '/config/threat_threshold'),
  config({ threat_threshold: -1 }, '/config/threat_threshold'),
  config({ threat_threshold: 70.5 }, '/config/threat_threshold'),
  config({ threat_threshold: '70' }, '/config/threat_threshold'),
  config({ threat_threshold: null }, '/config/threat_threshold'),
  config({ threat_threshold: true }, '/config/threat_threshold'),
  config({ rate_limit: 0 }, '/config/rate_limit'),
  config({ rate_limit: -5 }, '/config/rate_limit'),
  config({ rate_limit: 1e10 }, '/config/rate_limit'),
  config({ rate_limit: '1000' }, '/config/rate_limit'),
  config({ rate_limit: {} }, '/config/rate_limit/count', 'missing_field'),
  config({ rate_limit: { count: 5 } }, '/config/rate_limit/window_s', 'missing_field'),
  config({ rate_limit: { count: 0, window_s: 1 } }, '/config/rate_limit/count'),
  config({ rate_limit: { count: 1, window_s: 86_401 } }, '/config/rate_limit/window_s'),
  config({ rate_limit: { count: 1, window_s: 1, scope: 'world' } }, '/config/rate_limit/scope'),
  config({ rate_limit: { count: 1, window_s: 1, per: 'ip' } }, '/config/rate_limit/per', 'unknown_field'),
  config({ enabled_defense: 'true' }, '/config/enabled_defense'),
  config({ enabled_defense: 1 }, '/config/enabled_defense'),
  config({ challenge_type: 'captcha' }, '/config/challenge_type'),
  config({ mode: 'ENFORCE' }, '/config/mode'),
  config({ allow: '203.0.113.0/24' }, '/config/allow'),
  config({ allow: ['203.0.113.0/33'] }, '/config/allow/0'),
  config({ allow: ['203.0.113.7', '010.0.0.1'] }, '/config/allow/1'),
  config({ allow: ['10.1'] }, '/config/allow/0'),
  config({ allow: ['1.2.3.4/08'] }, '/config/allow/0'),
  config({ allow: ['1.2.3.04'] }, '/config/allow/0'),
  config({ allow: ['::ffff:01.2.3.4'] }, '/config/allow/0'),
  config({ allow: ['2001:db8::/032'] }, '/config/allow/0'),
  config({ deny: ['everyone'] }, '/config/deny/0'),
  config({ deny: ['2001:db8::/129'] }, '/config/deny/0'),
  config({ deny: ['fe80::1%eth0'] }, '/config/deny/0'),
  config({ deny: ['::ffff:10.0.0.0/95'] }, '/config/deny/0'),
  config({ deny: ['192.0.2.1', '192.0.2.1'] }, '/config/deny'),
  config({ deny: Array.from({ length: 257 }, (_, i) => `10.0.${i >> 8}.${i & 255}`) }, '/config/deny'),
  config({ enabled: true }, '/config/enabled', 'unknown_field'),
  config({ constructor: 1 }, '/config/constructor', 'forbidden_field'),
  config({ version: 3 }, '/config/version', 'read_only_field'),
  config({ updated_by: 'me' }, '/config/updated_by', 'read_only_field'),
  config({ tenant_id: 'other' }, '/config/tenant_id', 'read_only_field'),
  config({ 'a/b~c\u0007': 1 }, '/config/a~1b~0c\u0007', 'unknown_field'),
  patch({}, '/config'),
  patch({ threat_threshold: 101 }, '/config/threat_threshold'),
  patch({ version: null }, '/config/version', 'read_only_field'),
  patch({ nope: null }, '/config/nope', 'unknown_field'),
  defense({ threat_threshold: 200 }, '/defense_config/threat_threshold'),
  defense({ enabled_defense: true }, '/defense_config/enabled_defense', 'unknown_field'),
  defense({ js_fingerprint: 'yes' }, '/defense_config/js_fingerprint'),
  defense(null, '/defense_config'),
  all({}, '/defense_config'),
  all({ rate_limit: 1.5 }, '/defense_config/rate_limit'),
  all({ colour: 'red' }, '/defense_config/colour', 'unknown_field'),
];

const routeFields: [fields: object, at: string, code?: Code][] = [
  [{ path: '' }, '/path'],
  [{ path: 'api' }, '/path'],
  [{ path: '*' }, '/path'],
  [{ path: 7 }, '/path'],
  [{ path: '/a/../b' }, '/path'],
  [{ path: '/a/./b' }, '/path'],
  [{ path: '/..' }, '/path'],
  [{ path: '/a//b' }, '/path'],
  [{ path: '/a b' }, '/path'],
  [{ path: '/a?x=1' }, '/path'],
  [{ path: '/a#b' }, '/path'],
  [{ path: '/*/b' }, '/path'],
  [{ path: '/a*' }, '/path'],
  [{ path: '/:id' }, '/path'],
  [{ path: '/%2e%2e/a' }, '/path'],
  [{ path: '/a\r\nX: y' }, '/path'],
  [{ path: '/a\n' }, '/path'],
  [{ path: '/a\u0000' }, '/path'],
  [{ path: '/路由' }, '/path'],
  [{ path: `/${'a'.repeat(1024)}` }, '/path'],
  [{ path: '/a'.repeat(200) }, '/path'],
  [{ path: `/${'&'.repeat(1000)}` }, '/path'],
  [{ methods: [] }, '/methods'],
  [{ methods: 'GET' }, '/methods'],
  [{ methods: ['GET', 'BREW'] }, '/methods/1'],
  [{ methods: ['get'] }, '/methods/0'],
  [{ methods: ['GET', 'GET'] }, '/methods'],
  [{ hosts: [] }, '/hosts'],
  [{ hosts: ['example com'] }, '/hosts/0'],
  [{ hosts: ['exa\u200bmple.com'] }, '/hosts/0'],
  [{ hosts: ['xn--a.example'] }, '/hosts/0'],
  [{ hosts: ['user@example.com'] }, '/hosts/0'],
  [{ hosts: ['%65xample.com'] }, '/hosts/0'],
  [{ hosts: ['a.example.com', 'A.example.com'] }, '/hosts'],
  [{ hosts: ['bücher.example', 'c.example', 'xn--bcher-kva.example.'] }, '/hosts'],
  [{ hosts: ['http://example.com'] }, '/hosts/0'],
  [{ hosts: ['example.com:80'] }, '/hosts/0'],
  [{ hosts: ['example.com..'] }, '/hosts/0'],
  [{ hosts: ['*'] }, '/hosts/0'],
  [{ hosts: ['a.*.example.com'] }, '/hosts/0'],
  [{ hosts: ['-a.example.com'] }, '/hosts/0'],
  [{ hosts: ['a.example.com', 'b..c'] }, '/hosts/1'],
  [{ hosts: [`${'a'.repeat(64)}.com`] }, '/hosts/0'],
  [{ hosts: ['a.b.c.d.e.f.g.h.i.j.k'] }, '/hosts/0'],
  [{ hosts: Array.from({ length: 11 }, (_, i) => `h${i}.example.com`) }, '/hosts'],
  [{ priority: 1.5 }, '/priority'],
  [{ priority: 1001 }, '/priority'],
  [{ strip_path: 'yes' }, '/strip_path'],
  [{ websocket: 1 }, '/websocket'],
  [{ upstream_host: 'a\r\nb' }, '/upstream_host'],
  [{ upstream_host: 'a b' }, '/upstream_host'],
  [{ upstream_host: '' }, '/upstream_host'],
  [{ timeout: { connect: 1, send: 1 } }, '/timeout/read', 'missing_field'],
  [{ timeout: { connect: 0, send: 1, read: 1 } }, '/timeout/connect'],
  [{ timeout: { connect: 1, send: 1, read: 3601 } }, '/timeout/read'],
  [{ timeout: 5 }, '/timeout'],
  [{ description: 'a\u0000b' }, '/description'],
  [{ description: 'a\u202eb' }, '/description'],
  [{ description: '\ud800' }, '/description'],
  [{ description: 'd'.repeat(257) }, '/description'],
  [{ plugins: { cdn_defense: {} } }, '/plugins', 'read_only_field'],
  [{ tenant_id: 'other' }, '/tenant_id', 'read_only_field'],
  [{ plugin_config_id: 'x' }, '/plugin_config_id', 'unknown_field'],
  [{ filter_func: 'x' }, '/filter_func', 'unknown_field'],
];

const ROUTES: BadRequest[] = [
  ...routeFields.map(([fields, at, code]) => create(fields, `/route${at}`, code)),
  ...routeFields.map(([fields, at, code]) => update(fields, `/updates${at}`, code)),
  update({}, '/updates'),
  update({ path: null }, '/updates/path'),
  update({ upstream: null }, '/updates/upstream'),
  update({ id: 'other' }, '/updates/id', 'unknown_field'),
];

describeRefusals('bad bodies', () => fleet, BODIES);
describeRefusals('bad parameters', () => fleet, PARAMETERS);
describeRefusals('bad routes', () => fleet, ROUTES);
