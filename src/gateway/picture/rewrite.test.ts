import { describe, expect, it } from 'vitest';
import { compilePattern } from './regex-subset.ts';
import { applyRewrite, readRewrite } from './rewrite.ts';
import { parseTarget } from '../request/uri.ts';

const rewritten = (regex_uri: readonly string[], raw: string): string | undefined => {
  const reading = readRewrite({ regex_uri });
  const target = parseTarget(raw);
  if (reading.kind !== 'loaded' || reading.refusal !== undefined || !target) throw new Error('not usable');
  return applyRewrite(reading.value, target);
};

const STRIP = ['^\\/api\\/v1/?(.*)$', '/$1'];

describe('proxy-rewrite', () => {
  it.each([
    [STRIP, '/api/v1/x/y?q=1', '/x/y?q=1'],
    [STRIP, '/api/v1', '/'],
    [STRIP, '/api/v1x', '/x'],
    [STRIP, '/other', '/other'],
    [STRIP, '/api/v1/a%3Fb', '/a%3Fb'],
    [STRIP, '/api/v1/a%3Fb?c', '/a%3Fb?c'],
    [STRIP, '/api/v1/%C3%A9%20', '/%C3%A9%20'],
    [STRIP, '/api/v1/%252e', '/%252e'],
    [STRIP, '/x/../api/v1//y', '/y'],
    // `.` stops at a newline in PCRE too, so APISIX strips nothing here either.
    [STRIP, '/api/v1/a%0Ab', '/api/v1/a%0Ab'],
    [STRIP, '/api/v1/a%0A', '/a%0A'],
    [['^/a/(.*)', '/b?x=$1'], '/a/1?y=2', '/b?x=1&y=2'],
    [['^/a/(.*)', '/b?x=$1'], '/a/1', '/b?x=1'],
    [['^/a/(.*)', '/b?x=$1'], '/a/1%3F2', '/b%3Fx=1%3F2'],
    [['^/no', '/1', '^/yes', '/2'], '/yes/x', '/2/x'],
    [['/(\\d+)/([a-z]+)', '/${2}/$1/$$'], '/42/abc/z', '/abc/42/$/z'],
    [['(x)?/tail', '/t$1'], '/a/tail', '/a/t'],
  ])('with %j makes %s into %s', (pairs, raw, path) => {
    expect(rewritten(pairs, raw)).toBe(path);
  });

  it('makes no path out of what is none', () => {
    expect(rewritten(['^/(.*)', '$1'], '/x')).toBeUndefined();
  });

  it.each([
    [{}, 'rejected'],
    [{ regex_uri: ['^/a'] }, 'rejected'],
    [{ regex_uri: 'x' }, 'rejected'],
    [{ regex_uri: ['^/a', '/$x'] }, 'rejected'],
    [{ regex_uri: ['^/(?=a)', '/'] }, 'refused'],
    [{ regex_uri: ['(', '/'] }, 'refused'],
    [{ uri: '/fixed' }, 'refused'],
    [{ regex_uri: ['^/a', '/b'], headers: { set: { a: 'b' } } }, 'refused'],
    [{ regex_uri: ['^/a', '/b'], use_real_request_uri_unsafe: true }, 'refused'],
    [{ regex_uri: ['^/a', '/b'], use_real_request_uri_unsafe: false }, 'loaded'],
  ])('takes %j as %s', (conf, outcome) => {
    const reading = readRewrite(conf);
    expect(reading.kind === 'loaded' && reading.refusal !== undefined ? 'refused' : reading.kind).toBe(
      outcome,
    );
  });

  it.each([
    '(?i)a',
    '(?<n>a)',
    '\\bx',
    'a++',
    '[[:alpha:]]',
    '[]a]',
    '\\Qa',
    '\\1',
    'a{',
    '(*UTF)a',
    '[^]',
    '\\R',
  ])('does not guess at the pattern %j', (pattern) => {
    expect(compilePattern(pattern)).toBeUndefined();
  });
});
