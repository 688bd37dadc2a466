import ipaddr from 'ipaddr.js';
import { Refusal, type Text } from '../contract/errors.ts';
import type { HostPort } from '../shared/host-port.ts';
import { type UpstreamTarget, isAddress } from './upstream.ts';

/** A listener of Lockstep's own, or of what it lives on. */
export interface Reserved extends HostPort {
  readonly use: 'store' | 'redis' | 'control';
}

/** Where upstreams may point. */
export interface UpstreamRules {
  /** Loopback and private ranges that are open: all of them, or these CIDRs. */
  readonly privateRanges: 'open' | readonly string[];
  readonly reserved: readonly Reserved[];
  /** Ports that are never upstreams, on any host. Default `CLOSED_PORTS`. */
  readonly closedPorts?: readonly number[];
}

/**
 * Where etcd, Redis, the admin and control APIs of APISIX, Lockstep, Docker and the kubelet listen unless they are
 * told otherwise. A gateway usually reaches them, and an HTTP request is enough to harm most of them.
 */
export const CLOSED_PORTS: readonly number[] = [
  2375, 2376, 2379, 2380, 5001, 6379, 9090, 9091, 9180, 10_250, 16_379, 26_379,
];

/**
 * Cloud metadata services outside the link-local range: of Alibaba, Azure, Oracle (classic), Google and Scaleway. In
 * `fd00:ec2::/32` AWS has its own and what hands out credentials to pods.
 */
const METADATA_ADDRESSES: readonly string[] = [
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd20:ce::254',
  'fd00:42::42',
  'fd00:ec2::/32',
];
/** 169.254.169.254 as the end of an IPv6 address: Oracle has it in `fd00:c1::`, others link-local. */
const METADATA_ENDING = /:a9fe:a9fe$/;
const METADATA_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'api.metadata.cloud.ibm.com',
  'rancher-metadata',
  'rancher-metadata.rancher.internal',
]);
/** AWS, in each of its regions. */
const INSTANCE_DATA = /^instance-data(?:\.ec2\.internal|(?:\.[a-z0-9-]+)?\.compute\.internal)?$/;

/** These lead to the machine that asks, whatever DNS says of them. */
const LOCAL_NAME =
  /^(?:.*\.)?localhost(?:\.localdomain)?$|^localhost[46](?:\.localdomain[46]?)?$|^ip6-(?:localhost|loopback)$/;

const METADATA: Text = { zh: '这是云元数据服务', en: 'it is a metadata service' };

const RESERVED: Readonly<Record<Reserved['use'], Text>> = {
  store: { zh: '这是配置存储', en: 'it is the configuration store' },
  redis: { zh: '这是控制面使用的 Redis', en: 'it is the control plane’s Redis' },
  control: { zh: '这是控制面自身', en: 'it is the control plane itself' },
};

const closedPort = (port: number): Text => ({
  zh: `端口 ${port} 用于管理或控制，不对上游开放`,
  en: `port ${port} is for administration or control, and closed to upstreams`,
});

/** What ranges are called; the rest is of special purpose. */
const RANGES: Readonly<Record<string, Text>> = {
  loopback: { zh: '环回', en: 'a loopback' },
  private: { zh: '私有', en: 'a private' },
  uniqueLocal: { zh: '唯一本地', en: 'a unique local' },
  carrierGradeNat: { zh: '运营商级 NAT', en: 'a carrier-grade NAT' },
  linkLocal: { zh: '链路本地', en: 'a link-local' },
  multicast: { zh: '组播', en: 'a multicast' },
  broadcast: { zh: '广播', en: 'a broadcast' },
  unspecified: { zh: '未指定', en: 'an unspecified' },
  reserved: { zh: '保留', en: 'a reserved' },
  unallocated: { zh: '未分配', en: 'an unallocated' },
};

const OPENABLE = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** All of IPv6 that is given out for use in public. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64 of somebody's own network: where in the address the IPv4 one is, only that network knows. */
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48');

/** IPv4 addresses travel inside IPv6 ones in several ways; what is inside decides. */
const unwrapped = (address: string): Address[] => {
  const parsed = ipaddr.parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return [parsed];
  const bytes = parsed.toByteArray();
  const inner = (from: number) => new ipaddr.IPv4(bytes.slice(from, from + 4));
  switch (parsed.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
      return [inner(12)];
    case 'rfc6052':
      return parsed.match(LOCAL_NAT64) ? [parsed] : [inner(12)];
    case '6to4':
      return [parsed, inner(2)];
    default:
  }
  // ::a.b.c.d, deprecated but still routed by some stacks
  if (bytes.slice(0, 12).every((byte) => byte === 0) && bytes[12] !== 0) return [inner(12)];
  const isatap = bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe && (bytes[8] ?? 0) <= 2;
  return isatap ? [parsed, inner(12)] : [parsed];
};

const within = (address: Address, cidr: string): boolean => {
  const [network, bits] = ipaddr.parseCIDR(
    cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`,
  );
  return network.kind() === address.kind() && address.match(network, bits);
};

const rangeOf = (address: Address): string => {
  const range = address.range();
  if (range !== 'unicast' || !(address instanceof ipaddr.IPv6)) return range;
  return address.match(GLOBAL_UNICAST) ? range : 'unallocated';
};

const isMetadata = (address: Address): boolean =>
  METADATA_ADDRESSES.some((each) => within(address, each)) || METADATA_ENDING.test(address.toString());

const closedRange = (address: Address, { privateRanges }: UpstreamRules): Text | undefined => {
  if (isMetadata(address)) return METADATA;
  const range = rangeOf(address);
  if (range === 'unicast') return undefined;
  const { zh, en } = RANGES[range] ?? { zh: `特殊用途（${range}）`, en: `a special-purpose (${range})` };
  if (!OPENABLE.has(range)) return { zh: `这是${zh}地址`, en: `it is ${en} address` };
  if (privateRanges === 'open' || privateRanges.some((cidr) => within(address, cidr))) return undefined;
  return { zh: `这是允许列表之外的${zh}地址`, en: `it is ${en} address outside the allow-list` };
};

/** Every loopback address leads to the same place. */
const sameAddress = (a: string, b: string): boolean =>
  isAddress(b) && unwrapped(a).some((x) => unwrapped(b).some((y) => placeOf(x) === placeOf(y)));

const placeOf = (address: Address): string =>
  address.range() === 'loopback' ? 'loopback' : address.toString();

/**
 * Why requests may not be sent there; `undefined` = they may.
 * @param addresses what the host name resolves to; empty when it does not resolve
 */
export const closedTo = (
  { host: given, port }: HostPort,
  addresses: readonly string[],
  rules: UpstreamRules,
): Text | undefined => {
  const host = given.toLowerCase().replace(/\.$/, '');
  if (METADATA_NAMES.has(host) || INSTANCE_DATA.test(host)) return METADATA;
  const literal = isAddress(host) ? [host] : LOCAL_NAME.test(host) ? ['127.0.0.1'] : addresses;
  const own = rules.reserved.find(
    (reserved) =>
      reserved.port === port &&
      (reserved.host === host || literal.some((address) => sameAddress(address, reserved.host))),
  );
  if (own) return RESERVED[own.use];
  if ((rules.closedPorts ?? CLOSED_PORTS).includes(port)) return closedPort(port);
  for (const address of literal.flatMap(unwrapped)) {
    const reason = closedRange(address, rules);
    if (reason) return reason;
  }
  return undefined;
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
  const reason = closedTo(target, addresses, rules);
  if (!reason) return;
  const params = { upstream: `${target.host}:${target.port}`, reason };
  throw new Refusal('upstream_forbidden', { pointer, params });
};
