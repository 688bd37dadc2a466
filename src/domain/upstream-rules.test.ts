import { describe, expect, test } from 'vitest';
import type { Text } from '../contract/errors.ts';
import { CLOSED_PORTS, type UpstreamRules, checkUpstream, closedTo } from './upstream-rules.ts';
import { parseUpstream } from './upstream.ts';

const CLOSED: UpstreamRules = {
  privateRanges: [],
  reserved: [
    { host: '10.9.8.7', port: 7001, use: 'store' },
    { host: 'etcd', port: 7001, use: 'store' },
  ],
};
const OPEN: UpstreamRules = { ...CLOSED, privateRanges: 'open' };

const parse = (url: string) => parseUpstream(url, '/upstream')[0];

/** `undefined` = allowed; otherwise the reason. */
const verdict = (
  url: string,
  rules: UpstreamRules,
  addresses: readonly string[] = [],
): string | undefined => {
  const target = parse(url);
  if (!target) throw new Error('no target');
  try {
    checkUpstream(target, addresses, rules, '/upstream');
    return undefined;
  } catch (error) {
    const { code, pointer, params } = error as { code: string; pointer: string; params: { reason: Text } };
    expect([code, pointer]).toEqual(['upstream_forbidden', '/upstream']);
    expect(params.reason.zh).toMatch(/\p{Script=Han}/u);
    return params.reason.en;
  }
};

describe('with private ranges closed', () => {
  test.each([
    'http://1.1.1.1',
    'http://backend:8080',
    'https://[2606:4700::1111]',
    'http://172.32.0.1',
    'http://11.0.0.1',
    'http://metadata.example.com',
    'http://instance-data.example.com',
    'http://ip-10-0-0-1.eu-central-1.compute.internal',
    'http://localhost5',
  ])('%s is allowed', (url) => expect(verdict(url, CLOSED)).toBeUndefined());

  test.each([
    ['127.0.0.1', 'a loopback'],
    ['2130706433', 'a loopback'],
    ['0177.0.0.1', 'a loopback'],
    ['0x7f.1', 'a loopback'],
    ['[::1]', 'a loopback'],
    ['[::ffff:127.0.0.1]', 'a loopback'],
    ['[64:ff9b::127.0.0.1]', 'a loopback'],
    ['10.1.2.3', 'a private'],
    ['192.168.0.1', 'a private'],
    ['172.31.255.255', 'a private'],
    ['[::ffff:0:10.0.0.1]', 'a private'],
    ['[::10.0.0.1]', 'a private'],
    ['100.127.0.1', 'a carrier-grade NAT'],
    ['[fc00::1]', 'a unique local'],
  ])('http://%s is refused as %s', (host, range) => {
    expect(verdict(`http://${host}`, CLOSED)).toBe(`it is ${range} address outside the allow-list`);
    expect(verdict(`http://${host}`, OPEN)).toBeUndefined();
  });

  test('a name is refused for any one of its addresses, and allowed where it does not resolve', () => {
    expect(verdict('http://backend', CLOSED, ['1.1.1.1', '10.0.0.1'])).toMatch(/private/);
    expect(verdict('http://backend', CLOSED, ['1.1.1.1', '::ffff:10.0.0.1'])).toMatch(/private/);
    expect(verdict('http://backend', CLOSED, ['1.1.1.1', '2606:4700::1111'])).toBeUndefined();
    expect(verdict('http://backend', CLOSED, [])).toBeUndefined();
  });
});

test.each([
  'localhost',
  'LOCALHOST.',
  'a.localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost6',
  'localhost4.localdomain4',
  'localhost6.localdomain6',
  'localhost6.localdomain',
  'ip6-localhost',
  'ip6-loopback',
])('%s is this machine, also where it does not resolve', (host) => {
  expect(verdict(`http://${host}`, CLOSED)).toBe('it is a loopback address outside the allow-list');
  expect(verdict(`http://${host}`, OPEN)).toBeUndefined();
  expect(verdict(`http://x.${host.replace(/\.$/, '')}.example`, CLOSED)).toBeUndefined();
});

describe('an allow-list', () => {
  const rules: UpstreamRules = { privateRanges: ['10.1.0.0/16', '192.168.7.7', 'fd00:1::/32'], reserved: [] };
  test.each([
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['192.168.7.7', true],
    ['192.168.7.8', false],
    ['[::ffff:10.1.0.1]', true],
    ['[fd00:1::5]', true],
    ['[fd00:2::5]', false],
    ['127.0.0.1', false],
  ])('decides about %s: %s', (host, allowed) => {
    expect(verdict(`http://${host}`, rules) === undefined).toBe(allowed);
  });

  test('opens nothing that is link-local, metadata or reserved', () => {
    const privateRanges = [
      '0.0.0.0/0',
      '::/0',
      'fd00::/8',
      'fd00:ec2::/32',
      '169.254.0.0/16',
      '100.64.0.0/10',
    ];
    const everything: UpstreamRules = { privateRanges, reserved: [] };
    expect(verdict('http://[fd00:ec3::23]', everything)).toBeUndefined();
    for (const host of [
      '169.254.1.1',
      '169.254.169.254',
      '100.100.100.200',
      '[fd00:ec2::254]',
      '[fd00:ec2::23]',
      '[fd00:ec2::123]',
      '[fd00:c1::a9fe:a9fe]',
      '[fd00:42::42]',
      '[fd20:ce::254]',
      '169.254.170.2',
      '169.254.170.23',
      '168.63.129.16',
      '0.0.0.0',
      '224.0.0.1',
      '[fe80::1]',
      '[2002:a00:1::]',
    ]) {
      expect(verdict(`http://${host}`, everything), host).toMatch(/^it is an? /);
    }
  });
});

describe('always refused, also where everything private is open', () => {
  test.each([
    ['169.254.169.254', 'a link-local'],
    ['[fe80::1]', 'a link-local'],
    ['0.0.0.0', 'an unspecified'],
    ['[::]', 'an unspecified'],
    ['255.255.255.255', 'a broadcast'],
    ['239.1.1.1', 'a multicast'],
    ['[ff02::1]', 'a multicast'],
    ['240.0.0.1', 'a reserved'],
    ['[2002:102:304::]', 'a special-purpose (6to4)'],
    ['[2001::1]', 'a special-purpose (teredo)'],
  ])('http://%s: %s', (host, range) =>
    expect(verdict(`http://${host}`, OPEN)).toBe(`it is ${range} address`),
  );

  test.each([
    'metadata',
    'metadata.google.internal',
    'METADATA.GOOGLE.INTERNAL.',
    'metadata.goog',
    'metadata.azure.internal',
    'metadata.tencentyun.com',
    'metadata.packet.net',
    'rancher-metadata',
    'api.metadata.cloud.ibm.com',
    'instance-data',
    'instance-data.ec2.internal',
    'instance-data.compute.internal',
    'instance-data.eu-central-1.compute.internal',
    '[fd00:ec2::23]',
    '[fd00:c1::a9fe:a9fe]',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '[fd00:ec2::254]',
    '[::ffff:100.100.100.200]',
  ])('http://%s: a metadata service', (host) =>
    expect(verdict(`http://${host}`, OPEN)).toBe('it is a metadata service'),
  );

  test('a name that resolves to a metadata service or a link-local address', () => {
    expect(verdict('http://innocent.example', OPEN, ['169.254.169.254'])).toMatch(/link-local/);
    expect(verdict('http://innocent.example', OPEN, ['fd00:ec2::254'])).toMatch(/metadata/);
  });

  test.each<[url: string, addresses: string[]]>([
    ['http://10.9.8.7:7001', []],
    ['http://168364039:7001', []],
    ['http://[::ffff:10.9.8.7]:7001', []],
    ['http://etcd:7001', []],
    ['http://ETCD.:7001', []],
    ['http://innocent.example:7001', ['10.9.8.7']],
  ])('the store: %s %j', (url, addresses) => {
    expect(verdict(url, OPEN, addresses)).toBe('it is the configuration store');
    expect(verdict(url.replace('7001', '7002'), OPEN, addresses)).toBeUndefined();
  });

  test('the store on loopback, by every loopback address', () => {
    const rules: UpstreamRules = {
      privateRanges: 'open',
      reserved: [{ host: '127.0.0.1', port: 7001, use: 'store' }],
    };
    for (const host of ['127.0.0.1', '127.9.9.9', '[::1]', '2130706433']) {
      expect(verdict(`http://${host}:7001`, rules)).toBe('it is the configuration store');
      expect(verdict(`http://${host}:8080`, rules)).toBeUndefined();
    }
  });
});

/** One IPv4 address, in every notation that some resolver, stack or translator takes for it. */
const notationsOf = (a: number, b: number, c: number, d: number): string[] => {
  const all = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (n: number): string => n.toString(16);
  const oct = (n: number): string => `0${n.toString(8)}`;
  const pair = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  return [
    `${a}.${b}.${c}.${d}`,
    `${a}.${b}.${c}.${d}.`,
    `${all}`,
    `0x${hex(all)}`,
    `0X${hex(all).toUpperCase()}`,
    oct(all),
    `000${oct(all)}`,
    [a, b, c, d].map((n) => `0x${hex(n)}`).join('.'),
    [a, b, c, d].map(oct).join('.'),
    `${a}.0x${hex(b)}.${oct(c)}.${d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c}.${d}`.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    `${a}.${b}.${c}.${d}`.replace(/\d/g, (digit) => String.fromCodePoint(0x1d7d8 + Number(digit))),
    `${a}.${b}.${c}.${d}`.replaceAll('.', '\u3002'),
    `%3${String(a).charAt(0)}${String(a).slice(1)}.${b}.${c}.${d}`,
    `[::ffff:${pair}]`,
    `[::ffff:${a}.${b}.${c}.${d}]`,
    `[0:0:0:0:0:FFFF:${pair}]`,
    `[::${pair}]`,
    `[::ffff:0:${pair}]`,
    `[64:ff9b::${pair}]`,
    `[64:ff9b::${a}.${b}.${c}.${d}]`,
    `[64:ff9b:1::${pair}]`,
    `[2002:${pair}::1]`,
    `[2a00:1450::5efe:${pair}]`,
    `[2a00:1450:0:0:200:5efe:${pair}]`,
  ];
};

describe('every notation of an address is judged as the address', () => {
  const addresses: [number, number, number, number][] = [
    [127, 0, 0, 1],
    [10, 11, 12, 13],
    [169, 254, 169, 254],
    [100, 100, 100, 200],
    [192, 168, 0, 1],
    [224, 0, 0, 251],
  ];
  const rows = addresses.flatMap((address) =>
    notationsOf(...address).map((host): [string, string] => [host, address.join('.')]),
  );

  test.each(rows)('http://%s is %s', (host) => {
    expect(verdict(`http://${host}:8080`, CLOSED)).toMatch(/^it is an? /);
  });

  test('the store by any of them', () => {
    for (const host of notationsOf(10, 9, 8, 7).filter((each) => !/2002:|64:ff9b:1|5efe/.test(each))) {
      expect(verdict(`http://${host}:7001`, OPEN), host).toBe('it is the configuration store');
    }
  });

  test('a public address stays allowed in those that reach it', () => {
    for (const host of notationsOf(93, 184, 216, 34).filter((each) => !/2002:|64:ff9b:1/.test(each))) {
      expect(verdict(`http://${host}`, CLOSED), host).toBeUndefined();
    }
  });

  test.each([
    '[::2]',
    '[4000::1]',
    '[200::1]',
    '[fec0::1]',
    '[3fff::1]',
    '[5f00::1]',
    '[100::1]',
    '[64:ff9b:1:2::3]',
  ])('http://%s is no address of the public internet', (host) =>
    expect(verdict(`http://${host}`, OPEN)).toMatch(/^it is an? /),
  );
});

describe('ports of administration and control', () => {
  test.each(CLOSED_PORTS)('%i is closed on every host, whatever is open', (port) => {
    for (const host of ['backend', 'example.com', '93.184.216.34', '127.0.0.1', '[2606:4700::1111]']) {
      expect(verdict(`http://${host}:${port}`, OPEN)).toMatch(/^port \d+ is for administration or control/);
    }
  });

  test('are those that the operator names', () => {
    const rules: UpstreamRules = { ...OPEN, closedPorts: [8443] };
    expect(verdict('http://backend:8443', rules)).toMatch(/^port 8443/);
    expect(verdict('https://backend:8443', rules)).toMatch(/^port 8443/);
    expect(verdict('http://backend:9090', rules)).toBeUndefined();
  });

  test('are refused by what listens there, where that is known', () => {
    const reserved = (['store', 'redis', 'control'] as const).map((use, i) => ({
      host: 'h',
      port: 1000 + i,
      use,
    }));
    const reasons = reserved.map(({ port }) => verdict(`http://H.:${port}`, { ...OPEN, reserved }));
    expect(reasons).toEqual([
      'it is the configuration store',
      'it is the control plane’s Redis',
      'it is the control plane itself',
    ]);
  });
});

test('a gateway may ask with a name as it found it: capitals and a trailing dot do not matter', () => {
  const at = (host: string, ...addresses: string[]) => closedTo({ host, port: 80 }, addresses, OPEN)?.en;
  expect(at('Metadata.Google.Internal.')).toBe('it is a metadata service');
  expect(at('innocent.example', '169.254.169.254')).toBe('it is a link-local address');
  expect(at('fe80::1%eth0')).toBe('it is a link-local address');
  expect(at('innocent.example', '10.0.0.1')).toBeUndefined();
});
