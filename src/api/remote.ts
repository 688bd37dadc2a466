import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { FastifyRequest } from 'fastify';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** An address, IPv4 ones in their usual notation; `undefined` for text that is none. */
const parse = (text: string): Address | undefined => (isIP(text) === 0 ? undefined : ipaddr.process(text));

const isWithin = (address: Address, ranges: readonly Range[]): boolean =>
  ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));

/**
 * Tells the address a request came from. Behind proxies that are trusted it is what they say in `X-Forwarded-For`: each
 * adds its own caller at the end, so it is the last address there that is not a trusted proxy's.
 * @param proxies CIDRs @returns the address, and for a socket that is gone an empty text
 */
export const remoteReader = (
  proxies: readonly string[],
): ((request: Pick<FastifyRequest, 'socket' | 'headers'>) => string) => {
  const ranges = proxies.map((cidr) => ipaddr.parseCIDR(cidr) as Range);
  return ({ socket, headers }) => {
    let address = parse((socket.remoteAddress ?? '').replace(/%.*/, ''));
    if (!address) return '';
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
    while (isWithin(address, ranges)) {
      const named = parse((forwarded.pop() ?? '').trim());
      if (!named) break;
      address = named;
    }
    return address.toString();
  };
};
