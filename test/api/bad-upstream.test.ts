/** Upstreams that are no upstreams, or lead where none may. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { NameServer } from '../support/name-server.ts';
import { type BadRequest, describeRefusals, expectNothingWritten } from '../support/refused.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
  await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: { ...ROUTE, id: 'own' } } });
});

afterAll(() => fleet.dispose());

const create = (upstream: unknown, code: BadRequest['code'], at = ''): BadRequest => ({
  name: `POST upstream ${JSON.stringify(upstream).slice(0, 70)}`,
  method: 'POST',
  path: '/global-routes',
  tenant: TENANT,
  body: { route: { ...ROUTE, id: 'new', upstream } },
  code,
  pointer: `/route/upstream${at}`,
});

const update = (upstream: unknown, code: BadRequest['code'], at = ''): BadRequest => ({
  ...create(upstream, code),
  name: `PUT upstream ${JSON.stringify(upstream).slice(0, 70)}`,
  method: 'PUT',
  path: '/global-routes/own',
  body: { updates: { upstream } },
  pointer: `/updates/upstream${at}`,
});

const SHAPES: [upstream: unknown, at: string][] = [
  [7, ''],
  ['', ''],
  [[], ''],
  [{}, ''],
  [`http://${'a'.repeat(512)}`, ''],
  ['http://a\r\nHost: b', ''],
  ['http://a\tb', ''],
  ['http://a\u200bb', ''],
  [[{ url: 'http://a', weight: 1001 }], '/0/weight'],
  [[{ url: 'http://a', weight: -1 }], '/0/weight'],
  [[{ url: 'http://a', weight: '1' }], '/0/weight'],
  [Array.from({ length: 33 }, (_, i) => ({ url: `http://b${i}`, weight: 1 })), ''],
];

const INVALID: [upstream: unknown, at?: string][] = [
  ['backend:8080'],
  ['//backend'],
  ['file:///etc/passwd'],
  ['ftp://backend'],
  ['javascript:alert(1)'],
  ['unix:/var/run/docker.sock'],
  ['grpc://backend'],
  ['http:backend'],
  ['http://'],
  ['http:///path'],
  ['http://backend:65536'],
  ['http://backend:0'],
  ['http://backend:-1'],
  ['http://backend:80a'],
  ['http://user:secret@backend'],
  ['http://user@backend'],
  ['http://@backend'],
  ['http://:@backend'],
  ['http://backend/path'],
  ['http://backend/../x'],
  ['http://backend?x=1'],
  ['http://backend#x'],
  ['http://back end'],
  ['http://back_end!'],
  ['http://backend..'],
  ['http://back..end'],
  ['http://.backend'],
  ['http://-backend'],
  ['http://[::1'],
  ['http://[fe80::1%25eth0]'],
  ['http://1.2.3.4.5'],
  ['http://256.1.1.1'],
  ['http://a%2fb'],
  [`http://${'a'.repeat(64)}.com`],
  [
    [
      { url: 'http://a', weight: 1 },
      { url: 'https://b', weight: 1 },
    ],
    '/1/url',
  ],
  [
    [
      { url: 'http://a', weight: 1 },
      { url: 'http://a:80', weight: 2 },
    ],
    '/1/url',
  ],
  [[{ url: 'http://a', weight: 0 }]],
];

const FORBIDDEN: [upstream: unknown, at?: string][] = [
  'http://127.0.0.1',
  'http://127.1:8080',
  'http://localhost',
  'http://LOCALHOST:8080',
  'http://0.0.0.0',
  'http://0',
  'http://[::1]',
  'http://[::]',
  'http://10.0.0.7',
  'http://172.16.0.1',
  'http://192.168.1.1',
  'http://100.64.0.1',
  'http://[fd12::1]',
  'http://[::ffff:10.0.0.7]',
  'http://169.254.169.254',
  'http://169.254.169.254.',
  'http://2852039166',
  'http://0xa9fea9fe',
  'http://0xa9.0xfe.0xa9.0xfe',
  'http://0251.0376.0251.0376',
  'http://169.254.43518',
  'http://169.16689662',
  'http://\uff11\uff16\uff19.254.169.254',
  'http://[::ffff:169.254.169.254]',
  'http://[::ffff:a9fe:a9fe]',
  'http://[::169.254.169.254]',
  'http://[64:ff9b::169.254.169.254]',
  'http://[64:ff9b:1::169.254.169.254]',
  'http://[2002:a9fe:a9fe::]',
  'http://[fe80::1]',
  'http://[fd00:ec2::254]',
  'http://metadata.google.internal',
  'http://METADATA.google.internal.',
  'http://%6detadata.google.internal',
  'http://metadata.goog',
  'http://metadata',
  'http://100.100.100.200',
  'http://168.63.129.16',
  'http://127.0.0.1:2379',
  'http://localhost:2379',
  'http://[::ffff:127.0.0.1]:2379',
  'http://2130706433:2379',
  'http://224.0.0.1',
  'http://255.255.255.255',
  'http://240.0.0.1',
  'http://198.18.0.1',
  'http://backend:2379',
  'http://backend:6379',
  'https://backend:9180',
  'http://93.184.216.34:9090',
  'http://[64:ff9b:1::1]',
  'http://[fec0::1]',
  'http://a.localhost',
].map((url) => [url] as const);

const SECOND = [
  { url: 'http://backend', weight: 1 },
  { url: 'http://169.254.169.254', weight: 0 },
];

describeRefusals('upstreams of the wrong shape', () => fleet, [
  ...SHAPES.map(([upstream, at]) => create(upstream, 'invalid_value', at)),
]);
describeRefusals('upstreams that are not URLs of upstreams', () => fleet, [
  ...INVALID.map(([upstream, at]) => create(upstream, 'upstream_invalid', at)),
  update('http://user:secret@backend', 'upstream_invalid'),
]);
describeRefusals('upstreams that lead where none may', () => fleet, [
  ...FORBIDDEN.map(([upstream, at]) => create(upstream, 'upstream_forbidden', at)),
  create(SECOND, 'upstream_forbidden', '/1/url'),
  update(SECOND, 'upstream_forbidden', '/1/url'),
]);

test('the sentence is in one language to its end: Chinese, or English when asked for', async () => {
  for (const upstream of [
    'http://u@a',
    'http://10.0.0.1',
    'http://169.254.169.254',
    'http://a:6379',
    'http://metadata',
  ]) {
    const call = { tenant: TENANT, body: { route: { ...ROUTE, id: 'new', upstream } } };
    const zh = await fleet.call('POST', '/global-routes', call);
    expect(zh.body.detail.split('：').at(-1), upstream).toMatch(/^[^a-z]*\p{Script=Han}[^a-z]*$/u);
    const en = await fleet.call('POST', '/global-routes', { ...call, headers: { 'accept-language': 'en' } });
    expect(en.body.detail, upstream).toMatch(/^The upstream \S+ is not (?:valid|allowed): [ -~]+\.$/);
  }
});

test('this node itself is no upstream, also where loopback is open', async () => {
  const open = await startFleet({ upstreams: { privateRanges: 'open', reserved: [] } });
  const own = open.nodes[0]?.url ?? '';
  for (const upstream of [own, own.replace('127.0.0.1', 'localhost'), own.replace('127.0.0.1', '[::1]')]) {
    const body = { route: { ...ROUTE, upstream } };
    const reply = await open.call('POST', '/global-routes', {
      tenant: TENANT,
      body,
      headers: { 'accept-language': 'en' },
    });
    expect(reply).toMatchObject({ status: 422, body: { code: 'upstream_forbidden' } });
    expect(reply.body.detail).toMatch(/the control plane itself/);
  }
  const other = own.replace(/\d+$/, (port) => String(Number(port) ^ 1));
  const free = await open.call('POST', '/global-routes', {
    tenant: TENANT,
    body: { route: { ...ROUTE, upstream: other } },
  });
  expect(free.status).toBe(201);
  await open.dispose();
});

test('a tenant whose names nobody answers for opens no way for the names of another, and is told so', async () => {
  const server = await NameServer.start((name) =>
    name.endsWith('.silent.example') ? 'silent' : name === 'private.example' ? ['10.0.0.5'] : 'absent',
  );
  const names = { servers: [server.address], deadline_ms: 1_000 };
  const watched = await startFleet({ names });
  const write = (tenant: string, id: string, upstream: unknown) =>
    watched.call('POST', '/global-routes', {
      tenant,
      body: { route: { ...ROUTE, id, hosts: [`${id}.example`], upstream } },
    });
  const silent = (n: number) =>
    Array.from({ length: 32 }, (_, i) => ({ url: `http://n${i}-${n}.silent.example`, weight: 1 }));
  const asked = { code: 'names_unresolvable_now', pointer: '/route/upstream/0/url' } as const;
  await expectNothingWritten(watched, () => write('slow', 'slow', silent(0)), asked);
  const slow = Array.from({ length: 20 }, (_, n) => write('slow', `slow-${n}`, silent(n)));
  expect((await write('other', 'private', 'http://private.example')).body.code).toBe('upstream_forbidden');
  expect((await write('other', 'absent', 'http://absent.example')).status).toBe(201);
  for (const { body } of await Promise.all(slow)) expect(body.code).toBe('names_unresolvable_now');
  await watched.dispose();
  server.stop();
});

test('where private ranges are open a resolver that says nothing holds nobody up', async () => {
  const server = await NameServer.start(() => 'silent');
  const names = { servers: [server.address], deadline_ms: 100 };
  const open = await startFleet({ names, upstreams: { privateRanges: 'open', reserved: [] } });
  const reply = await open.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } });
  expect(reply.status).toBe(201);
  await open.dispose();
  server.stop();
});
