import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apisixErrors, haveApisixSchemas } from '../../test/support/apisix-schemas.ts';
import { makeCertificate } from '../../test/support/certificates.ts';
import { routeRecord, tenantRecord } from '../../test/support/records.ts';
import { path, routeSpec } from '../../test/support/route-arbitrary.ts';
import type { CertificateRecord } from '../contract/record.ts';
import { RouteSpec } from '../contract/route.ts';
import { compile } from '../contract/validator.ts';
import { projectCertificate, sslIdOf } from './certificate.ts';
import { type Projected, isManaged, render } from './object.ts';
import { placesOf } from './place.ts';
import { projectRoute } from './route.ts';
import { assertReadable } from './schema.ts';
import { projectTenant } from './tenant.ts';

const bodyIn = (projections: ReturnType<typeof projectRoute>, directory: string): Record<string, unknown> =>
  projections.find((each) => each.directory === directory)?.body ?? {};
const routeBody = (fields: Parameters<typeof routeRecord>[1]) =>
  bodyIn(projectRoute(routeRecord('r', fields)), 'routes');

/** Where APISIX's `proxy-rewrite` leads a path. */
const rewritten = (fields: Parameters<typeof routeRecord>[1], uri: string): string => {
  const plugins = routeBody(fields)['plugins'] as { 'proxy-rewrite'?: { regex_uri: [string, string] } };
  const rule = plugins['proxy-rewrite']?.regex_uri;
  return rule ? uri.replace(new RegExp(rule[0]), rule[1]) : uri;
};

describe.skipIf(!haveApisixSchemas)('APISIX’s own schemas', () => {
  test('take every route that a caller may create, as rendered', () => {
    const valid = compile(RouteSpec);
    fc.assert(
      fc.property(routeSpec, fc.boolean(), (spec, defended) => {
        expect(valid(spec), JSON.stringify([spec, valid.errors])).toBe(true);
        const record = routeRecord(spec.id, {
          ...spec,
          ...(defended ? { plugins: { cdn_defense: {} } } : {}),
        });
        for (const projected of projectRoute(record)) {
          if (projected.body === null) continue;
          assertReadable(projected);
          const text = render(projected, undefined, 1_700_000_000) ?? '';
          if (projected.directory === 'routes') expect(apisixErrors('routes', JSON.parse(text))).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('take certificates of every kind, as rendered', async () => {
    for (const [kind, domain] of [
      ['ec', 'a.example.com'],
      ['rsa', '*.example.com'],
      ['ed25519', `${'x'.repeat(60)}.example.com`],
    ] as const) {
      const { cert, key } = await makeCertificate({ kind, names: [domain] });
      const record = { domain, tenant_id: 'acme', cert } as CertificateRecord;
      for (const projected of projectCertificate(record, key) as Projected[]) {
        assertReadable(projected);
        expect(apisixErrors('ssls', JSON.parse(render(projected, undefined, 1) ?? ''))).toEqual([]);
      }
    }
  });

  test('refuse what they should, so that this comparison means something', () => {
    const body = { ...routeBody({}), surprise: 1 };
    expect(apisixErrors('routes', body)).not.toEqual([]);
    expect(apisixErrors('ssls', { snis: ['a'], cert: 'x', key: 'y' })).not.toEqual([]);
  });
});

describe('our own check before a commit', () => {
  test.each<[string, Record<string, unknown>]>([
    ['an unknown field', { surprise: 1 }],
    ['an id APISIX does not take', { id: 'a/b' }],
    ['a uri without its slash', { uris: ['x'] }],
    ['no uris', { uris: [] }],
    ['a plugin that is not ours', { plugins: { 'serverless-pre-function': {} } }],
    ['a label with a space', { labels: { tenant: 'a b' } }],
  ])('refuses %s', (_, fields) => {
    const body = { ...routeBody({}), ...fields };
    expect(() => assertReadable({ directory: 'routes', id: 'r', body })).toThrow(/APISIX would reject/);
  });
});

describe('a route', () => {
  test.each([
    ['/api/v1/*', ['/api/v1', '/api/v1/*']],
    ['/api/v1', ['/api/v1']],
    ['/*', ['/*']],
    ['/', ['/']],
    ['/a/', ['/a/']],
  ])('%s serves %j', (at, uris) => {
    expect(routeBody({ path: at })['uris']).toEqual(uris);
  });

  test.each([
    ['/api/v1/*', '/api/v1/users/7', '/users/7'],
    ['/api/v1/*', '/api/v1/', '/'],
    ['/api/v1/*', '/api/v1', '/'],
    ['/api/v1/*', '/api/v1/api/v1/x', '/api/v1/x'],
    ['/api/v1', '/api/v1', '/'],
    ['/a.b/*', '/aXb/c', '/aXb/c'],
    ['/a.b/*', '/a.b/c', '/c'],
    ['/x!=;~/*', '/x!=;~/y', '/y'],
    ['/*', '/anything', '/anything'],
  ])('%s with strip_path leads %s to %s', (at, uri, expected) => {
    expect(rewritten({ path: at, strip_path: true }, uri)).toBe(expected);
  });

  test('with strip_path loses exactly its own path, whatever it is made of', () => {
    fc.assert(
      fc.property(
        path,
        fc.webPath().filter((rest) => rest.startsWith('/')),
        (at, rest) => {
          const base = at.replace(/\/\*$/, '');
          const uri = at.endsWith('/*') ? base + rest : at;
          expect(rewritten({ path: at, strip_path: true }, uri)).toBe(at.endsWith('/*') ? rest : '/');
        },
      ),
    );
  });

  test('without strip_path is not rewritten', () => {
    for (const strip_path of [undefined, false])
      expect(
        routeBody({ path: '/a/*', ...(strip_path === undefined ? {} : { strip_path }) })['plugins'],
      ).toEqual({});
  });

  test.each<[upstream: Parameters<typeof routeRecord>[1], expected: object]>([
    [
      { upstream: 'http://Backend:8080/' },
      { scheme: 'http', nodes: [{ host: 'backend', port: 8080, weight: 1 }], pass_host: 'pass' },
    ],
    [{ upstream: 'https://b' }, { scheme: 'https', nodes: [{ host: 'b', port: 443, weight: 1 }] }],
    [{ upstream: 'http://[2001:DB8::1]:80' }, { nodes: [{ host: '[2001:db8::1]', port: 80, weight: 1 }] }],
    [
      {
        upstream: [
          { url: 'http://a', weight: 3 },
          { url: 'http://b:81', weight: 0 },
        ],
      },
      {
        nodes: [
          { host: 'a', port: 80, weight: 3 },
          { host: 'b', port: 81, weight: 0 },
        ],
      },
    ],
    [{ upstream_host: 'inner.example' }, { pass_host: 'rewrite', upstream_host: 'inner.example' }],
    [{ timeout: { connect: 1, send: 2, read: 3 } }, { timeout: { connect: 1, send: 2, read: 3 } }],
  ])('%j has the upstream %j', (fields, expected) => {
    expect(routeBody(fields)['upstream']).toMatchObject(expected);
  });

  test('that is disabled keeps its object with status 0', () => {
    expect(routeBody({ enabled: false })['status']).toBe(0);
    expect(routeBody({})['status']).toBe(1);
  });

  test('changes only its policy when a defense parameter changes, and its route when defense comes or goes', () => {
    const bare = projectRoute(routeRecord('r'));
    const first = projectRoute(routeRecord('r', { plugins: { cdn_defense: { threat_threshold: 1 } } }));
    const second = projectRoute(
      routeRecord('r', { plugins: { cdn_defense: { threat_threshold: 2, mode: 'observe' } } }),
    );
    expect(bodyIn(second, 'routes')).toEqual(bodyIn(first, 'routes'));
    expect(bodyIn(second, 'cdn_defense/policies')).toEqual({
      id: 'r',
      tenant: 'acme',
      threat_threshold: 2,
      mode: 'observe',
    });
    expect(bodyIn(first, 'routes')['plugins']).toEqual({ cdn_defense: { tenant: 'acme', route: 'r' } });
    expect(bodyIn(bare, 'routes')['plugins']).toEqual({});
    expect(bare.find(({ directory }) => directory === 'cdn_defense/policies')?.body).toBeNull();
  });

  test('stands in exactly the places where its delete looks', () => {
    const projected = projectRoute(routeRecord('r')).map(({ directory, id }) => ({ directory, id }));
    expect(placesOf('routes', 'r')).toEqual(projected);
    expect(placesOf('config', 'acme')).toEqual([{ directory: 'cdn_defense/tenants', id: 'acme' }]);
    expect(placesOf('ssl', 'acme:*.a.example')).toEqual([{ directory: 'ssls', id: '_.a.example' }]);
  });
});

test('a tenant’s policy is its config, without provenance', () => {
  const [projected] = projectTenant(tenantRecord('acme', { threat_threshold: 5, mode: 'observe' }));
  expect(projected?.body).toEqual({ id: 'acme', threat_threshold: 5, mode: 'observe' });
});

describe('rendering', () => {
  const projected: Projected = {
    directory: 'routes',
    id: 'r',
    body: { id: 'r', nested: { a: 1, b: [1, 2] } },
  };

  test('rewrites nothing that says the same, whatever its times and the order of its fields', () => {
    const text = render(projected, undefined, 100) ?? '';
    expect(JSON.parse(text)).toEqual({ ...projected.body, create_time: 100, update_time: 100 });
    expect(render(projected, text, 200)).toBeUndefined();
    expect(
      render(projected, '{"update_time":1,"nested":{"b":[1,2],"a":1},"id":"r","create_time":1}', 200),
    ).toBeUndefined();
  });

  test.each([
    ['another value', '{"id":"r","nested":{"a":2,"b":[1,2]},"create_time":50}', 50],
    ['another order of a list', '{"id":"r","nested":{"a":1,"b":[2,1]},"create_time":50}', 50],
    ['a field too many', '{"id":"r","nested":{"a":1,"b":[1,2]},"x":null,"create_time":50}', 50],
    ['a bad create_time', '{"id":"x","create_time":"yesterday"}', 200],
    ['what is not JSON', '{', 200],
    ['a list', '[]', 200],
    ['null', 'null', 200],
  ])('rewrites %s, and keeps a create_time that is one', (_, existing, created) => {
    expect(JSON.parse(render(projected, existing, 200) ?? '')).toEqual({
      ...projected.body,
      create_time: created,
      update_time: 200,
    });
  });

  test.each<[text: string, managed: boolean]>([
    ['{"labels":{"managed-by":"lockstep"}}', true],
    ['{"labels":{"managed-by":"dashboard"}}', false],
    ['{"labels":null}', false],
    ['{"labels":"lockstep"}', false],
    ['{}', false],
    ['null', false],
    ['not JSON', false],
  ])('calls %s ours: %s; in our own directories everything is', (text, managed) => {
    expect(isManaged('routes', text)).toBe(managed);
    expect(isManaged('cdn_defense/policies', text)).toBe(true);
  });
});

describe('the id of a certificate in APISIX', () => {
  const label = fc.string({ unit: fc.constantFrom(...'abc09'), minLength: 1, maxLength: 60 });
  const domain = fc
    .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 4 }))
    .map(([w, labels]) => (w ? '*.' : '') + labels.join('.'));

  test('is one that APISIX takes, and differs for different domains', () => {
    fc.assert(
      fc.property(domain, domain, (a, b) => {
        expect(sslIdOf(a)).toMatch(/^[a-zA-Z0-9-_.]{1,64}$/);
        expect(sslIdOf(a) === sslIdOf(b)).toBe(a === b);
      }),
    );
    const long = 'a'.repeat(60);
    expect(sslIdOf(`${long}.example.com`)).not.toBe(sslIdOf(`${long}.example.org`));
  });
});
