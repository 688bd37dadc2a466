/** The small rules: claims, merge patches, policies, certificates, versions, identifiers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routeRecord, tenantRecord } from '../../test/support/records.ts';
import type { CertificateFacts } from '../contract/certificate.ts';
import { CertificateId, Domain, RouteId, TenantId } from '../contract/identifier.ts';
import { compile } from '../contract/validator.ts';
import { certificateId, checkCertificate } from './certificate.ts';
import { type ClaimPlace, ancestors, hostPlace, routeClaims, samePlace } from './claim.ts';
import { mergePatch } from './merge-patch.ts';
import { DEFAULT_POLICY, effectivePolicy, tenantConfigOf } from './policy.ts';
import { routeSpecOf } from './route.ts';
import { HISTORY_LIMIT, etagOf, nextVersion, prunedVersion } from './version.ts';

describe('claims', () => {
  const place = ({ space, labels, wildcard }: ClaimPlace) =>
    `${space}:${labels.join('/')}${wildcard ? '/*' : ''}`;

  test.each<[route: Parameters<typeof routeClaims>[0], places: string[]]>([
    [{ path: '/', hosts: ['a.example.com'] }, ['hosts:com/example/a']],
    [{ path: '/', hosts: ['*.example.com', 'b.org'] }, ['hosts:com/example/*', 'hosts:org/b']],
    [{ path: '/api/v1' }, ['paths:api/v1']],
    [{ path: '/api/*' }, ['paths:api', 'paths:api/*']],
    [{ path: '/*' }, ['paths:', 'paths:/*']],
    [{ path: '/' }, ['paths:']],
    [{ path: '/a/', hosts: [] }, ['paths:a/']],
  ])('of %j are %j', (route, places) => expect(routeClaims(route).map(place)).toEqual(places));

  test('a place lies under the wildcards of all places above it, and not under its own', () => {
    expect(ancestors(hostPlace('a.example.com')).map(place)).toEqual([
      'hosts:/*',
      'hosts:com/*',
      'hosts:com/example/*',
    ]);
    expect(ancestors(hostPlace('*.com')).map(place)).toEqual(['hosts:/*']);
  });

  test('places are the same by what they name, not by how they are shown', () => {
    const [a, b] = [hostPlace('a.example.com'), { ...hostPlace('a.example.com'), shown: 'x' }];
    expect(samePlace(a, b)).toBe(true);
    for (const other of ['*.a.example.com', 'b.example.com', 'example.com', 'a.example.com.x']) {
      expect(samePlace(a, hostPlace(other))).toBe(false);
      expect(samePlace(hostPlace(other), a)).toBe(false);
    }
    expect(samePlace(a, { ...a, space: 'paths' })).toBe(false);
  });
});

describe('a merge patch', () => {
  type Fields = Record<string, unknown>;
  test.each<[target: Fields, patch: Fields, result: Fields]>([
    // The examples of RFC 7396, appendix A, that concern one level.
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: null }, {}],
    // Objects are whole values here.
    [{ a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3 } }],
    [{ a: 1 }, { a: undefined }, {}],
    [{ a: 1 }, {}, { a: 1 }],
  ])('%j + %j = %j', (target, patch, result) => {
    const before = structuredClone(target);
    expect(mergePatch(target, patch)).toEqual(result);
    expect(target).toEqual(before);
  });

  test('applied twice is applied once, and one of nothing changes nothing', () => {
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.integer(), fc.constant(null)));
    fc.assert(
      fc.property(fields, fields, (target, patch) => {
        const once = mergePatch<Fields>(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        expect(mergePatch(target, {})).toEqual(target);
        for (const [name, value] of Object.entries(patch)) expect(once[name]).toBe(value ?? undefined);
      }),
    );
  });
});

describe('the effective policy', () => {
  test('of nothing is the defaults', () => expect(effectivePolicy({})).toEqual(DEFAULT_POLICY));

  test('takes the route’s value, else the tenant’s, else the default', () => {
    const policy = effectivePolicy({ threat_threshold: 10, rate_limit: 5 }, { threat_threshold: 20 });
    expect(policy).toEqual({ ...DEFAULT_POLICY, threat_threshold: 20, rate_limit: 5 });
  });

  test.each([
    [undefined, undefined, true],
    [true, true, true],
    [false, true, false],
    [true, false, false],
    [false, undefined, false],
  ])('with the tenant’s switch %s and the route’s %s is enabled: %s', (tenant, route, enabled) => {
    const policy = effectivePolicy(
      tenant === undefined ? {} : { enabled_defense: tenant },
      route === undefined ? {} : { enabled: route },
    );
    expect(policy.enabled).toBe(enabled);
    expect(policy).not.toHaveProperty('enabled_defense');
  });

  test('a config and a spec are their records without identity and provenance', () => {
    expect(tenantConfigOf(tenantRecord('acme', { mode: 'observe' }))).toEqual({ mode: 'observe' });
    const record = routeRecord('r', { priority: 3, plugins: { cdn_defense: {} } });
    expect(routeSpecOf(record)).toEqual({ id: 'r', path: '/a', upstream: 'http://backend', priority: 3 });
  });
});

describe('a certificate', () => {
  const NOW = Date.parse('2026-06-01T00:00:00Z');
  const facts = (fields: Partial<CertificateFacts> = {}): CertificateFacts => ({
    subject: '',
    issuer: '',
    serial_number: '',
    sans: ['api.example.com', '*.wild.example.com'],
    not_before: '2026-01-01T00:00:00.000Z',
    not_after: '2026-12-31T23:59:59.000Z',
    fingerprint_sha256: '',
    key_type: 'ec',
    ...fields,
  });
  const outcome = (
    fields: Partial<CertificateFacts>,
    upload: { domain?: string; expires_at?: string } = {},
  ): string => {
    try {
      checkCertificate(facts(fields), { domain: 'api.example.com', ...upload }, NOW);
      return 'accepted';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test.each([
    ['api.example.com', true],
    ['a.wild.example.com', true],
    ['*.wild.example.com', true],
    ['wild.example.com', false],
    ['a.b.wild.example.com', false],
    ['*.a.wild.example.com', false],
    ['*.example.com', false],
    ['xapi.example.com', false],
    ['api.example.com.evil.org', false],
    ['com', false],
  ])('covers %s: %s', (domain, covered) => {
    expect(outcome({}, { domain })).toBe(covered ? 'accepted' : 'certificate_domain_mismatch');
  });

  test.each([
    [{ not_after: '2026-06-01T00:00:00.000Z' }, 'certificate_expired'],
    [{ not_after: '2026-06-01T00:00:01.000Z' }, 'accepted'],
    [{ not_before: '2026-06-01T00:05:00.000Z' }, 'accepted'],
    [{ not_before: '2026-06-01T00:05:01.000Z' }, 'certificate_not_yet_valid'],
    [{ sans: [] }, 'certificate_domain_mismatch'],
    [{ sans: ['*'] }, 'certificate_domain_mismatch'],
    [{ sans: ['API.EXAMPLE.COM'] }, 'accepted'],
  ])('that says %j is %s', (fields, expected) => expect(outcome(fields)).toBe(expected));

  test.each([
    ['2026-12-31T23:59:59Z', 'accepted'],
    ['2027-01-01T07:59:59+08:00', 'accepted'],
    ['2026-12-31T23:59:59.999Z', 'accepted'],
    ['2026-12-31T23:59:58Z', 'expires_at_mismatch'],
    ['2027-12-31T23:59:59Z', 'expires_at_mismatch'],
    ['2026-12-31T23:59:60Z', 'expires_at_mismatch'],
  ])('uploaded with expires_at %s is %s', (expires_at, expected) =>
    expect(outcome({}, { expires_at })).toBe(expected),
  );

  test('has its tenant and its domain for an id', () =>
    expect(certificateId('acme', '*.a.org')).toBe('acme:*.a.org'));
});

describe('versions', () => {
  test('count from 1, and the oldest leaves when there are 500 others', () => {
    expect([nextVersion(0), nextVersion(41)]).toEqual([1, 42]);
    expect([prunedVersion(1), prunedVersion(HISTORY_LIMIT), prunedVersion(HISTORY_LIMIT + 1)]).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });

  test('of a restored store make other entity tags', () => expect(etagOf(3, 17)).not.toBe(etagOf(3, 18)));
});

describe('identifiers', () => {
  const takes = (schema: Parameters<typeof compile>[0], text: string): boolean =>
    Boolean(compile(schema)(text));

  test.each(['a', 'tenant-001', 'A.b_C-9', '_', '-', 'a.', 'a'.repeat(64)])('take %j', (id) => {
    expect([takes(TenantId, id), takes(RouteId, id)]).toEqual([true, true]);
  });

  test.each([
    '',
    '.',
    '..',
    '.a',
    'a..b',
    'a/b',
    'a:b',
    'a b',
    'a\n',
    '\na',
    'ä',
    '路',
    'a\0',
    'a%2f',
    'a*',
    'a'.repeat(65),
  ])('do not take %j', (id) => expect([takes(TenantId, id), takes(RouteId, id)]).toEqual([false, false]));

  test.each([
    'example.com',
    '*.example.com',
    'localhost',
    'a-b.c',
    'xn--bcher-kva.example',
    '1.2.3.4',
    'a.b.c.d.e.f.g.h.i.j',
  ])('a domain can be %s', (domain) => {
    expect([takes(Domain, domain), takes(CertificateId, `acme:${domain}`)]).toEqual([true, true]);
  });

  test.each([
    '',
    '*',
    '*.',
    'a..b',
    '.a',
    'a.',
    '-a.b',
    'a-.b',
    'A.b',
    'a_b.c',
    'a.*.b',
    '*.*.a',
    'a/b',
    'a:80',
    'bücher.example',
    'a.b.c.d.e.f.g.h.i.j.k',
    `${'a'.repeat(64)}.b`,
  ])('a domain can not be %j', (domain) =>
    expect([takes(Domain, domain), takes(CertificateId, `acme:${domain}`)]).toEqual([false, false]),
  );
});
