/** Requests for every endpoint, from its own schemas, and then bent out of shape. */
import fc from 'fast-check';
import type { Endpoint } from '../../src/api/endpoint.ts';
import type { TestCertificate } from '../support/certificates.ts';
import { type Bend, bends } from './bends.ts';
import { type Fields, type Schema, arbitraryOf } from './schema-arbitrary.ts';
import type { WireRequest } from './wire.ts';

export const TENANTS = ['acme', 'globex', 'initech', 'umbrella'];

/** A certificate and the domain it is for. */
export interface Certified extends TestCertificate {
  readonly domain: string;
}

export interface RequestOptions {
  readonly endpoints: readonly Endpoint[];
  readonly token: string;
  readonly certificates: readonly Certified[];
}

const numbered = (name: string, count: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: count - 1 }).map((n) => `${name}${n}`);

const route = numbered('route-', 12);
const seconds = fc.constantFrom(0.5, 1, 60);
/** Mostly the first ones, and now and then what is refused. */
const mostly = <T>(good: fc.Arbitrary<T>, odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 19, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const ODD_HOSTS = [
  '*.acme.example.com',
  'xn--fiqs8s.example.com',
  '中国.example.com',
  'EXAMPLE.com',
  'co.uk',
  '1.2.3.4',
];
const host = mostly(
  fc
    .tuple(numbered('h', 6), fc.constantFrom(...TENANTS))
    .map(([name, tenant]) => `${name}.${tenant}.example.com`),
  ODD_HOSTS,
);

const UPSTREAMS = [
  'http://8.8.8.8:8080',
  'https://1.1.1.1',
  'http://9.9.9.9',
  'https://[2606:4700::1111]',
  'http://8.8.4.4:81',
];
const ODD_UPSTREAMS = [
  ...[
    'http://127.0.0.1:1',
    'http://169.254.169.254',
    'http://0x7f.1',
    'http://[::ffff:10.0.0.1]',
    'ftp://a',
    'http://',
  ],
  ...['http://1.1.1.1:2379', 'http://a.invalid', 'http://user@8.8.8.8', 'http://8.8.8.8/path'],
];
const upstream = mostly(fc.constantFrom(...UPSTREAMS), ODD_UPSTREAMS);
const ranges = fc.uniqueArray(fc.constantFrom('10.0.0.0/8', '2001:db8::/32', '1.2.3.4', '::/0'), {
  maxLength: 3,
});

/** Values that hit what is there, so that requests get past the first check. */
const fieldsOf = (certificates: readonly Certified[]): Fields => {
  const domains = fc.constantFrom(...certificates.map(({ domain }) => domain));
  const certId = fc
    .tuple(fc.constantFrom(...TENANTS), domains)
    .map(([tenant, domain]) => `${tenant}:${domain}`);
  const small = fc.integer({ min: 0, max: 50 });
  return {
    id: fc.oneof(route, fc.constantFrom(...TENANTS)),
    '/global-ssl/:id.id': certId,
    '/tokens/:id.id': fc.string({
      unit: fc.constantFrom(...'0123456789abcdef'),
      minLength: 12,
      maxLength: 12,
    }),
    '/history/:kind/:id.id': fc.oneof(route, fc.constantFrom(...TENANTS), certId),
    '/changes/:revision.revision': fc.integer({ min: 1, max: 5_000 }),
    '/keys.count': fc.boolean(),
    'workers.id': small,
    'workers.pid': small,
    'receipts.id': route,
    route_id: route,
    path: numbered('/p', 30).chain((path) => fc.constantFrom(path, `${path}/*`)),
    hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 3 }),
    upstream,
    url: upstream,
    domain: domains,
    cert: fc.constantFrom(...certificates.map(({ cert }) => cert)),
    key: fc.constantFrom(...certificates.map(({ key }) => key)),
    expires_at: fc.constant('2099-01-31T08:00:00Z'),
    allow: ranges,
    deny: ranges,
    methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'), { minLength: 1, maxLength: 3 }),
    priority: fc.integer({ min: -100, max: 100 }),
    upstream_host: fc.constantFrom('backend.example.com', 'backend:8080'),
    timeout: fc.record({ connect: seconds, send: seconds, read: seconds }, { noNullPrototype: true }),
    description: fc.constantFrom('a route', '路由', 'CI'),
    count: fc.integer({ min: 1, max: 1_000 }),
    tenants: fc.uniqueArray(fc.constantFrom(...TENANTS), { minLength: 1, maxLength: 3 }),
    tenant_id: fc.constantFrom(...TENANTS),
    gateway_id: numbered('edge-', 20),
    instance: numbered('instance-', 20),
    // What waits is bounded, so that the run is.
    min_revision: small,
    timeout_ms: small,
    hold_ms: fc.integer({ min: 0, max: 20 }),
  };
};

/** What waits longest; answers to what may wait longer come no later, so that the run ends. */
const WAIT_MAX_MS = 500;

const shown = (name: string, value: unknown): string => {
  if (typeof value === 'string') return value;
  if (name === 'timeout_ms' && Number(value) <= 60_000) return String(Math.min(Number(value), WAIT_MAX_MS));
  return JSON.stringify(value) ?? 'undefined';
};

/** As `encodeURIComponent`, for text that is no Unicode too. */
const encode = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

/** A query's values as they stand in an address. */
const queryText = (query: unknown): string => {
  const pairs = Object.entries((query ?? {}) as Record<string, unknown>);
  const encoded = pairs.map(([name, value]) => `${encode(name)}=${encode(shown(name, value))}`);
  return encoded.length === 0 ? '' : `?${encoded.join('&')}`;
};

const tag = fc.constantFrom('*', '"1-2"', '"3-17", "4-18"', 'W/"1-2"', '""', 'nonsense', '"', ',');
const HEADERS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'If-Match': tag,
  'If-None-Match': tag,
  'Idempotency-Key': fc.oneof(numbered('key-', 500), fc.string({ maxLength: 10 })),
  'X-Change-Reason': fc.constantFrom('a flood', '洪水', '\xff', ''),
  'Accept-Language': fc.constantFrom('en', 'zh', 'en;q=0.1, zh;q=0', '*', ';;;', 'en;q=99999999999'),
  Accept: fc.constantFrom('*/*', 'application/xml', ''),
  Range: fc.constant('bytes=0-1'),
  Connection: fc.constantFrom('keep-alive', 'close', 'upgrade'),
};

/** A request as it should be, before it is bent. */
const orderly = (endpoint: Endpoint, { token, certificates }: RequestOptions): fc.Arbitrary<WireRequest> => {
  const fields = fieldsOf(certificates);
  const { params, query, body } = endpoint.schemas as unknown as Readonly<Record<string, Schema | undefined>>;
  const nothing: fc.Arbitrary<unknown> = fc.constant(undefined);
  const bodyOf = body ? arbitraryOf(body, fields, '', endpoint.url) : nothing;
  const uploads = fc.constantFrom(...certificates.map(({ domain, cert, key }) => ({ domain, cert, key })));
  return fc
    .record({
      params: params ? arbitraryOf(params, fields, '', endpoint.url) : nothing,
      query: fc.oneof(
        { weight: 2, arbitrary: nothing },
        { weight: 1, arbitrary: query ? arbitraryOf(query, fields, '', endpoint.url) : nothing },
      ),
      body: endpoint.url === '/global-ssl' && body ? fc.oneof(uploads, bodyOf) : bodyOf,
      tenant: fc.oneof(
        { weight: 19, arbitrary: fc.constantFrom(...TENANTS) },
        { weight: 1, arbitrary: nothing },
      ),
      more: fc.oneof(
        { weight: 3, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.record(HEADERS, { requiredKeys: [] }) },
      ),
    })
    .map((parts) => {
      const values = (parts.params ?? {}) as Record<string, unknown>;
      const path = endpoint.url.replace(/:(\w+)/g, (_, name: string) => encode(shown(name, values[name])));
      const text = parts.body === undefined ? '' : (JSON.stringify(parts.body) ?? '');
      const bytes = Buffer.from(text);
      const headers: [string, string][] = [
        ['Host', '127.0.0.1'],
        ['Authorization', `Bearer ${token}`],
        ...(parts.tenant === undefined
          ? []
          : ([['X-Tenant-ID', shown('', parts.tenant)]] as [string, string][])),
        ...(Object.entries(parts.more) as [string, string][]).map(([name, value]): [string, string] => [
          name,
          Buffer.from(value).toString('latin1'),
        ]),
        ...(text === ''
          ? []
          : ([
              ['Content-Type', 'application/json'],
              ['Content-Length', String(bytes.length)],
            ] as [string, string][])),
      ];
      return { method: endpoint.method, target: path + queryText(parts.query), headers, body: bytes };
    });
};

/** Every second request is orderly; others are bent once or a few times. */
export const requests = (options: RequestOptions): fc.Arbitrary<WireRequest> => {
  const weightOf = ({ writes }: Endpoint): number => (writes ? 3 : 1);
  const one = fc.oneof(
    ...options.endpoints.map((endpoint) => ({
      weight: weightOf(endpoint),
      arbitrary: orderly(endpoint, options),
    })),
  );
  const some: fc.Arbitrary<readonly Bend[]> = fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: bends.map((bend) => [bend]) },
    { weight: 1, arbitrary: fc.array(bends, { minLength: 2, maxLength: 4 }) },
  );
  return fc.tuple(one, some).map(([request, bent]) => bent.reduce((shape, bend) => bend(shape), request));
};
