import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode, Refusal, pointerStep, sentence } from './errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];
const root = new URL('../../', import.meta.url);

const documented = new Map(
  [
    ...readFileSync(new URL('docs/errors.md', root), 'utf8').matchAll(
      /^\| `(\w+)` \| (\d+) \| (.+?) \| (.+?) \|$/gm,
    ),
  ].map(
    ([, code = '', status, when = '', todo = '']) => [code, { status: Number(status), when, todo }] as const,
  ),
);

const parameters = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();

describe('docs/errors.md', () => {
  test('lists exactly the codes there are', () => {
    expect([...documented.keys()].sort()).toEqual([...CODES].sort());
  });

  test.each(CODES)('has the status of %s, and says when it comes and what to do', (code) => {
    const { status, when, todo } = documented.get(code) ?? {};
    expect(status).toBe(ERRORS[code][0]);
    expect(when).toMatch(/\.$/);
    expect(todo).toMatch(/\.$/);
  });
});

describe('the catalogue', () => {
  test.each(CODES)('%s has a sentence in both languages with the same parameters', (code) => {
    const [status, zh, en] = ERRORS[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(code).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
    expect(zh).toMatch(/\p{sc=Han}/u);
    expect(en).not.toMatch(/\p{sc=Han}/u);
    expect(en).toMatch(/^[A-Za-z{].*[.]$/);
    expect(parameters(zh)).toEqual(parameters(en));
  });

  test('holds no code that nobody uses, and no code is used that it does not hold', () => {
    const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'contract/errors.ts',
    );
    const source = files.map((name) => readFileSync(new URL(`src/${name}`, root), 'utf8')).join('\n');
    expect(CODES.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
    const used = [...source.matchAll(/new Refusal\(\s*'(\w+)'/g)].map(([, code]) => code);
    expect(used.length).toBeGreaterThan(30);
    expect(used.filter((code) => !(String(code) in ERRORS))).toEqual([]);
  });
});

describe('a refusal', () => {
  test('fills its sentence, also with text that looks like a pattern, and leaves what it was not given', () => {
    expect(sentence('unknown_field', 'en', { field: '$& {field} $1' })).toBe('Unknown field $& {field} $1.');
    expect(sentence('history_not_found', 'zh', { kind: 'routes', id: 'r' })).toBe('没有 routes/r 的历史记录');
    const params = { field: 'mode', reason: { zh: '不得为空', en: 'must not be empty' } };
    expect(sentence('invalid_value', 'zh', params)).toBe('mode 的值无效：不得为空');
    expect(sentence('invalid_value', 'en', params)).toBe(
      'The value of mode is not valid: must not be empty.',
    );
    expect(sentence('unknown_field', 'en')).toBe('Unknown field {field}.');
  });

  test('is about the body as a whole unless it says otherwise', () => {
    const cause = new Error('why');
    const refusal = new Refusal('busy', { cause });
    expect(refusal).toMatchObject({ code: 'busy', status: 503, part: 'body', pointer: '', extra: {}, cause });
    expect(refusal.message).toBe('Too many writers change this at once; try again.');
  });

  test('points into names with slashes and tildes as RFC 6901 says', () => {
    expect(['a/b', 'm~n', '~1', '', 7].map(pointerStep)).toEqual(['/a~1b', '/m~0n', '/~01', '/', '/7']);
  });
});
