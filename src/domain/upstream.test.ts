import { describe, expect, test } from 'vitest';
import { type UpstreamRules, checkUpstream, parseUpstream } from './upstream.ts';

const CLOSED: UpstreamRules = {
  privateRanges: [],
  reserved: [
    { host: '10.9.8.7', port: 2379 },
    { host: 'etcd', port: 2379 },
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
    const { code, pointer, params } = error as { code: string; pointer: string; params: { reason: string } };
    expect([code, pointer]).toEqual(['upstream_forbidden', '/upstream']);
    return params.reason;
  }
};

describe('an upstream URL', () => {
  test.each([
    ['http://backend', 'http', 'backend', 80],
    ['https://backend', 'https', 'backend', 443],
    ['HTTP://Backend.Example.COM:8080/', 'http', 'backend.example.com', 8080],
    ['http://backend.', 'http', 'backend', 80],
    ['http://back_end', 'http', 'back_end', 80],
    ['http://b:443', 'http', 'b', 443],
    ['http://b:65535', 'http', 'b', 65_535],
    ['http://1.2.3.4', 'http', '1.2.3.4', 80],
    ['http://16909060', 'http', '1.2.3.4', 80],
    ['http://0x01020304', 'http', '1.2.3.4', 80],
    ['http://01.02.03.04', 'http', '1.2.3.4', 80],
    ['http://1.131844', 'http', '1.2.3.4', 80],
    ['http://[2001:DB8:0:0::1]:81', 'http', '2001:db8::1', 81],
    ['http://[::ffff:1.2.3.4]', 'http', '::ffff:102:304', 80],
    ['http://bücher.example', 'http', 'xn--bcher-kva.example', 80],
  ])('%s reads as %s, %s, %i', (url, scheme, host, port) => {
    expect(parse(url)).toEqual({ scheme, host, port, weight: 1 });
  });

  test('never shows its credentials in the refusal', () => {
    for (const url of ['http://user:secret@backend', 'ftp://user:secret@backend', 'http://user:secret@']) {
      expect(() => parse(url)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('secret') as string }) as Error,
      );
    }
  });
});

describe('what the URL parser forgives', () => {
  test.each(['http://b?', 'http://b#', 'http://b:', 'http://b:/', 'http://b ', 'http://b\t'])(
    '%j is refused',
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }) as Error);
    },
  );
});

describe('with private ranges closed', () => {
  test.each([
    'http://1.1.1.1',
    'http://backend:8080',
    'https://[2606:4700::1111]',
    'http://172.32.0.1',
    'http://11.0.0.1',
    'http://metadata.example.com',
  ])('%s is allowed', (url) => expect(verdict(url, CLOSED)).toBeUndefined());

  test.each([
    ['127.0.0.1', 'loopback'],
    ['2130706433', 'loopback'],
    ['0177.0.0.1', 'loopback'],
    ['0x7f.1', 'loopback'],
    ['[::1]', 'loopback'],
    ['[::ffff:127.0.0.1]', 'loopback'],
    ['[64:ff9b::127.0.0.1]', 'loopback'],
    ['10.1.2.3', 'private'],
    ['192.168.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['[::ffff:0:10.0.0.1]', 'private'],
    ['[::10.0.0.1]', 'private'],
    ['100.127.0.1', 'carrierGradeNat'],
    ['[fc00::1]', 'uniqueLocal'],
  ])('http://%s is refused as %s', (host, range) => {
    expect(verdict(`http://${host}`, CLOSED)).toBe(`it is a ${range} address outside the allow-list`);
    expect(verdict(`http://${host}`, OPEN)).toBeUndefined();
  });

  test('a name is refused for any one of its addresses, and allowed where it does not resolve', () => {
    expect(verdict('http://backend', CLOSED, ['1.1.1.1', '10.0.0.1'])).toMatch(/private/);
    expect(verdict('http://backend', CLOSED, ['1.1.1.1', '::ffff:10.0.0.1'])).toMatch(/private/);
    expect(verdict('http://backend', CLOSED, ['1.1.1.1', '2606:4700::1111'])).toBeUndefined();
    expect(verdict('http://backend', CLOSED, [])).toBeUndefined();
  });
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
    const everything: UpstreamRules = { privateRanges: ['0.0.0.0/0', '::/0'], reserved: [] };
    for (const host of [
      '169.254.1.1',
      '169.254.169.254',
      '100.100.100.200',
      '[fd00:ec2::254]',
      '0.0.0.0',
      '224.0.0.1',
      '[fe80::1]',
      '[2002:a00:1::]',
    ]) {
      expect(verdict(`http://${host}`, everything), host).toMatch(/^it is a /);
    }
  });
});

describe('always refused, also where everything private is open', () => {
  test.each([
    ['169.254.169.254', 'linkLocal'],
    ['[fe80::1]', 'linkLocal'],
    ['0.0.0.0', 'unspecified'],
    ['[::]', 'unspecified'],
    ['255.255.255.255', 'broadcast'],
    ['239.1.1.1', 'multicast'],
    ['[ff02::1]', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['[2002:102:304::]', '6to4'],
    ['[2001::1]', 'teredo'],
  ])('http://%s: %s', (host, range) =>
    expect(verdict(`http://${host}`, OPEN)).toBe(`it is a ${range} address`),
  );

  test.each([
    'metadata',
    'metadata.google.internal',
    'METADATA.GOOGLE.INTERNAL.',
    'metadata.goog',
    'instance-data',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '[fd00:ec2::254]',
    '[::ffff:100.100.100.200]',
  ])('http://%s: a metadata service', (host) =>
    expect(verdict(`http://${host}`, OPEN)).toBe('it is a metadata service'),
  );

  test('a name that resolves to a metadata service or a link-local address', () => {
    expect(verdict('http://innocent.example', OPEN, ['169.254.169.254'])).toMatch(/linkLocal/);
    expect(verdict('http://innocent.example', OPEN, ['fd00:ec2::254'])).toMatch(/metadata/);
  });

  test.each<[url: string, addresses: string[]]>([
    ['http://10.9.8.7:2379', []],
    ['http://168364039:2379', []],
    ['http://[::ffff:10.9.8.7]:2379', []],
    ['http://etcd:2379', []],
    ['http://ETCD.:2379', []],
    ['http://innocent.example:2379', ['10.9.8.7']],
  ])('the store: %s %j', (url, addresses) => {
    expect(verdict(url, OPEN, addresses)).toBe('it is the configuration store');
    expect(verdict(url.replace('2379', '2378'), OPEN, addresses)).toBeUndefined();
  });

  test('the store on loopback, by every loopback address', () => {
    const rules: UpstreamRules = { privateRanges: 'open', reserved: [{ host: '127.0.0.1', port: 2379 }] };
    for (const host of ['127.0.0.1', '127.9.9.9', '[::1]', '2130706433']) {
      expect(verdict(`http://${host}:2379`, rules)).toBe('it is the configuration store');
      expect(verdict(`http://${host}:8080`, rules)).toBeUndefined();
    }
  });
});
