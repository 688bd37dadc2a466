import type { Address, Cidr } from './address.ts';
import { clientKey, isInAny, parseAddress } from './address.ts';
import { split, trim } from './text/text.ts';

/** Who sent the request, as far as it can be trusted. */
export interface Client {
  /** Absent when the connection's own address is unreadable (a Unix socket). */
  readonly address: Address | undefined;
  /** What its counts are kept under. */
  readonly key: string;
  /** As text, for logs. */
  readonly ip: string;
}

/** Proxies between the client and us that one request may name; more are not read. */
const MAX_HOPS = 32;

/** An address as proxies write it: possibly in brackets, possibly with a port. */
function parseHop(text: string): string {
  if (text.charCodeAt(0) === 91) {
    const end = text.indexOf(']');
    return end < 0 ? text : text.slice(1, end);
  }
  const colon = text.indexOf(':');
  // One colon is IPv4 with a port; more are IPv6.
  return colon > 0 && text.indexOf(':', colon + 1) < 0 ? text.slice(0, colon) : text;
}

/**
 * The client behind trusted proxies: `X-Forwarded-For` is read from the right, and the first address that is
 * no trusted proxy is the client. An unreadable entry ends the walk: what stands left of it proves nothing.
 */
export function identify(remote_ip: string, forwarded_for: string, trusted: readonly Cidr[]): Client {
  let ip = remote_ip;
  let address = parseAddress(remote_ip);
  if (address === undefined) return { address, key: 'unknown', ip };
  if (forwarded_for !== '' && trusted.length > 0) {
    const hops = split(forwarded_for, ',', 4096);
    const stop = Math.max(0, hops.length - MAX_HOPS);
    for (let i = hops.length - 1; i >= stop && isInAny(address, trusted); i--) {
      const text = parseHop(trim(hops[i] ?? ''));
      const hop = parseAddress(text);
      if (hop === undefined) break;
      address = hop;
      ip = text;
    }
  }
  return { address, key: clientKey(address), ip };
}
