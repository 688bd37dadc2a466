import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalHost } from './host.ts';

describe('a host is stored in one form, however it is written', () => {
  test.each([
    ['example.com', 'example.com'],
    ['Example.COM', 'example.com'],
    ['EXAMPLE.com.', 'example.com'],
    ['*.Example.com.', '*.example.com'],
    ['localhost', 'localhost'],
    ['1.2.3.4', '1.2.3.4'],
    ['a-b.c', 'a-b.c'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.Example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['XN--Bcher-KVA.EXAMPLE.', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['公司.cn', 'xn--55qx5d.cn'],
    ['公司。cn', 'xn--55qx5d.cn'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['faß.example', 'xn--fa-hia.example'],
  ])('%j is %s', (given, stored) => expect(canonicalHost(given)).toBe(stored));

  test.each([
    '',
    '*',
    '*.',
    '.',
    'a..b',
    '.a',
    'a..',
    '-a.b',
    'a-.b',
    'a_b.c',
    'a.*.b',
    '*.*.a',
    'a/b',
    'a\\b',
    'a:80',
    'a@b',
    'a?b',
    'a#b',
    'a%2eb',
    '%61.b',
    'a b',
    ' a',
    'a\n',
    'a\u200b.b',
    'a\u00ad.b',
    '[::1]',
    '１.2.3.4',
    '０x7f.１',
    'xn--a.example',
    'xn--.com',
    'xn--bücher.com',
    'a.b.c.d.e.f.g.h.i.j.k',
    `${'a'.repeat(64)}.b`,
    `${'ü'.repeat(62)}.b`,
    `${'a.'.repeat(2)}${'b'.repeat(63)}.`.repeat(4),
  ])('%j names no host', (given) => expect(canonicalHost(given)).toBeUndefined());

  test('what is stored stays as it is, and is plain text for every reader', () => {
    const part = fc.constantFrom(
      'a',
      'B',
      '-',
      '.',
      'ü',
      'ß',
      '公',
      '。',
      'xn--',
      '1',
      '*.',
      'é',
      'ａ',
      '·',
      '%',
      '/',
      '@',
      ' ',
    );
    const written = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(written, (given) => {
        const stored = canonicalHost(given);
        if (stored === undefined) return;
        expect(stored).toMatch(/^(\*\.)?[a-z0-9.-]+$/);
        expect(canonicalHost(stored)).toBe(stored);
        if (!/[^!-~]/.test(given)) expect(canonicalHost(given.toUpperCase())).toBe(stored);
      }),
      { numRuns: 2_000 },
    );
  });
});
