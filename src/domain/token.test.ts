import { describe, expect, test } from 'vitest';
import { Refusal } from '../contract/errors.ts';
import type { TokenRecord, TokenSpec } from '../contract/token.ts';
import { checkTokenSpec, decodeToken, isExpired, tokenIdOf, tokenText } from './token.ts';

const ID = '3f9a0c51b7de';
const SECRET = 'ab'.repeat(24);
const NOW_MS = Date.parse('2026-05-01T00:00:00Z');

const record: TokenRecord = {
  id: ID,
  hash: 'cd'.repeat(32),
  role: 'editor',
  tenants: ['acme'],
  description: 'CI',
  created_at: '2026-05-01T00:00:00.000Z',
  created_by: 'root',
};

describe('the text of a token', () => {
  test('holds its id, and 192 bits of secret', () => {
    expect(tokenText(ID, SECRET)).toBe(`ls_${ID}_${SECRET}`);
    expect(tokenIdOf(tokenText(ID, SECRET))).toBe(ID);
    expect((SECRET.length / 2) * 8).toBe(192);
  });

  test.each([
    '',
    'ls_',
    `ls_${ID}`,
    `ls_${ID}_`,
    `ls_${ID}_${SECRET}0`,
    `ls_${ID}_${SECRET.slice(1)}`,
    `LS_${ID}_${SECRET}`,
    `ls_${ID.toUpperCase()}_${SECRET}`,
    ` ls_${ID}_${SECRET}`,
    `ls_${ID}_${SECRET}\n`,
    `ls_constructor_${SECRET}`,
  ])('is not %j', (text) => {
    expect(tokenIdOf(text)).toBeUndefined();
  });
});

test('a token is expired from the very moment it names on', () => {
  const expires_at = new Date(NOW_MS).toISOString();
  expect(isExpired({ expires_at }, NOW_MS - 1)).toBe(false);
  expect(isExpired({ expires_at }, NOW_MS)).toBe(true);
  expect(isExpired({}, Number.MAX_SAFE_INTEGER)).toBe(false);
});

test.each<[string, Partial<TokenSpec>, string, string]>([
  ['an editor of nobody', { role: 'editor' }, 'missing_field', '/tenants'],
  ['a viewer of nobody', { role: 'viewer' }, 'missing_field', '/tenants'],
  ['an operator of a tenant', { role: 'operator', tenants: ['acme'] }, 'invalid_value', '/tenants'],
  ['a gateway of a tenant', { role: 'gateway', tenants: ['acme'] }, 'invalid_value', '/tenants'],
  ['an end in the past', { expires_at: '2026-04-30T23:59:59Z' }, 'invalid_value', '/expires_at'],
  ['an end that is now', { expires_at: '2026-05-01T02:00:00+02:00' }, 'invalid_value', '/expires_at'],
])('%s is refused', (_, spec, code, pointer) => {
  const check = () => checkTokenSpec({ role: 'operator', description: 'x', ...spec }, NOW_MS);
  expect(check).toThrow(Refusal);
  expect(check).toThrow(expect.objectContaining({ code, pointer }) as Error);
});

describe('a stored token', () => {
  test('is read as it was written, with fields of newer releases', () => {
    expect(decodeToken(ID, JSON.stringify({ ...record, newer: 1 }))).toMatchObject({ ok: true });
  });

  test.each<[string, object | string]>([
    ['text that is not JSON', 'no'],
    ['another id than its key', { ...record, id: '000000000000' }],
    ['no hash', { ...record, hash: '' }],
    ['a hash in capitals', { ...record, hash: 'CD'.repeat(32) }],
    ['a role nobody knows', { ...record, role: 'admin' }],
    ['an end that is no time', { ...record, expires_at: 'never' }],
    ['a tenant that can not be', { ...record, tenants: ['../acme'] }],
  ])('with %s can not be used', (_, stored) => {
    const text = typeof stored === 'string' ? stored : JSON.stringify(stored);
    expect(decodeToken(ID, text)).toMatchObject({ ok: false });
  });
});
