/** Ways to bend a request out of shape. */
import fc from 'fast-check';
import type { WireRequest } from './wire.ts';

export type Bend = (request: WireRequest) => WireRequest;

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
  'QUERY',
  'get',
  'BREW',
];

/** What JSON can say and nobody expects where it stands. */
const ODD_JSON = [
  ...[
    'null',
    'true',
    '0',
    '-0',
    '1e308',
    '1e-400',
    '1e400',
    '-1',
    '9007199254740993',
    '0.1',
    '""',
    '[]',
    '{}',
    '[[]]',
    '[null]',
  ],
  ...[
    '"\\u0000"',
    '"\\ud800"',
    '"\\u202e"',
    '"<script>"',
    '"${jndi:ldap://x}"',
    '"../../etc/passwd"',
    '"__proto__"',
  ],
  ...[
    '{"__proto__":1}',
    '{"constructor":{"prototype":{}}}',
    '{"toString":1}',
    '{"a":1,"a":2}',
    '{"":""}',
    '"％００"',
  ],
  ...[
    `"${'x'.repeat(5_000)}"`,
    // Many names under long ones: what puts a path together for each is done after minutes.
    `{"${'~'.repeat(200_000)}":{${Array.from({ length: 20_000 }, (_, i) => `"${i}":1`).join(',')}}}`,
    `[${'0,'.repeat(2_000)}0]`,
    `${'['.repeat(40)}${']'.repeat(40)}`,
    `"${'路'.repeat(700)}"`,
  ],
];

const ODD_BODIES: readonly Buffer[] = [
  ...[
    '',
    ' ',
    '{',
    '}',
    '{"config":',
    '[]',
    '"text"',
    'null',
    '# only a comment',
    '{"a":1}#c\n',
    '{}{}',
    '\ufeff{}',
    'NaN',
  ],
  ...[
    "{'a':1}",
    '{"a":1,}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":"\t"}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    'a=1&b=2',
  ],
].map((text) => Buffer.from(text));
const BINARY: readonly Buffer[] = [
  Buffer.from([0xff, 0xfe, 0x7b, 0x00]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0x00]),
  Buffer.from('{"a":"\xc3\x28"}', 'latin1'),
  Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'),
  Buffer.alloc(64),
];

const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ['X-Tenant-ID', ''],
  ['X-Tenant-ID', '../acme'],
  ['X-Tenant-ID', 'acme,globex'],
  ['X-Tenant-ID', '\xe4\xb8\xad'],
  ['X-Tenant-ID', 'x'.repeat(65)],
  ['Content-Type', 'text/plain'],
  ['Content-Type', 'application/json; charset=utf-16'],
  ['Content-Type', 'application/merge-patch+json'],
  ['Content-Type', ';;;'],
  ['Content-Encoding', 'gzip'],
  ['Authorization', 'Basic YWJj'],
  ['Host', 'evil.example'],
  ['Origin', 'https://evil.example'],
  ['X-Forwarded-For', '1.2.3.4, <script>'],
  ['Cookie', 'a='.repeat(500)],
  ['Upgrade', 'websocket'],
  ['Expect', '100-continue'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['If-Match', '"'.repeat(1_100)],
  ['Idempotency-Key', 'x'.repeat(129)],
  ['X-Change-Reason', 'x'.repeat(601)],
  ['__proto__', '1'],
  ['X-Big', 'x'.repeat(17_000)],
];

const ODD_PATHS: readonly Bend[] = [
  ['/global-config', '//global-config'],
  ['/global', '/./global'],
  ['/global-routes', '/global-routes/%2e%2e'],
  ['/global-routes/', '/global-routes/%2f'],
  ['/', '/%00'],
  ['/', '/%'],
  ['/', '/%ff'],
  ['/', '/%c0%af'],
  ['/', '/\xe4\xb8\xad'],
  ['-', '%2d'],
  ['global', 'GLOBAL'],
].map(
  ([from = '', to = '']) =>
    (request: WireRequest) =>
      retarget(request, (target) => target.replace(from, to)),
);

const retarget = (request: WireRequest, change: (target: string) => string): WireRequest => ({
  ...request,
  target: change(request.target).replaceAll(/[ \r\n]/g, '') || '/',
});

const TARGETS = [
  ...[
    '*',
    'http://evil.example/livez',
    '//evil.example/livez',
    '/livez?',
    '/livez?x',
    '/livez#x',
    '/docs',
    '/docs/static/../x',
  ],
  ...[
    '/openapi.json',
    '/docs/json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    `/${'a'.repeat(2_000)}`,
    '/livez;x=y',
    '/metrics',
  ],
];

const QUERIES = [
  'dry_run=maybe',
  'limit=0',
  'limit=-1',
  'limit=1e9',
  'limit=1&limit=2',
  'wait=nodes',
  'wait=fleet',
  'wait=all',
  'after=%00',
  'a[b]=c',
  '__proto__=1',
  '&&&',
  '=',
  'dry_run=true',
  'min_revision=9007199254740993',
  'x=%',
];

const resized = (request: WireRequest, body: Buffer): WireRequest => ({
  ...request,
  headers: [
    ...request.headers.filter(([name]) => name !== 'Content-Length'),
    ['Content-Length', String(body.length)],
    ...(request.headers.some(([name]) => name === 'Content-Type')
      ? []
      : ([['Content-Type', 'application/json']] as const)),
  ],
  body,
});

/** Replaces one value within a JSON body. */
const swapValue =
  (at: number, json: string): Bend =>
  (request) => {
    const text = request.body.toString();
    const places = [
      ...text.matchAll(/(?<=[:[,])(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)(?=[,\]}])/g),
    ];
    const place = places[Math.floor(at * places.length)];
    if (!place) return resized(request, Buffer.from(json));
    return resized(
      request,
      Buffer.from(text.slice(0, place.index) + json + text.slice(place.index + place[0].length)),
    );
  };

/** Renames one field of a JSON body. */
const renameField =
  (at: number, name: string): Bend =>
  (request) => {
    const text = request.body.toString();
    const places = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=:)/g)];
    const place = places[Math.floor(at * places.length)];
    if (!place) return request;
    return resized(
      request,
      Buffer.from(
        text.slice(0, place.index) + JSON.stringify(name) + text.slice(place.index + place[0].length),
      ),
    );
  };

const addField =
  (json: string): Bend =>
  (request) => {
    const text = request.body.toString();
    return text.startsWith('{') ? resized(request, Buffer.from(`{"odd":${json},${text.slice(1)}`)) : request;
  };

const cut =
  (at: number): Bend =>
  (request) =>
    resized(request, request.body.subarray(0, Math.floor(at * request.body.length)));

const flip =
  (at: number, byte: number): Bend =>
  (request) => {
    const body = Buffer.from(request.body);
    if (body.length > 0) body[Math.floor(at * body.length)] = byte;
    return resized(request, body);
  };

const withHeader =
  (header: readonly [string, string]): Bend =>
  (request) => ({ ...request, headers: [...request.headers, header] });

const replaceHeader =
  ([name, value]: readonly [string, string]): Bend =>
  (request) => ({
    ...request,
    headers: [
      ...request.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()),
      [name, value],
    ],
  });

const dropHeader =
  (name: string): Bend =>
  (request) => ({
    ...request,
    headers: request.headers.filter(([other]) => other !== name),
    last: request.last ?? (name === 'Content-Length' && request.body.length > 0),
  });

const repeatHeader =
  (at: number): Bend =>
  (request) => {
    const header = request.headers[Math.floor(at * request.headers.length)];
    return header ? { ...withHeader(header)(request), last: true } : request;
  };

/** In chunks, of which one may be wrong. */
const inChunks =
  (wrong: boolean): Bend =>
  (request) => {
    const { body } = request;
    const size = wrong ? 'zz' : body.length.toString(16);
    const chunk = body.length === 0 ? '' : `${size}\r\n${body.toString('latin1')}\r\n`;
    return {
      ...request,
      headers: [
        ...request.headers.filter(([name]) => name !== 'Content-Length'),
        ['Transfer-Encoding', 'chunked'],
      ],
      body: Buffer.from(`${chunk}0\r\n\r\n`, 'latin1'),
      last: true,
    };
  };

/** Bytes after the end of the body: a request that nobody meant to send. */
const trailing: Bend = (request) => ({
  ...request,
  body: Buffer.concat([request.body, Buffer.from('GARBAGE\r\n\r\n')]),
  last: true,
});

const unit = fc.double({ min: 0, max: 0.999_999, noNaN: true });
const odd = fc.constantFrom(...ODD_JSON);

export const bends: fc.Arbitrary<Bend> = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(unit, odd).map(([at, json]) => swapValue(at, json)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(unit, fc.constantFrom('odd', '__proto__', '', '路由', 'version', 'id'))
      .map(([at, name]) => renameField(at, name)),
  },
  { weight: 3, arbitrary: odd.map(addField) },
  { weight: 2, arbitrary: unit.map(cut) },
  {
    weight: 2,
    arbitrary: fc.tuple(unit, fc.integer({ min: 0, max: 255 })).map(([at, byte]) => flip(at, byte)),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...ODD_BODIES, ...BINARY).map(
      (body): Bend =>
        (request) =>
          resized(request, body),
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom(...ODD_HEADERS).map(replaceHeader) },
  { weight: 2, arbitrary: fc.constantFrom(...ODD_HEADERS).map(withHeader) },
  { weight: 2, arbitrary: unit.map(repeatHeader) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('Host', 'Content-Type', 'X-Tenant-ID', 'Authorization').map(dropHeader),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...METHODS).map(
      (method): Bend =>
        (request) => ({ ...request, method }),
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom(...ODD_PATHS) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...TARGETS).map(
      (target): Bend =>
        (request) => ({ ...request, target }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...QUERIES).map(
      (query): Bend =>
        (request) =>
          retarget(request, (target) => `${target}${target.includes('?') ? '&' : '?'}${query}`),
    ),
  },
  { weight: 2, arbitrary: fc.boolean().map(inChunks) },
  { weight: 1, arbitrary: fc.constant(trailing) },
);
