import { BlockList, isIP } from 'node:net';

/** Which peers are believed when they name the client in X-Real-IP. */
export class TrustedPeers {
  private readonly list = new BlockList();

  /** @param ranges addresses and CIDRs @throws RangeError for anything else */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      const version = isIP(address);
      if (version === 0) throw new RangeError(`not an address or CIDR: ${range}`);
      const family = version === 6 ? 'ipv6' : 'ipv4';
      this.list.addSubnet(address, bits === undefined ? (version === 6 ? 128 : 32) : Number(bits), family);
    }
  }

  has(address: string): boolean {
    return this.list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }
}

/** A socket's address with an IPv4 one in its usual notation; a socket that is gone has none. */
export const peerAddressOf = (address: string | undefined): string =>
  (address ?? '').replace(/^::ffff:(?=\d)/, '');

/** nginx's `$remote_addr` under APISIX's `real_ip_header: X-Real-IP`: of several addresses the last one. */
export const clientAddressOf = (peer: string, realIp: string | undefined, trusted: TrustedPeers): string => {
  if (realIp === undefined || peer === '' || !trusted.has(peer)) return peer;
  const named = realIp.split(/[ ,]+/).findLast((part) => part !== '') ?? '';
  return isIP(named) === 0 ? peer : named;
};
