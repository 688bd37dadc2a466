import { FOREIGN_UPSTREAM, type TimeoutObject, type UpstreamObject } from '../stored/route-schema.ts';

export interface UpstreamNode {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

export interface Timeouts {
  readonly connect_ms: number;
  readonly send_ms: number;
  readonly read_ms: number;
}

/** Where a route's requests go. */
export interface Upstream {
  readonly scheme: 'http' | 'https';
  readonly nodes: readonly UpstreamNode[];
  readonly host:
    | { readonly mode: 'pass' }
    | { readonly mode: 'node' }
    | { readonly mode: 'rewrite'; readonly to: string };
  readonly timeouts: Timeouts;
  /** How many nodes may be tried after the first one. */
  readonly retries: number;
  /** No retry is begun later than this after the first try; `undefined` = no such bound. */
  readonly retry_within_ms: number | undefined;
}

/** nginx's own. */
const DEFAULT_TIMEOUT_S = 60;
const DEFAULT_PORT = { http: 80, https: 443 } as const;
/** What Node's timers hold; beyond it they fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

const ms = (seconds: number | undefined): number =>
  Math.min(LONGEST_MS, Math.ceil((seconds ?? DEFAULT_TIMEOUT_S) * 1000));

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** `host`, `host:port` or `[v6]:port`, the keys of the short form of `nodes`. */
const parseAddress = (address: string): { host: string; port: number | undefined } | undefined => {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(address) ?? [];
  const number = port === undefined ? undefined : Number(port);
  if (host === undefined || number === 0 || (number ?? 1) > 65_535) return undefined;
  return { host, port: number };
};

const nodesOf = (
  nodes: NonNullable<UpstreamObject['nodes']>,
  scheme: 'http' | 'https',
): UpstreamNode[] | undefined => {
  const listed = Array.isArray(nodes)
    ? nodes
    : Object.entries(nodes).map(([address, weight]) => ({ ...parseAddress(address), weight }));
  const read: UpstreamNode[] = [];
  for (const { host, port, weight } of listed) {
    if (host === undefined) return undefined;
    read.push({ host: withoutBrackets(host), port: port ?? DEFAULT_PORT[scheme], weight });
  }
  return read;
};

const hostOf = (upstream: UpstreamObject): Upstream['host'] | undefined => {
  if (upstream.pass_host !== 'rewrite') return { mode: upstream.pass_host ?? 'pass' };
  return upstream.upstream_host === undefined ? undefined : { mode: 'rewrite', to: upstream.upstream_host };
};

/**
 * @param timeout the route's own, which goes before the upstream's
 * @returns a text, the reason, when requests can't be sent as APISIX would send them
 */
export const readUpstream = (
  upstream: UpstreamObject | undefined,
  timeout: TimeoutObject | undefined,
): Upstream | string => {
  if (!upstream) return 'it has no upstream of its own';
  const foreign = FOREIGN_UPSTREAM.find((field) => upstream[field] !== undefined);
  if (foreign) return `upstream.${foreign} is not served by the embedded gateway`;
  const scheme = upstream.scheme ?? 'http';
  if (scheme !== 'http' && scheme !== 'https')
    return `upstream.scheme ${scheme} is not served by the embedded gateway`;
  if ((upstream.type ?? 'roundrobin') !== 'roundrobin') return 'upstream.type: only roundrobin is served';
  if (Array.isArray(upstream.nodes) && upstream.nodes.some((node) => (node.priority ?? 0) !== 0)) {
    return 'upstream.nodes: priorities are not served by the embedded gateway';
  }
  const nodes = nodesOf(upstream.nodes ?? [], scheme);
  if (!nodes) return 'upstream.nodes: an address is not valid';
  if (nodes.length === 0) return 'upstream.nodes is empty';
  const host = hostOf(upstream);
  if (!host) return 'upstream.pass_host rewrite needs upstream_host';
  const { connect, send, read } = timeout ?? upstream.timeout ?? {};
  return {
    scheme,
    nodes,
    host,
    timeouts: { connect_ms: ms(connect), send_ms: ms(send), read_ms: ms(read) },
    retries: upstream.retries ?? nodes.length - 1,
    retry_within_ms: upstream.retry_timeout ? ms(upstream.retry_timeout) : undefined,
  };
};
