import { describe, expect, it } from 'vitest';
import { escapeUri, parseTarget, toBytes } from './uri.ts';

describe('the normalised uri', () => {
  it.each([
    ['/', '/', ''],
    ['/a/b?x=1?y', '/a/b', 'x=1?y'],
    ['/a?', '/a', ''],
    ['//a///b//', '/a/b/', ''],
    ['/a/./b/.', '/a/b/', ''],
    ['/a/../b', '/b', ''],
    ['/a/b/..', '/a/', ''],
    ['/a/..', '/', ''],
    ['/api/../admin', '/admin', ''],
    ['/api/%2e%2e/admin', '/admin', ''],
    ['/api/.%2E/admin', '/admin', ''],
    ['/api%2f..%2fadmin', '/admin', ''],
    ['/api//../admin', '/admin', ''],
    ['/a%2Fb', '/a/b', ''],
    ['/%61%62', '/ab', ''],
    ['/a%3fb?c', '/a?b', 'c'],
    ['/a%23b', '/a#b', ''],
    ['/%252e%252e/x', '/%2e%2e/x', ''],
    ['/a/...', '/a/...', ''],
    ['/a/.b', '/a/.b', ''],
    ['/a;v=1/b', '/a;v=1/b', ''],
    ['/%C3%A9', toBytes('/é'), ''],
    ['/\u00c3\u00a9', toBytes('/é'), ''],
    ['/a\\..\\b', '/a\\..\\b', ''],
  ])('of %j is %j', (raw, uri, args) => {
    expect(parseTarget(raw)).toEqual({ raw, uri, args });
  });

  it.each([
    ['', 'nothing'],
    ['*', 'the asterisk form'],
    ['http://a/b', 'the absolute form'],
    ['a:80', 'the authority form'],
    ['/..', 'above the root'],
    ['/a/../../b', 'above the root'],
    ['/%2e%2e/b', 'above the root, encoded'],
    ['/%', 'a broken escape'],
    ['/%4', 'a broken escape'],
    ['/%zz', 'a broken escape'],
    ['/a%00b', 'a NUL'],
    ['/a#b', 'a fragment'],
    ['/a\tb', 'a control character'],
    ['/a/..;/b', 'dots with a parameter'],
    ['/a/.;x=1/b', 'a dot with a parameter'],
    ['/a/%2e%2e%3bx/b', 'dots with a parameter, encoded'],
  ])('of %j is refused: %s', (raw) => {
    expect(parseTarget(raw)).toBeUndefined();
  });

  it('is escaped as nginx escapes it', () => {
    expect(escapeUri('/a b?c#d%e"<>\\^`{|}\x7f\xff\n~!$&\'()*+,;=:@[]')).toBe(
      "/a%20b%3Fc%23d%25e%22%3C%3E%5C%5E%60%7B%7C%7D%7F%FF%0A~!$&'()*+,;=:@[]",
    );
  });
});
