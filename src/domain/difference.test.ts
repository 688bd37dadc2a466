import { describe, expect, test } from 'vitest';
import { differencesOf } from './difference.ts';

describe('differences', () => {
  test.each([
    ['equal values', { a: 1, b: [1] }, { b: [1], a: 1 }, []],
    ['a member', { a: 1, b: 2 }, { a: 1, b: 3 }, [{ pointer: '/b', expected: 2, found: 3 }]],
    [
      'a deep one',
      { a: { 'b/c': { 'd~': 1 } } },
      { a: { 'b/c': { 'd~': 2 } } },
      [{ pointer: '/a/b~1c/d~0', expected: 1, found: 2 }],
    ],
    [
      'a lost and a new one',
      { a: 1 },
      { b: 2 },
      [
        { pointer: '/a', expected: 1 },
        { pointer: '/b', found: 2 },
      ],
    ],
    ['arrays as a whole', { a: [1, 2] }, { a: [2, 1] }, [{ pointer: '/a', expected: [1, 2], found: [2, 1] }]],
    ['nothing expected', undefined, { a: 1 }, [{ pointer: '', found: { a: 1 } }]],
    ['nothing found', { a: null }, undefined, [{ pointer: '', expected: { a: null } }]],
    ['no object', { a: 1 }, 'text', [{ pointer: '', expected: { a: 1 }, found: 'text' }]],
  ])('tell %s', (_, expected, found, differences) => {
    expect(differencesOf(expected, found)).toEqual(differences);
  });

  test('are at most twenty, with texts cut', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`m${n}`, 'x'.repeat(1_000)]));
    const all = differencesOf({}, many);
    expect(all).toHaveLength(20);
    expect(String(all[0]?.found)).toHaveLength(301);
  });

  test.each([
    ['by name', { key: 'K', password: 'P', sealed_key: { iv: 'K' }, api_token: 'T' }],
    ['inside what is shown whole', { plugins: { auth: { key: 'K' } }, list: [{ secret: 'P' }] }],
    ['a private key anywhere', { note: '-----BEGIN EC PRIVATE KEY-----\nK', list: ['x PRIVATE KEY P'] }],
  ])('show no secret: %s', (_, found) => {
    for (const shown of [differencesOf(undefined, found), differencesOf({}, found)]) {
      expect(JSON.stringify(shown)).toContain('[redacted]');
      expect(JSON.stringify(shown)).not.toMatch(/"[KPT]"|KEY-----|KEY P/);
    }
  });

  test('beneath a secret name are told, not shown', () => {
    expect(differencesOf({ key: { a: 'K' } }, { key: { a: 'P' } })).toEqual([
      { pointer: '/key/a', expected: '[redacted]', found: '[redacted]' },
    ]);
  });

  test('of objects with secrets show the open members only', () => {
    const open = new Set(['id']);
    expect(differencesOf(undefined, { id: 'a', odd: 'K' }, open)).toEqual([
      { pointer: '', found: { id: 'a', odd: '[redacted]' } },
    ]);
    expect(differencesOf({ id: 'a', odd: 'K' }, { id: 'b', odd: 'P' }, open)).toEqual([
      { pointer: '/id', expected: 'a', found: 'b' },
      { pointer: '/odd', expected: '[redacted]', found: '[redacted]' },
    ]);
    expect(differencesOf({ id: 'a' }, 'K', open)).toEqual([
      { pointer: '', expected: { id: 'a' }, found: '[redacted]' },
    ]);
  });
});
