/** The strict body parser. Bodies that it refuses are in test/api/bad-body.test.ts too, with their answers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBody } from './json-body.ts';

const parse = (text: string): unknown => parseBody(Buffer.from(text));

const refusal = (text: string | Buffer): { code: string; pointer: string } => {
  try {
    parseBody(Buffer.from(text as string));
  } catch (error) {
    const { code, pointer } = error as { code: string; pointer: string };
    return { code, pointer };
  }
  throw new Error('it was accepted');
};

/** Names that no body may hold are left out; JSON.parse would take them. */
const name = fc
  .string({ unit: 'grapheme', maxLength: 6 })
  .filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** White space and remarks that may stand between any two tokens. */
const gap = fc.oneof(
  fc.constantFrom('', ' ', '\n', '\t', '\r\n'),
  name.map((text) => ` # ${text.replace(/[\n\r]/g, '')} "{[,:#\n`),
);

/** The tokens of a JSON text. */
const tokens = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];

describe('a body', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2, '\t'), (given, indent) => {
        const text = JSON.stringify(given, null, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test('may hold space and # remarks between any two tokens, and they change nothing', () => {
    fc.assert(
      fc.property(value, fc.infiniteStream(gap), (given, gaps) => {
        const text = JSON.stringify(given);
        const spaced = [...tokens(text), ''].map((token) => gaps.next().value + token).join('');
        expect(parse(spaced)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('is refused exactly where JSON.parse refuses it, once it is cut or changed anywhere', () => {
    fc.assert(
      fc.property(
        value,
        fc.nat(),
        fc.constantFrom('', '"', '{', '}', ',', ':', '\\', '0', ']', 'x'),
        (given, at, put) => {
          const whole = JSON.stringify(given);
          const i = at % (whole.length + 1);
          const text = whole.slice(0, i) + put + whole.slice(put === '' ? whole.length : i + 1);
          const bytes = Buffer.from(text);
          const read = (parser: () => unknown): unknown => {
            try {
              return { value: parser() };
            } catch (error) {
              return (error as { code?: string }).code ?? 'malformed_json';
            }
          };
          const ours = read(() => parseBody(bytes));
          // Stricter only in what it says: duplicate names are refused, an empty body is none.
          if (ours === 'duplicate_field' || bytes.length === 0) return;
          expect(ours).toEqual(read(() => JSON.parse(bytes.toString()) as unknown));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('with a name longer than any field’s is refused where it stands, without repeating it', () => {
    const text = JSON.stringify({ config: { ['k'.repeat(500_000)]: { a: 1 } } });
    expect(() => parseBody(Buffer.from(text))).toThrow(
      expect.objectContaining({
        code: 'unknown_field',
        pointer: '/config',
        params: { field: 'k'.repeat(64) },
      }) as Error,
    );
  });

  test('costs what it is long, however many names stand under long ones', () => {
    const many = Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [i.toString(36), 1]));
    let body: object = many;
    for (let depth = 0; depth < 20; depth++) body = { ['~'.repeat(250)]: body };
    const from = performance.now();
    expect(parseBody(Buffer.from(JSON.stringify(body)))).toEqual(body);
    // With the whole path put together for each name it takes over 8 s.
    expect(performance.now() - from).toBeLessThan(4_000);
  });

  test.each([
    ['"#"', '#'],
    ['"a # b" # c', 'a # b'],
    ['"\\" # " # x', '" # '],
    ['# first\n7', 7],
    ['7#', 7],
    ['7 # last, without a line end', 7],
    ['[1, # one\r\n 2]', [1, 2]],
    ['{"a#b": "c#d"}', { 'a#b': 'c#d' }],
    ['#\n#\n#\n[]', []],
  ])('%j is %j: # starts a remark outside strings only', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test('that is empty is none; a byte order mark in front is no part of it', () => {
    expect(parse('')).toBeUndefined();
    expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
  });

  test('can be 32 levels deep, and no deeper', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parse(nested(32))).toBeDefined();
    expect(refusal(nested(33))).toEqual({ code: 'nesting_too_deep', pointer: '/0'.repeat(32) });
  });

  test.each([
    ['{"a":1,"a":2}', 'duplicate_field', '/a'],
    ['{"a":{"b":[0,{"c":1,"c":1}]}}', 'duplicate_field', '/a/b/1/c'],
    ['{"a/b":{"x~y":1,"x~y":1}}', 'duplicate_field', '/a~1b/x~0y'],
    ['{"\\u0061":1,"a":2}', 'duplicate_field', '/a'],
    ['{"":1,"":2}', 'duplicate_field', '/'],
    ['[{"__proto__":1}]', 'forbidden_field', '/0/__proto__'],
    ['{"a":{"prototype":1}}', 'forbidden_field', '/a/prototype'],
  ])('%s is refused as %s at %s', (text, code, pointer) => expect(refusal(text)).toEqual({ code, pointer }));

  test('may use a name again in another object, and such names as values', () => {
    expect(parse('[{"a":1},{"a":{"a":2}},"__proto__"]')).toEqual([{ a: 1 }, { a: { a: 2 } }, '__proto__']);
  });

  test('never shows what it holds in a refusal', () => {
    const error = (() => {
      try {
        return parse('{"key":"-----BEGIN PRIVATE KEY-----" oops}');
      } catch (thrown) {
        return thrown as Error;
      }
    })() as Error;
    expect(JSON.stringify([error.message, { ...error }])).not.toContain('PRIVATE');
    expect(error.message).toMatch(/^The body is not valid JSON: syntax error at character \d+\.$/);
  });

  test('of 1 MB is read in well under a second, whatever it is made of', () => {
    for (const piece of ['#\n', '[', '"a",', '\\', '{"a":', '"', '#', ' ']) {
      const start = process.cpuUsage();
      try {
        parse(piece.repeat(1_000_000 / piece.length));
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/malformed_json|nesting_too_deep/);
      }
      expect(process.cpuUsage(start).user / 1000, piece).toBeLessThan(800);
    }
  });
});
