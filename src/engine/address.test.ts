import { describe, expect, it } from 'vitest';
import { clientKey, isInAny, parseAddress, parseCidr } from './address.ts';
import { identify } from './client.ts';

const cidrs = (...texts: string[]) =>
  texts.map((text) => {
    const cidr = parseCidr(text);
    if (!cidr) throw new Error(`${text} is no CIDR`);
    return cidr;
  });

describe('addresses', () => {
  const valid: [string, string][] = [
    ['1.2.3.4', '01020304'],
    ['255.255.255.255', 'ffffffff'],
    ['::ffff:1.2.3.4', '01020304'],
    ['::', '0000000000000000'],
    ['2001:db8::1', '20010db800000000'],
    ['1:2:3:4:5:6:7:8', '0001000200030004'],
    ['1:2:3:4:5:6:1.2.3.4', '0001000200030004'],
    ['FE80::ABCD', 'fe80000000000000'],
  ];
  it.each(valid)('%s is counted as %s', (text, key) => {
    const address = parseAddress(text);
    expect(address && clientKey(address)).toBe(key);
  });

  const invalid = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '010.0.0.1',
    '0x7f.0.0.1',
    '256.1.1.1',
    '1..3.4',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4\0',
    '1e2.0.0.1',
    ':::',
    '1::2::3',
    '12345::',
    ':1',
    '1:',
    'g::1',
    'fe80::1%eth0',
    '::1.2.3.400',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7',
    '1.2.3.4::',
    '::1.2.3.4:1',
    'a'.repeat(60),
  ];
  it.each(invalid)('%j is no address', (text) => expect(parseAddress(text)).toBeUndefined());

  const members: [string, string, boolean][] = [
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.0.0.129', '10.0.0.128/25', true],
    ['10.0.0.127', '10.0.0.128/25', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.5', '1.2.3.4/32', false],
    ['::ffff:10.1.1.1', '10.0.0.0/8', true],
    ['10.1.1.1', '::ffff:10.0.0.0/104', true],
    ['2001:db8:7fff::1', '2001:db8::/33', true],
    ['2001:db8:8000::1', '2001:db8::/33', false],
    ['1.2.3.4', '::/0', false],
  ];
  it.each(members)('%s in %s: %s', (text, cidr, inside) => {
    expect(isInAny(parseAddress(text) ?? [], cidrs(cidr))).toBe(inside);
  });

  it.each(['1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/8x', 'x/8', '::ffff:1.2.3.4/95'])(
    '%s is no CIDR',
    (text) => expect(parseCidr(text)).toBeUndefined(),
  );
});

describe('the client behind proxies', () => {
  const trusted = cidrs('10.0.0.0/8', '2001:db8:ffff::/48');
  const cases: [string, string, string, string][] = [
    ['a stranger is not believed', '198.51.100.1', '1.1.1.1', '198.51.100.1'],
    ['a proxy is', '10.0.0.1', '1.1.1.1', '1.1.1.1'],
    [
      'the walk ends at the first stranger from the right',
      '10.0.0.1',
      '6.6.6.6, 1.1.1.1, 10.0.0.2',
      '1.1.1.1',
    ],
    ['what a stranger claims before itself proves nothing', '10.0.0.1', '10.0.0.9, 1.1.1.1', '1.1.1.1'],
    ['only proxies: the leftmost', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['an unreadable entry ends the walk', '10.0.0.1', '1.1.1.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['ports are dropped', '10.0.0.1', '1.1.1.1:5678', '1.1.1.1'],
    ['brackets too', '2001:db8:ffff::1', '[2001:db8::5]:80', '2001:db8::5'],
  ];
  it.each(cases)('%s', (_name, remote, forwarded, ip) =>
    expect(identify(remote, forwarded, trusted).ip).toBe(ip),
  );

  it('an IPv6 customer is one client, wherever in its /64', () => {
    expect(identify('2001:db8::1', '', []).key).toBe(identify('2001:db8::ffff:2', '', []).key);
    expect(identify('2001:db8:0:1::1', '', []).key).not.toBe(identify('2001:db8::1', '', []).key);
  });
});
