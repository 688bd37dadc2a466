import { describe, expect, test } from 'vitest';
import type { Role } from '../contract/principal.ts';
import { type ClaimMapping, identityOf } from './identity.ts';

const mapping: ClaimMapping = {
  role: '/realm_access/roles',
  tenants: 'https://example.com/tenants',
  actor: 'email',
  roles: new Map<string, Role>([
    ['cdn-admins', 'operator'],
    ['cdn-editors', 'editor'],
    ['cdn-readers', 'viewer'],
    ['cdn-edges', 'gateway'],
  ]),
};

const claims = (roles: unknown, tenants?: unknown) => ({
  sub: '17',
  email: 'ada@example.com',
  realm_access: { roles },
  'https://example.com/tenants': tenants,
});

describe('the role', () => {
  test.each<[unknown, Role | undefined]>([
    [['cdn-editors'], 'editor'],
    ['cdn-readers', 'viewer'],
    ['openid cdn-readers profile', 'viewer'],
    [['cdn-readers', 'cdn-admins', 'cdn-editors'], 'operator'],
    [['cdn-edges', 'cdn-readers'], 'viewer'],
    [['operator', 'admin'], undefined],
    [[], undefined],
    [undefined, undefined],
    [{ 'cdn-admins': true }, undefined],
    [[['cdn-admins']], undefined],
    [true, undefined],
  ])('of %j is %s: the strongest of those the mapping knows', (roles, role) => {
    expect(identityOf(claims(roles, ['acme']), mapping).role).toBe(role);
  });

  test('is not read from the prototype of anything', () => {
    const sly = { ...mapping, role: '/__proto__/constructor/name' };
    expect(identityOf(claims(['cdn-admins']), sly).role).toBeUndefined();
    expect(identityOf(claims(['constructor']), mapping).role).toBeUndefined();
  });
});

describe('the tenants', () => {
  test.each<[unknown, string[]]>([
    [
      ['acme', 'shop'],
      ['acme', 'shop'],
    ],
    ['acme', ['acme']],
    [['acme', 'acme'], ['acme']],
    [['../x', '*', '', 7, 'acme'], ['acme']],
    [undefined, []],
    [{ acme: 1 }, []],
  ])('of %j are %j', (given, tenants) => {
    expect(identityOf(claims(['cdn-editors'], given), mapping).tenants).toEqual(tenants);
  });

  test('of operators and gateways are none: they are of no tenant', () => {
    expect(identityOf(claims(['cdn-admins'], ['acme']), mapping).tenants).toEqual([]);
    expect(identityOf(claims(['cdn-edges'], ['acme']), mapping).tenants).toEqual([]);
  });
});

test('the actor is what the claim says, else the subject, else its digest: each has one of its own', () => {
  const actor = (more: object) => identityOf({ ...claims([]), ...more }, mapping).actor;
  expect(actor({})).toBe('jwt:ada@example.com');
  expect(actor({ email: undefined })).toBe('jwt:17');
  expect(actor({ email: 'a\nb' })).toBe('jwt:17');
  expect(actor({ email: 'x'.repeat(121) })).toBe('jwt:17');
  expect(actor({ email: undefined, sub: 'x'.repeat(120) })).toBe(`jwt:${'x'.repeat(120)}`);
  const odd = ['a\u202eb', 'a\u202ec', '\ud800', '\ud801', 'x'.repeat(121), `${'x'.repeat(120)}y`, '', 7, 8];
  const named = odd.map((sub) => actor({ email: undefined, sub }));
  for (const each of named) expect(each).toMatch(/^jwt-sha256:[0-9a-f]{64}$/);
  expect(new Set(named).size).toBe(odd.length);
});
