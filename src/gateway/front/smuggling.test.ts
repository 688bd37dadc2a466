import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Cleanup,
  cleanUp,
  raw,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

let port: number;
let reached: string[];
beforeEach(async () => {
  reached = [];
  const upstream = await startUpstream(stack, (request, response) => {
    reached.push(`${request.method} ${request.url}`);
    request.resume();
    request.on('end', () => response.end('ok'));
  });
  const started = await startGateway(stack);
  started.feed.list({ 'routes/one': routeTo(upstream, { uris: ['/public/*'] }) });
  port = started.port;
});

const HIDDEN = 'GET /public/hidden HTTP/1.1\r\nHost: a\r\n\r\n';

const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

describe('a request that two servers could read differently', () => {
  it.each([
    [
      'both framings',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Transfer-Encoding: chunked') +
        `0\r\n\r\n${HIDDEN}`,
    ],
    [
      'both framings, the other way round',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Content-Length: 4') +
        `0\r\n\r\n${HIDDEN}`,
    ],
    [
      'two lengths',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Content-Length: 44') + HIDDEN,
    ],
    [
      'two equal lengths',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Content-Length: 0'),
    ],
    ['a list of lengths', head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: 0, 44') + HIDDEN],
    ['a signed length', head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: +4') + `abcd${HIDDEN}`],
    ['a length below 0', head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: -1') + HIDDEN],
    ['a hexadecimal length', head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length: 0x10') + HIDDEN],
    [
      'an unknown encoding',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: xchunked') + `0\r\n\r\n${HIDDEN}`,
    ],
    [
      'an encoding before chunked',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked') + `0\r\n\r\n${HIDDEN}`,
    ],
    [
      'an encoding behind chunked',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked, identity') +
        `0\r\n\r\n${HIDDEN}`,
    ],
    [
      'chunked twice',
      head('POST /public/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') +
        `0\r\n\r\n${HIDDEN}`,
    ],
    [
      'chunks in HTTP/1.0',
      head('POST /public/a HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked') + `0\r\n\r\n${HIDDEN}`,
    ],
    ['a blank before the colon', head('POST /public/a HTTP/1.1', 'Host: a', 'Content-Length : 44') + HIDDEN],
    ['a blank before a name', head('POST /public/a HTTP/1.1', ' Host: a', 'Content-Length: 44') + HIDDEN],
    ['a NUL in a value', head('GET /public/a HTTP/1.1', 'Host: a', 'X: a\0b')],
    ['a bare CR in a value', head('GET /public/a HTTP/1.1', 'Host: a', 'X: a\rContent-Length: 5')],
    ['bare LFs', 'GET /public/a HTTP/1.1\nHost: a\nX: y\n\n'],
    ['no Host', head('GET /public/a HTTP/1.1', 'X: y')],
    ['two Hosts', head('GET /public/a HTTP/1.1', 'Host: a', 'Host: b')],
    ['two Hosts of other case', head('GET /public/a HTTP/1.1', 'Host: a', 'hOST: a')],
    ['a Host with a path', head('GET /public/a HTTP/1.1', 'Host: a/b')],
    ['a Host with a user', head('GET /public/a HTTP/1.1', 'Host: x@a')],
    ['the absolute form', head('GET http://a/public/a HTTP/1.1', 'Host: a')],
    ['the asterisk form', head('OPTIONS * HTTP/1.1', 'Host: a')],
    ['no slash', head('GET public/a HTTP/1.1', 'Host: a')],
    ['a fragment', head('GET /public/a#b HTTP/1.1', 'Host: a')],
    ['a blank in the target', head('GET /public/a b HTTP/1.1', 'Host: a')],
    ['a NUL in the target', head('GET /public/%00 HTTP/1.1', 'Host: a')],
    ['dots above the root', head('GET /public/../../x HTTP/1.1', 'Host: a')],
    ['dots with a parameter', head('GET /public/..;/x HTTP/1.1', 'Host: a')],
    ['an unknown version', head('GET /public/a HTTP/3.0', 'Host: a')],
    ['CONNECT', head('CONNECT a:80 HTTP/1.1', 'Host: a')],
    ['TRACE', head('TRACE /public/a HTTP/1.1', 'Host: a')],
    ['a head too large', head('GET /public/a HTTP/1.1', 'Host: a', `X: ${'x'.repeat(40_000)}`)],
  ])('is refused for %s, and nothing reaches the upstream', async (_what, bytes) => {
    const text = await raw(port, bytes, (all) => (all.match(/HTTP\/1\.1 \d/g) ?? []).length > 1);
    expect(text).toMatch(/^HTTP\/1\.1 (400|405|431|501|505) /);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(reached).toEqual([]);
  });

  it.each([
    ['a chunk size that is none', 'zz\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than it says', '1\r\nabc\r\n0\r\n\r\n'],
    ['a chunk that ends in LF', '3\nabc\r\n0\r\n\r\n'],
    ['a chunk size past all bounds', 'fffffffffffffffff\r\nabc'],
  ])('ends with its connection for %s', async (_what, body) => {
    const start = head('POST /public/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');
    const text = await raw(port, start + body + HIDDEN);
    expect(text).not.toMatch(/^HTTP\/1\.1 200/);
    expect(reached.filter((each) => each.includes('hidden'))).toEqual([]);
  });

  it('is routed by the path it comes down to', async () => {
    const paths = [
      '/public/../admin',
      '/public/%2e%2e/admin',
      '/public/..%2fadmin',
      '/public%2f..%2fadmin',
      '/Public/a',
    ];
    for (const path of paths) {
      const text = await raw(port, head(`GET ${path} HTTP/1.1`, 'Host: a', 'Connection: close'));
      expect(text).toMatch(/^HTTP\/1\.1 404/);
    }
    for (const path of ['//public//a', '/x/../public/a', '/%70ublic/a', '/public%2Fa']) {
      const text = await raw(port, head(`GET ${path} HTTP/1.1`, 'Host: a', 'Connection: close'));
      expect(text).toMatch(/^HTTP\/1\.1 200/);
    }
    // The upstream gets what the client sent, as from nginx.
    expect(reached).toEqual(['GET //public//a', 'GET /x/../public/a', 'GET /%70ublic/a', 'GET /public%2Fa']);
  });
});
