/** Requests that no HTTP client would send, byte by byte. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { type Reply, rawCall } from '../support/http-call.ts';
import { type Expected, expectNothingWritten } from '../support/refused.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});

afterAll(() => fleet.dispose());

const GOOD = '{"config":{"threat_threshold":70}}';

const post = (headers: readonly string[], body: string | Buffer = GOOD): Buffer => {
  const head = ['POST /global-config/tenant HTTP/1.1', 'Host: lockstep', ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
};

const TYPE = 'Content-Type: application/json';
const LENGTH = `Content-Length: ${GOOD.length}`;
const MINE = `X-Tenant-ID: ${TENANT}`;

const UNPARSED: Expected = { code: 'malformed_request', in: 'header', pointer: '' };
const badTenant: Expected = { code: 'invalid_identifier', in: 'header', pointer: '/x-tenant-id' };
const repeated: Expected = { code: 'tenant_repeated', in: 'header', pointer: '/x-tenant-id' };
const tooLarge: Expected = { code: 'body_too_large', pointer: '' };
const HUGE = 2 * 1024 * 1024;

const ROWS: [name: string, bytes: string | Buffer, expected: Expected][] = [
  ['bytes that are not HTTP', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', UNPARSED],
  ['something after the version', 'GET /livez HTTP/1.1 x\r\nHost: a\r\n\r\n', UNPARSED],
  ['a method that does not exist', 'BREW /global-routes HTTP/1.1\r\nHost: a\r\n\r\n', UNPARSED],
  ['a version that does not exist', 'GET /livez HTTP/9.9\r\nHost: a\r\n\r\n', UNPARSED],
  ['an address with a space', 'GET /global routes HTTP/1.1\r\nHost: a\r\n\r\n', UNPARSED],
  ['a header without a colon', post([MINE, TYPE, LENGTH, 'nonsense']), UNPARSED],
  ['a header name with a space', post([MINE, TYPE, LENGTH, 'X Evil: 1']), UNPARSED],
  ['a space before the colon', post([TYPE, LENGTH, `X-Tenant-ID : ${TENANT}`]), UNPARSED],
  ['a zero byte in a header', post([TYPE, LENGTH, 'X-Tenant-ID: a\0b']), UNPARSED],
  ['a control character in a header', post([TYPE, LENGTH, 'X-Tenant-ID: a\x01b']), UNPARSED],
  ['a bare carriage return in a header', post([TYPE, LENGTH, 'X-Tenant-ID: a\rX-Evil: 1']), UNPARSED],
  ['a length that is no number', post([MINE, TYPE, 'Content-Length: ten']), UNPARSED],
  ['two lengths', post([MINE, TYPE, LENGTH, 'Content-Length: 2']), UNPARSED],
  ['a length and chunks', post([MINE, TYPE, LENGTH, 'Transfer-Encoding: chunked'], '0\r\n\r\n'), UNPARSED],
  ['a transfer coding nobody knows', post([MINE, TYPE, 'Transfer-Encoding: gzip']), UNPARSED],
  [
    'a chunk size that is no number',
    post([MINE, TYPE, 'Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    UNPARSED,
  ],
  ['no Host', `GET /livez HTTP/1.1\r\n\r\n`, { ...UNPARSED, pointer: '/host' }],
  [
    'an expectation nobody knows',
    post([MINE, TYPE, LENGTH, 'Expect: a-miracle']),
    { ...UNPARSED, pointer: '/expect' },
  ],
  ['a tunnel', 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: a\r\n\r\n', UNPARSED],
  [
    'headers of 20 KiB',
    post([MINE, TYPE, LENGTH, `X-Big: ${'a'.repeat(20_480)}`]),
    { ...UNPARSED, code: 'headers_too_large' },
  ],
  [
    'an address of 20 KiB',
    `GET /${'a'.repeat(20_480)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    { ...UNPARSED, code: 'headers_too_large' },
  ],
  [
    'a condition behind 2,500 headers',
    post([MINE, TYPE, LENGTH, ...Array<string>(2500).fill('a:'), 'If-Match: "9-9"']),
    { code: 'precondition_failed', in: 'header', pointer: '/if-match' },
  ],
  ['the tenant twice', post([MINE, MINE, TYPE, LENGTH]), repeated],
  ['two tenants', post([MINE, 'x-tenant-id: tenant-002', TYPE, LENGTH]), repeated],
  ['a tenant and an empty one', post([MINE, 'X-TENANT-ID:', TYPE, LENGTH]), repeated],
  ['a tenant of invalid UTF-8', post(['X-Tenant-ID: ten\xffant', TYPE, LENGTH]), badTenant],
  ['a tenant that climbs', post(['X-Tenant-ID: ../tenant-002', TYPE, LENGTH]), badTenant],
  ['a folded header', post([TYPE, LENGTH, 'X-Tenant-ID: a', ' b']), UNPARSED],
  [
    'an id of two dots in the path',
    `GET /global-routes/.. HTTP/1.1\r\nHost: a\r\n${MINE}\r\n\r\n`,
    { code: 'invalid_identifier', in: 'path', pointer: '/id' },
  ],
  [
    'a path that climbs',
    `GET /global-routes/../livez HTTP/1.1\r\nHost: a\r\n${MINE}\r\n\r\n`,
    { code: 'not_found', in: 'path', pointer: '' },
  ],
  ['a body announced as 2 MiB', post([MINE, TYPE, `Content-Length: ${HUGE}`]), tooLarge],
  [
    'a body of 2 MiB',
    post([MINE, TYPE, `Content-Length: ${HUGE}`], `{"x":"${'a'.repeat(HUGE - 8)}"}`),
    tooLarge,
  ],
  [
    '2 MiB in chunks',
    post([MINE, TYPE, 'Transfer-Encoding: chunked'], `200000\r\n${'a'.repeat(HUGE)}\r\n0\r\n\r\n`),
    tooLarge,
  ],
  [
    'a body without a type',
    post([MINE, LENGTH]),
    { code: 'unsupported_media_type', in: 'header', pointer: '/content-type' },
  ],
  [
    'a change without a body',
    post([MINE, TYPE, 'Content-Length: 0'], ''),
    { code: 'body_required', pointer: '' },
  ],
];

describe('on the wire', () => {
  test.each(ROWS)('%s: refused', async (_, bytes, expected) => {
    const send = (): Promise<Reply> => rawCall(fleet.nodes[0]?.url ?? '', bytes);
    await expectNothingWritten(fleet, send, expected);
  });

  test('a request that breaks off in its body is never carried out', async () => {
    await fleet.quiet();
    const before = await fleet.revision();
    const half = post([MINE, TYPE, `Content-Length: ${GOOD.length + 1}`, 'Connection: close']);
    const { connect } = await import('node:net');
    const { port } = new URL(fleet.nodes[0]?.url ?? '');
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end(half));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });
    expect(await fleet.revision()).toBe(before);
  });

  test.each([
    ['is no HTTP', 'GARBAGE\r\n\r\n'],
    ['expects what nobody knows', 'GET /livez HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n'],
    ['wants a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('what comes behind a change and %s is not refused in its place', async (_, behind) => {
    const bytes = Buffer.concat([post([MINE, TYPE, LENGTH]), Buffer.from(behind)]);
    const reply = await rawCall(fleet.nodes[0]?.url ?? '', bytes);
    expect(reply).toMatchObject({ status: 200, body: { revision: expect.any(Number) as number } });
  });

  test('the same bytes, well formed, are carried out', async () => {
    const reply = await rawCall(fleet.nodes[0]?.url ?? '', post([MINE, TYPE, LENGTH]));
    expect(reply.status).toBe(200);
  });
});
