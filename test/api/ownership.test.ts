import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { type BadRequest, describeRefusals } from '../support/refused.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
  const own = { ...ROUTE, id: 'own', hosts: ['own.example.com'] };
  const others = {
    ...ROUTE,
    id: 'others',
    path: '/owned/*',
    hosts: ['Others.Example.com', '*.wild.example.com.', 'bücher.example', '*.公司.example'],
  };
  const hostless = { ...ROUTE, id: 'others-hostless', path: '/owned/*' };
  for (const [tenant, route] of [
    [TENANT, own],
    ['tenant-002', others],
    ['tenant-002', hostless],
  ] as const) {
    const { status } = await fleet.call('POST', '/global-routes', { tenant, body: { route } });
    expect(status).toBe(201);
  }
});

afterAll(() => fleet.dispose());

const inPath = { in: 'path', pointer: '/id' } as const;

const missing = (name: string, method: string, path: string, expected: Partial<BadRequest>): BadRequest => ({
  name,
  method,
  path,
  tenant: TENANT,
  code: 'route_not_found',
  ...inPath,
  ...expected,
});

const updates = { updates: { strip_path: false } };
const post = (name: string, route: object, code: BadRequest['code'], pointer: string): BadRequest =>
  missing(name, 'POST', '/global-routes', {
    body: { route: { ...ROUTE, ...route } },
    code,
    in: 'body',
    pointer,
  });
const put = (name: string, fields: object, code: BadRequest['code'], pointer: string): BadRequest =>
  missing(name, 'PUT', '/global-routes/own', { body: { updates: fields }, code, in: 'body', pointer });

const OWNERSHIP: BadRequest[] = [
  missing('GET of a route that does not exist', 'GET', '/global-routes/nope', {}),
  missing('PUT of a route that does not exist', 'PUT', '/global-routes/nope', { body: updates }),
  missing('DELETE of a route that does not exist', 'DELETE', '/global-routes/nope', {}),
  missing('GET of another tenant’s route', 'GET', '/global-routes/others', {}),
  missing('PUT of another tenant’s route', 'PUT', '/global-routes/others', { body: updates }),
  missing('DELETE of another tenant’s route', 'DELETE', '/global-routes/others', {}),
  missing('defense for another tenant’s route', 'POST', '/defense-plugin/apply', {
    body: { route_id: 'others', defense_config: {} },
    in: 'body',
    pointer: '/route_id',
  }),
  missing('taking defense off another tenant’s route', 'DELETE', '/defense-plugin/others', {
    pointer: '/route_id',
  }),
  missing('taking off a defense that is not there', 'DELETE', '/defense-plugin/own', {
    code: 'defense_not_applied',
    pointer: '/route_id',
  }),
  missing('the history of another tenant’s route', 'GET', '/history/routes/others', {
    code: 'history_not_found',
  }),
  missing('DELETE of a certificate that does not exist', 'DELETE', '/global-ssl/tenant-001:a.example.com', {
    code: 'certificate_not_found',
  }),
  missing('GET of another tenant’s certificate', 'GET', '/global-ssl/tenant-002:a.example.com', {
    code: 'certificate_not_found',
  }),
  missing('the config of a tenant that has none', 'GET', '/global-config/tenant', {
    tenant: 'tenant-003',
    code: 'config_not_found',
    in: 'header',
    pointer: '/x-tenant-id',
  }),
  missing('PATCH of a config that does not exist', 'PATCH', '/global-config/tenant', {
    tenant: 'tenant-003',
    body: { config: { threat_threshold: 1 } },
    code: 'config_not_found',
    in: 'header',
    pointer: '/x-tenant-id',
  }),
  post('a route id that another tenant has', { id: 'others' }, 'route_id_taken', '/route/id'),
  post('a route id that the tenant has', { id: 'own' }, 'route_id_taken', '/route/id'),
  post(
    'a host of another tenant',
    { id: 'r', hosts: ['others.example.com'] },
    'domain_taken',
    '/route/hosts',
  ),
  post(
    'a host beneath another’s wildcard',
    { id: 'r', hosts: ['a.wild.example.com'] },
    'domain_taken',
    '/route/hosts',
  ),
  post(
    'a wildcard over another’s host',
    { id: 'r', hosts: ['*.example.com'] },
    'domain_taken',
    '/route/hosts',
  ),
  post('a path beneath another’s prefix', { id: 'r', path: '/owned/a' }, 'path_taken', '/route/path'),
  post('a path that is another’s base', { id: 'r', path: '/owned' }, 'path_taken', '/route/path'),
  post('a prefix over another’s', { id: 'r', path: '/*' }, 'path_taken', '/route/path'),
  put(
    'an update to a host of another tenant',
    { hosts: ['others.example.com'] },
    'domain_taken',
    '/updates/hosts',
  ),
  put('an update to another’s path', { hosts: null, path: '/owned/x' }, 'path_taken', '/updates/path'),
];

OWNERSHIP.push(
  post(
    'another’s host in capitals',
    { id: 'r', hosts: ['OTHERS.Example.Com'] },
    'domain_taken',
    '/route/hosts',
  ),
  post(
    'another’s host with a dot at its end',
    { id: 'r', hosts: ['others.example.com.'] },
    'domain_taken',
    '/route/hosts',
  ),
  post(
    'another’s IDN in punycode',
    { id: 'r', hosts: ['xn--bcher-kva.example'] },
    'domain_taken',
    '/route/hosts',
  ),
  post('another’s IDN in capitals', { id: 'r', hosts: ['BÜCHER.example'] }, 'domain_taken', '/route/hosts'),
  post(
    'a host beneath another’s IDN wildcard',
    { id: 'r', hosts: ['a.xn--55qx5d.example'] },
    'domain_taken',
    '/route/hosts',
  ),
  post(
    'another’s path with other methods',
    { id: 'r', path: '/owned/*', methods: ['HEAD'] },
    'path_taken',
    '/route/path',
  ),
  post(
    'another’s path with a higher priority',
    { id: 'r', path: '/owned/*', priority: 9 },
    'path_taken',
    '/route/path',
  ),
  post('another’s path with a slash at its end', { id: 'r', path: '/owned/' }, 'path_taken', '/route/path'),
  post(
    'another’s path while switched off',
    { id: 'r', path: '/owned/*', enabled: false },
    'path_taken',
    '/route/path',
  ),
  post(
    'a wildcard of a whole suffix',
    { id: 'r', hosts: ['a.example.org', '*.co.uk'] },
    'wildcard_too_wide',
    '/route/hosts',
  ),
  post(
    'a wildcard of strangers’ pages',
    { id: 'r', hosts: ['*.GitHub.io.'] },
    'wildcard_too_wide',
    '/route/hosts',
  ),
  put(
    'an update to a wildcard of a top-level domain',
    { hosts: ['*.com'] },
    'wildcard_too_wide',
    '/updates/hosts',
  ),
);

describeRefusals('what is not there, or is another tenant’s', () => fleet, OWNERSHIP);

test('a host is shown as it is stored, and found by every way of writing it', async () => {
  const others = await fleet.call('GET', '/global-routes/others', { tenant: 'tenant-002' });
  const hosts = ['others.example.com', '*.wild.example.com', 'xn--bcher-kva.example', '*.xn--55qx5d.example'];
  expect(others.body).toMatchObject({ route: { hosts } });
  const { cert, key } = await makeCertificate({ names: ['xn--bcher-kva.example'] });
  const upload = await fleet.call('POST', '/global-ssl', {
    tenant: 'tenant-002',
    body: { domain: 'Bücher.Example.', cert, key },
  });
  expect(upload).toMatchObject({ status: 201, body: { cert_id: 'tenant-002:xn--bcher-kva.example' } });
  expect(upload.headers['location']).toBe('/global-ssl/tenant-002:xn--bcher-kva.example');
  const contents = await fleet.contents();
  expect(contents.has('/apisix/ssls/xn--bcher-kva.example')).toBe(true);
});

test('refusals of hosts and paths say why, and not who', async () => {
  const why = async (route: object): Promise<string> => {
    const call = { tenant: TENANT, body: { route: { ...ROUTE, id: 'r', ...route } } };
    const zh = await fleet.call('POST', '/global-routes', call);
    const en = await fleet.call('POST', '/global-routes', { ...call, headers: { 'accept-language': 'en' } });
    expect(zh.body.detail).toMatch(/其他租户/);
    expect(zh.text + en.text).not.toMatch(/tenant-002|others/);
    return en.body.detail;
  };
  expect(await why({ hosts: ['x.wild.example.com'] })).toBe(
    'The domain x.wild.example.com is not available: another tenant has it, or one that covers it or lies beneath it.',
  );
  expect(await why({ path: '/owned/x', methods: ['HEAD'] })).toMatch(
    /^The path \/owned\/x is not available .* overlaps with it, whatever their methods/,
  );
});
