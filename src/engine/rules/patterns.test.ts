import { describe, expect, it } from 'vitest';
import { lintPattern } from '../../../test/engine/pattern-lint.ts';
import * as code from './code-patterns.ts';
import * as command from './command-patterns.ts';
import type { Rule } from './finding.ts';
import * as gates from './gate-patterns.ts';
import * as markup from './markup-patterns.ts';
import * as path from './path-patterns.ts';
import * as agents from '../inspect/agent-patterns.ts';
import * as protocol from './protocol-patterns.ts';
import * as sql from './sql-patterns.ts';

const modules = { code, command, gates, markup, path, agents, protocol, sql };

const everyPattern: [string, string][] = Object.entries(modules).flatMap(([module, exports]) =>
  Object.entries(exports).flatMap(([name, value]: [string, string | readonly string[] | readonly Rule[]]) =>
    typeof value === 'string'
      ? [[`${module} ${name}`, value] as [string, string]]
      : value.flatMap((rule, at): [string, string][] =>
          typeof rule === 'string' ? [] : [[`${module} ${name} ${at} ${rule.id}`, rule.pattern]],
        ),
  ),
);

/**
 * One that is quadratic in the text takes over 8 s. Linear ones take up to 0.2 s, and 1.6 s in a process that has compiled so
 * many that V8 stops optimising them.
 */
const LIMIT_MS = 5_000;

/** Milliseconds of the fastest of at most three runs. A busy machine only ever adds time, so one run below the limit is enough. */
const fastest = (work: () => unknown): number => {
  let best = Infinity;
  for (let run = 0; run < 3 && best >= LIMIT_MS; run += 1) {
    const from = performance.now();
    work();
    best = Math.min(best, performance.now() - from);
  }
  return best;
};

describe('patterns', () => {
  it.each(everyPattern)('%s means the same to RegExp and PCRE, in bounded time', (_name, pattern) => {
    lintPattern(pattern);
    expect(new RegExp(pattern).flags).toBe('');
  });

  const refused: [string, RegExp][] = [
    ['a.b', /line ends/],
    ['\\sx', /escape/],
    ['\\vx', /escape/],
    ['(a)', /groups/],
    ['(?<=a)b', /groups/],
    ['a*?b', /lazy/],
    ['[a-z]*x', /bound it/],
    ['(?:ab)*x', /unbounded group/],
    ['x{2', /bare/],
    ['[[:alpha:]]', /POSIX/],
  ];
  it.each(refused)('%s is refused', (pattern, reason) => {
    expect(() => lintPattern(pattern)).toThrow(reason);
  });

  it('no pattern takes long on a long hostile text', () => {
    const hostile = [
      'a',
      '(',
      '[',
      '{{',
      '<a ',
      "'",
      '"a" ',
      '/*',
      '../',
      '${',
      ';a',
      'java.',
      ' ',
      '=',
      '1e',
      '\\u00',
    ].map((part) => part.repeat(131_072 / part.length));
    for (const [name, pattern] of everyPattern) {
      const regex = new RegExp(pattern);
      for (const text of hostile) {
        expect(
          fastest(() => regex.test(text)),
          `${name} on ${text.slice(0, 4)}`,
        ).toBeLessThan(LIMIT_MS);
      }
    }
  });
});
