import { CLOSED_PORTS, type Reserved } from '../domain/upstream-rules.ts';
import type { HostPort } from '../shared/host-port.ts';
import { cidrs, ports } from './values.ts';

const closedPorts = {
  value: 'PORT[,PORT]',
  help: 'ports that are never upstreams, where administration and control listen; none closes none',
  default: CLOSED_PORTS.join(','),
  parse: (text: string) => (text === 'none' ? [] : ports(text)),
} as const;

/** Where routes may lead, for nodes. */
export const upstreamSettings = {
  'upstream-allow': {
    value: 'CIDR[,CIDR]',
    help: 'private or loopback ranges that upstreams may use; with --auth off all are open',
    parse: cidrs,
  },
  'closed-ports': closedPorts,
} as const;

/** Where connections may go, for gateways. */
export const gatewayUpstreamSettings = {
  'upstream-allow': {
    value: 'CIDR[,CIDR]',
    help: 'private or loopback ranges that upstreams may be in when they are connected to; absent: all',
    parse: cidrs,
  },
  'closed-ports': closedPorts,
} as const;

const PEER_PORT = 2380;

/** The listeners that no upstream may be: etcd's, for clients and for members, and Redis's. */
export const reservedOf = (parts: {
  readonly etcd: readonly string[];
  readonly redis?: HostPort | undefined;
}): Reserved[] => [
  ...parts.etcd.flatMap((endpoint): Reserved[] => {
    const url = new URL(endpoint);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const own = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    return [own, PEER_PORT].map((port) => ({ host, port, use: 'store' }));
  }),
  ...(parts.redis ? [{ host: parts.redis.host, port: parts.redis.port, use: 'redis' as const }] : []),
];
