import ipaddr from 'ipaddr.js';
import { Refusal, type Text } from '../contract/errors.ts';
import { parseUrl } from '../shared/url.ts';
import type { RouteSpec } from '../contract/route.ts';

export interface UpstreamTarget {
  readonly scheme: 'http' | 'https';
  /** A name, or an IP address in its usual notation, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

const said = (zh: string, en: string): Text => ({ zh, en });

const invalid = (upstream: string, reason: Text, pointer: string): Refusal =>
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
  if (!/^https?:\/\//i.test(text))
    throw invalid(shown, said('请使用 http:// 或 https://', 'use http:// or https://'), pointer);
  // The parser would skip further slashes and take what follows for the host.
  const url = /^\w+:\/\/[/\\]/.test(text) ? undefined : parseUrl(text);
  if (!url) throw invalid(shown, said('不是合法的 URL', 'not a URL'), pointer);
  if (/^\w+:\/\/[^/?#]*@/.test(text))
    throw invalid(shown, said('不得包含用户名或密码', 'credentials are not allowed'), pointer);
  if (url.search !== '' || url.hash !== '')
    throw invalid(shown, said('不得包含查询参数或片段', 'a query or fragment is not allowed'), pointer);
  if (url.pathname !== '/')
    throw invalid(
      shown,
      said('不得包含路径；请使用路由的 strip_path', 'a path is not allowed; use strip_path on the route'),
      pointer,
    );
  // What the parser forgives (an empty query or port, space around) would be stored as it was sent.
  if (!/^https?:\/\/[^\s/?#]*[^\s/?#:]\/?$/i.test(text))
    throw invalid(shown, said('只能由协议、主机和端口组成', 'not just a scheme, a host and a port'), pointer);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (!HOST_NAME.test(host) && !ipaddr.IPv6.isValid(host))
    throw invalid(shown, said('主机无效', 'the host is not valid'), pointer);
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (port === 0) throw invalid(shown, said('端口不能为 0', 'port 0 is not a port'), pointer);
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
      said('同一路由的所有上游须使用同一协议', 'all of a route’s upstreams use one scheme'),
      `${pointer}/${other}/url`,
    );
  const twice = targets.findIndex(
    (a, i) => targets.findIndex((b) => b.host === a.host && b.port === a.port) < i,
  );
  if (twice > 0)
    throw invalid(
      upstream[twice]?.url ?? '',
      said('该上游重复出现', 'it is listed twice'),
      `${pointer}/${twice}/url`,
    );
  if (targets.every((target) => target.weight === 0))
    throw invalid('*', said('至少一个权重须大于 0', 'at least one weight must be above 0'), pointer);
  return targets;
};

/** Names that are addresses need no look-up. */
export const isAddress = (host: string): boolean => ipaddr.isValid(host);
