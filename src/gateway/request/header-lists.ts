/**
 * What of a message's headers goes on to the other side. Lists are flat, as Node keeps `rawHeaders`: name, value,
 * name, value; so case, order and duplicates survive.
 */
import type { RequestFacts } from './request-facts.ts';

/** Said between two neighbours; never passed on. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Set by the gateway, as APISIX's nginx template does; what a client claims in them is dropped. */
const OWN_ON_REQUESTS = [
  ...HOP_BY_HOP,
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
];

/** nginx reads these itself or replaces them. */
const OWN_ON_RESPONSES = [
  ...HOP_BY_HOP,
  'server',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-apisix-upstream-status',
  'x-pad',
];

/** What the defense tells the upstream; a client's claims of this kind reach none, on whatever route. */
const DEFENSE_NAME = 'x-lockstep';

const requestSet: ReadonlySet<string> = new Set(OWN_ON_REQUESTS);
const responseSet: ReadonlySet<string> = new Set(OWN_ON_RESPONSES);

/** Many origins read `X_Forwarded_For` as `X-Forwarded-For`, so the names the gateway owns are its own either way. */
const plainName = (name: string): string => {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
};

/** The names a Connection header declares to be of this hop only. */
const nominated = (raw: readonly string[]): Set<string> => {
  const names = new Set<string>();
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== 'connection') continue;
    for (const name of (raw[i + 1] ?? '').split(',')) names.add(name.trim().toLowerCase());
  }
  return names;
};

const without = (
  raw: readonly string[],
  owned: ReadonlySet<string>,
  further: ReadonlySet<string>,
  reservedName?: string,
): string[] => {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = plainName(raw[i] ?? '');
    const reserved =
      reservedName !== undefined && (name === reservedName || name.startsWith(`${reservedName}-`));
    if (!reserved && !owned.has(name) && !further.has(name)) kept.push(raw[i] ?? '', raw[i + 1] ?? '');
  }
  return kept;
};

/** How the body of a request travels on; `none` for methods that carry none anyway. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: string }
  | { readonly kind: 'chunked' };

const framingHeaders = (framing: Framing): string[] => {
  if (framing.kind === 'chunked') return ['Transfer-Encoding', 'chunked'];
  return framing.kind === 'length' ? ['Content-Length', framing.length] : [];
};

export interface Onward {
  readonly facts: RequestFacts;
  readonly raw: readonly string[];
  /** The Host header for the upstream; `undefined` sends none, as nginx does when the client sent none. */
  readonly host: string | undefined;
  readonly framing: Framing;
  readonly webSocket: boolean;
  /** Replace what the client sent under these names. */
  readonly extra: readonly (readonly [string, string])[];
}

/** The headers of the request to the upstream. */
export const requestHeaders = ({ facts, raw, host, framing, webSocket, extra }: Onward): string[] => {
  const drop = nominated(raw);
  for (const [name] of extra) drop.add(name.toLowerCase());
  const forwarded: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === 'x-forwarded-for') forwarded.push(raw[i + 1] ?? '');
  }
  const { port } = facts.host;
  return [
    ...(host === undefined ? [] : ['Host', host]),
    ...without(raw, requestSet, drop, DEFENSE_NAME),
    ...['X-Real-IP', facts.remoteAddress],
    ...['X-Forwarded-For', [...forwarded, facts.remoteAddress].join(', ')],
    ...['X-Forwarded-Proto', facts.scheme],
    ...['X-Forwarded-Host', facts.hostHeader ?? facts.host.name],
    ...['X-Forwarded-Port', String(port ?? facts.localPort)],
    ...extra.flat(),
    ...framingHeaders(framing),
    ...(webSocket ? ['Connection', 'Upgrade', 'Upgrade', 'websocket'] : []),
  ];
};

/** The headers of the answer to the client. */
export const responseHeaders = (
  raw: readonly string[],
  status: number,
  extra: readonly (readonly [string, string])[],
): string[] => [
  ...without(raw, responseSet, nominated(raw)),
  ...['Server', SERVER_NAME],
  ...(status >= 500 ? ['X-APISIX-Upstream-Status', String(status)] : []),
  ...extra.flat(),
];

export const SERVER_NAME = 'lockstep-gateway';
