import { afterAll, beforeAll } from 'vitest';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { type BadRequest, describeRefusals } from '../support/refused.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
  await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: { ...ROUTE, id: 'own' } } });
  const body = { config: { threat_threshold: 70 } };
  await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body });
});

afterAll(() => fleet.dispose());

const LONG = 'a'.repeat(300);

type Row = Omit<BadRequest, 'method' | 'path'>;

const to = (method: string, path: string, rows: readonly Row[]): BadRequest[] =>
  rows.map((row) => ({ method, path, tenant: TENANT, ...row }));

const routeIds: Row[] = [
  ['a slash', 'a/b'],
  ['two dots', 'a..b'],
  ['a colon', 'a:b'],
  ['300 characters', LONG],
  ['65 characters', 'a'.repeat(65)],
  ['no characters', ''],
  ['a leading dot', '.hidden'],
  ['a space', 'a b'],
  ['a line end', 'a\r\nb'],
  ['letters beyond ASCII', '路由'],
  ['a zero byte', 'a\u0000'],
].map(([what, id]) => ({
  name: `a route id with ${what}`,
  body: { route: { ...ROUTE, id } },
  code: 'invalid_identifier',
  pointer: '/route/id',
}));

const noTenant: Row = { name: '', code: 'tenant_required', in: 'header', pointer: '/x-tenant-id' };
const badTenants: Row[] = [
  ['a slash', 'a/b'],
  ['two dots', '..'],
  ['a colon', 'a:b'],
  ['300 characters', LONG],
  ['no characters', ''],
  ['several names', 'tenant-001, tenant-002'],
  ['a letter beyond ASCII', 'ten\u00e4nt'],
].map(([what, tenant]) => ({
  name: `a tenant header with ${what}`,
  tenant: tenant ?? '',
  code: 'invalid_identifier',
  in: 'header',
  pointer: '/x-tenant-id',
}));

const inPath = { in: 'path', pointer: '/id' } as const;

const ADDRESSES: BadRequest[] = [
  ...to('POST', '/global-routes', routeIds),
  ...to('GET', '/global-routes', badTenants),
  { ...noTenant, name: 'no tenant header on a read', method: 'GET', path: '/global-config/tenant' },
  {
    ...noTenant,
    name: 'no tenant header on a write',
    method: 'POST',
    path: '/global-config/tenant',
    body: { config: {} },
  },
  ...[
    ['a slash', 'a%2Fb'],
    ['two dots', '%2e%2e'],
    ['a colon', 'a:b'],
    ['300 characters', LONG],
    ['a zero byte', 'a%00'],
    ['a line end', 'a%0d%0aX-Evil:%201'],
  ].flatMap(([what, id]): BadRequest[] =>
    ['GET', 'DELETE'].map((method) => ({
      name: `${method} of a route whose id has ${what}`,
      method,
      path: `/global-routes/${id}`,
      tenant: TENANT,
      code: 'invalid_identifier',
      ...inPath,
    })),
  ),
  {
    name: 'an id that is not percent-encoded properly',
    method: 'GET',
    path: '/global-routes/%zz',
    tenant: TENANT,
    code: 'not_found',
    in: 'path',
    pointer: '',
  },
  ...['no-colon', 'tenant-001:UPPER.example.com', 'tenant-001:a..b', ':example.com', `t:${LONG}.com`].map(
    (id): BadRequest => ({
      name: `a certificate id such as ${id.slice(0, 40)}`,
      method: 'GET',
      path: `/global-ssl/${id}`,
      tenant: TENANT,
      code: 'invalid_identifier',
      ...inPath,
    }),
  ),
  {
    name: 'the history of a kind that does not exist',
    method: 'GET',
    path: '/history/users/x',
    tenant: TENANT,
    code: 'invalid_value',
    in: 'path',
    pointer: '/kind',
  },
  {
    name: 'the history of an id with two dots',
    method: 'GET',
    path: '/history/routes/a..b',
    tenant: TENANT,
    code: 'invalid_identifier',
    ...inPath,
  },
];

const wrongMethod = (method: string, path: string): BadRequest => ({
  name: `${method} ${path}`,
  method,
  path,
  tenant: TENANT,
  code: 'method_not_allowed',
  in: 'path',
  pointer: '',
});
const noAddress = (method: string, path: string): BadRequest => ({
  ...wrongMethod(method, path),
  code: 'not_found',
});

const METHODS_AND_PATHS: BadRequest[] = [
  wrongMethod('PUT', '/global-config/tenant'),
  wrongMethod('DELETE', '/global-routes'),
  wrongMethod('POST', '/global-routes/own'),
  wrongMethod('GET', '/defense-plugin/apply'),
  wrongMethod('PATCH', '/sync-status'),
  wrongMethod('TRACE', '/livez'),
  wrongMethod('PROPFIND', '/global-routes'),
  wrongMethod('POST', '/openapi.json'),
  noAddress('GET', '/'),
  noAddress('GET', '/global-config'),
  noAddress('GET', '/global-routes/own/plugins'),
  noAddress('POST', '/GLOBAL-ROUTES'),
  noAddress('GET', '/etc/passwd'),
];

const query = (path: string, pointer: string, code: BadRequest['code'] = 'invalid_value'): BadRequest => ({
  name: `GET ${path}`,
  method: 'GET',
  path,
  tenant: TENANT,
  code,
  in: 'query',
  pointer,
});

const QUERIES: BadRequest[] = [
  query('/global-routes?limit=0', '/limit'),
  query('/global-routes?limit=1001', '/limit'),
  query('/global-routes?limit=ten', '/limit'),
  query('/global-routes?limit=', '/limit'),
  query('/global-routes?limit=1.5', '/limit'),
  query('/global-routes?limit=1&limit=2', '/limit'),
  query('/global-routes?min_revision=-1', '/min_revision'),
  query('/global-routes?min_revision=9007199254740993', '/min_revision'),
  query('/global-routes?page=2', '/page', 'unknown_field'),
  query('/global-routes?__proto__=1', '/__proto__', 'forbidden_field'),
  query(`/global-routes?after=${'a'.repeat(321)}`, '/after'),
  query('/history/routes/own?limit=501', '/limit'),
  query('/history/routes/own?before_version=0', '/before_version'),
  ...[
    ['wait=forever', '/wait'],
    ['timeout_ms=-1', '/timeout_ms'],
    ['timeout_ms=60001', '/timeout_ms'],
    ['dry_run=maybe', '/dry_run'],
  ].map(
    ([text, pointer = '']): BadRequest => ({
      ...query(`/global-config/tenant?${text}`, pointer),
      name: `POST ?${text}`,
      method: 'POST',
      body: { config: {} },
    }),
  ),
];

const header = (name: string, value: string, expected: Partial<BadRequest> = {}): BadRequest => ({
  name: `${name}: ${value.slice(0, 30)}`,
  method: 'POST',
  path: '/global-config/tenant',
  tenant: TENANT,
  body: { config: {} },
  headers: { [name]: value },
  code: 'invalid_value',
  in: 'header',
  pointer: `/${name}`,
  ...expected,
});

const HEADERS: BadRequest[] = [
  header('if-match', 'not-a-tag'),
  header('if-match', '"open'),
  header('if-match', '"1-1" "2-2"'),
  header('if-match', '"999-999"', { code: 'precondition_failed' }),
  header('if-none-match', '*', { code: 'precondition_failed' }),
  header('if-none-match', ''),
  header('idempotency-key', 'two words'),
  header('idempotency-key', 'k'.repeat(129)),
  header('idempotency-key', ''),
  header('x-change-reason', 'r'.repeat(601)),
  header('x-change-reason', 'a reason in Latin-1: caf\u00e9'),
  header('x-change-reason', Buffer.from('turned\u202earound').toString('latin1')),
  { ...header('if-match', '"1-1"', { code: 'precondition_failed' }), tenant: 'tenant-without-config' },
];

describeRefusals('bad identifiers', () => fleet, ADDRESSES);
describeRefusals('bad methods and addresses', () => fleet, METHODS_AND_PATHS);
describeRefusals('bad queries', () => fleet, QUERIES);
describeRefusals('bad headers', () => fleet, HEADERS);
