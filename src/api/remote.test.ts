import { describe, expect, test } from 'vitest';
import { remoteReader } from './remote.ts';

const ask = (proxies: readonly string[], remoteAddress: string | undefined, forwarded?: string): string => {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
  return remoteReader(proxies)(request as never);
};

describe('the address of whoever asks', () => {
  test.each([
    ['is the socket’s, whatever is claimed', [], '203.0.113.7', '1.1.1.1', '203.0.113.7'],
    ['is what a trusted proxy says', ['10.0.0.0/8'], '10.1.1.1', '203.0.113.7', '203.0.113.7'],
    [
      'is not what a caller told the proxy',
      ['10.0.0.0/8'],
      '10.1.1.1',
      '1.1.1.1, 203.0.113.7',
      '203.0.113.7',
    ],
    ['is found behind two proxies', ['10.0.0.0/8'], '10.1.1.1', '203.0.113.7, 10.2.2.2', '203.0.113.7'],
    ['is the proxy’s when it says nothing', ['10.0.0.0/8'], '10.1.1.1', undefined, '10.1.1.1'],
    ['is the proxy’s when what it says is no address', ['10.0.0.0/8'], '10.1.1.1', '<script>', '10.1.1.1'],
    ['is the outermost proxy’s when all are trusted', ['10.0.0.0/8'], '10.1.1.1', '10.3.3.3', '10.3.3.3'],
    ['is told in IPv4 where it is that', ['::1/128'], '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['is matched in IPv4 where it is that', ['10.0.0.0/8'], '::ffff:10.1.1.1', '2001:db8::1', '2001:db8::1'],
    ['is told without the zone of a link', [], 'fe80::1%eth0', undefined, 'fe80::1'],
    ['is nothing for a socket that is gone', ['10.0.0.0/8'], undefined, '1.1.1.1', ''],
  ])('%s', (_, proxies, socket, forwarded, expected) => {
    expect(ask(proxies, socket, forwarded)).toBe(expected);
  });
});
