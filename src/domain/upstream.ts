import ipaddr from 'ipaddr.js';
import { Refusal } from '../contract/errors.ts';
import { parseUrl } from '../shared/url.ts';
import type { RouteSpec } from '../contract/route.ts';

export interface UpstreamTarget {
  readonly scheme: 'http' | 'https';
  /** A name, or an IP address in its usual notation, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

/** Where upstreams may point. */
export interface UpstreamRules {
  /** Loopback and private ranges that are open: all of them, or these CIDRs. */
  readonly privateRanges: 'open' | readonly string[];
  /** Hosts (names or addresses) and ports that are never upstreams: the store's own. */
  readonly reserved: readonly { readonly host: string; readonly port: number }[];
}

/** Cloud metadata services outside the link-local range. */
const METADATA_ADDRESSES = new Set([
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
]);
const METADATA_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);

const invalid = (upstream: string, reason: string, pointer: string): Refusal =>
  new Refusal('upstream_invalid', { pointer, params: { upstream, reason } });

/** Labels as resolvers take them; `_` because container networks have names with it. No empty label: `a..` is `a.`. */
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

/**
 * Reads one upstream URL. The WHATWG parser turns every notation of an IPv4 address (decimal, hex, octal,
 * shortened) into the usual one, so rules see one form only.
 */
const parseTarget = (text: string, weight: number, pointer: string): UpstreamTarget => {
  const shown = hideCredentials(text);
  if (!/^https?:\/\//i.test(text)) throw invalid(shown, 'use http:// or https://', pointer);
  // The parser would skip further slashes and take what follows for the host.
  const url = /^\w+:\/\/[/\\]/.test(text) ? undefined : parseUrl(text);
  if (!url) throw invalid(shown, 'not a URL', pointer);
  if (/^\w+:\/\/[^/?#]*@/.test(text)) throw invalid(shown, 'credentials are not allowed', pointer);
  if (url.search !== '' || url.hash !== '')
    throw invalid(shown, 'a query or fragment is not allowed', pointer);
  if (url.pathname !== '/')
    throw invalid(shown, 'a path is not allowed; use strip_path on the route', pointer);
  // What the parser forgives (an empty query or port, space around) would be stored as it was sent.
  if (!/^https?:\/\/[^\s/?#]*[^\s/?#:]\/?$/i.test(text))
    throw invalid(shown, 'not just a scheme, a host and a port', pointer);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (!HOST_NAME.test(host) && !ipaddr.IPv6.isValid(host))
    throw invalid(shown, 'the host is not valid', pointer);
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (port === 0) throw invalid(shown, 'port 0 is not a port', pointer);
  return { scheme, host, port, weight };
};

const hideCredentials = (text: string): string => text.slice(0, 200).replace(/\/\/[^/]*@/, '//***@');

/** The targets of a route's upstream. @throws Refusal upstream_invalid */
export const parseUpstream = (upstream: RouteSpec['upstream'], pointer: string): UpstreamTarget[] => {
  if (typeof upstream === 'string') return [parseTarget(upstream, 1, pointer)];
  const targets = upstream.map((node, i) => parseTarget(node.url, node.weight, `${pointer}/${i}/url`));
  const other = targets.findIndex((target) => target.scheme !== targets[0]?.scheme);
  if (other > 0)
    throw invalid(
      upstream[other]?.url ?? '',
      'all of a route’s upstreams use one scheme',
      `${pointer}/${other}/url`,
    );
  const twice = targets.findIndex(
    (a, i) => targets.findIndex((b) => b.host === a.host && b.port === a.port) < i,
  );
  if (twice > 0) throw invalid(upstream[twice]?.url ?? '', 'it is listed twice', `${pointer}/${twice}/url`);
  if (targets.every((target) => target.weight === 0))
    throw invalid('*', 'at least one weight must be above 0', pointer);
  return targets;
};

/** IPv4 addresses travel inside IPv6 ones in several ways; what is inside decides. */
const unwrapped = (address: string): (ipaddr.IPv4 | ipaddr.IPv6)[] => {
  const parsed = ipaddr.parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return [parsed];
  const bytes = parsed.toByteArray();
  const inner = (from: number) => new ipaddr.IPv4(bytes.slice(from, from + 4));
  switch (parsed.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
    case 'rfc6052':
      return [inner(12)];
    case '6to4':
      return [parsed, inner(2)];
    default:
      // ::a.b.c.d, deprecated but still routed by some stacks
      return bytes.slice(0, 12).every((byte) => byte === 0) && bytes[12] !== 0 ? [inner(12)] : [parsed];
  }
};

const OPENABLE = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

const within = (address: ipaddr.IPv4 | ipaddr.IPv6, cidr: string): boolean => {
  const [network, bits] = ipaddr.parseCIDR(
    cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`,
  );
  return network.kind() === address.kind() && address.match(network, bits);
};

const refusedRange = (address: ipaddr.IPv4 | ipaddr.IPv6, rules: UpstreamRules): string | undefined => {
  if (METADATA_ADDRESSES.has(address.toString())) return 'it is a metadata service';
  const range = address.range();
  if (range === 'unicast') return undefined;
  if (!OPENABLE.has(range)) return `it is a ${range} address`;
  if (rules.privateRanges === 'open' || rules.privateRanges.some((cidr) => within(address, cidr)))
    return undefined;
  return `it is a ${range} address outside the allow-list`;
};

/**
 * Decides whether an upstream may be used.
 * @param addresses what the host name resolves to here; empty when it does not resolve (the gateways will)
 * @throws Refusal upstream_forbidden
 */
export const checkUpstream = (
  target: UpstreamTarget,
  addresses: readonly string[],
  rules: UpstreamRules,
  pointer: string,
): void => {
  const shown = `${target.host}:${target.port}`;
  const refuse = (reason: string) =>
    new Refusal('upstream_forbidden', { pointer, params: { upstream: shown, reason } });
  const host = target.host.toLowerCase();
  if (METADATA_NAMES.has(host)) throw refuse('it is a metadata service');
  const literal = ipaddr.isValid(host) ? [host] : addresses;
  const isStore = rules.reserved.some(
    (own) =>
      own.port === target.port &&
      (own.host === host || literal.some((address) => sameAddress(address, own.host))),
  );
  if (isStore) throw refuse('it is the configuration store');
  for (const address of literal.flatMap(unwrapped)) {
    const reason = refusedRange(address, rules);
    if (reason) throw refuse(reason);
  }
};

/** Every loopback address leads to the same place. */
const sameAddress = (a: string, b: string): boolean =>
  ipaddr.isValid(b) && unwrapped(a).some((x) => unwrapped(b).some((y) => placeOf(x) === placeOf(y)));

const placeOf = (address: ipaddr.IPv4 | ipaddr.IPv6): string =>
  address.range() === 'loopback' ? 'loopback' : address.toString();

/** Names that are addresses need no look-up. */
export const isAddress = (host: string): boolean => ipaddr.isValid(host);
