import type { IncomingMessage } from 'node:http';
import { type TrustedPeers, clientAddressOf, peerAddressOf } from './client-address.ts';
import { type RequestHost, parseHost } from './host.ts';
import { type Target, parseTarget } from './uri.ts';

/** What is certain about a request before a route is looked for. */
export interface RequestFacts {
  readonly method: string;
  readonly target: Target;
  readonly host: RequestHost;
  /** As sent; `undefined` in HTTP/1.0 only. */
  readonly hostHeader: string | undefined;
  readonly scheme: 'http' | 'https';
  readonly peerAddress: string;
  readonly remoteAddress: string;
  /** The port of ours that was connected to. */
  readonly localPort: number;
}

/** How to refuse a request that no route may see. */
export interface Unfit {
  readonly status: 400 | 405 | 501 | 505;
  readonly reason: string;
}

const valuesOf = (rawHeaders: readonly string[], name: string): string[] => {
  const values: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '');
  }
  return values;
};

/** Node's parser refuses most of this already; two readers that agree are what smuggling needs to be without. */
const unfitFraming = (request: IncomingMessage): Unfit | undefined => {
  const encodings = valuesOf(request.rawHeaders, 'transfer-encoding');
  const lengths = valuesOf(request.rawHeaders, 'content-length');
  if (lengths.length > 1 || (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0]))) {
    return { status: 400, reason: 'bad Content-Length' };
  }
  if (encodings.length === 0) return undefined;
  if (lengths.length > 0 || encodings.length > 1 || request.httpVersion !== '1.1') {
    return { status: 400, reason: 'ambiguous framing' };
  }
  return encodings[0]?.toLowerCase() === 'chunked'
    ? undefined
    : { status: 501, reason: 'transfer encoding not supported' };
};

/** Reads what routing and forwarding rely on, as nginx would, or says why the request is refused. */
export const readFacts = (
  request: IncomingMessage,
  scheme: 'http' | 'https',
  trusted: TrustedPeers,
): RequestFacts | Unfit => {
  const method = request.method ?? '';
  if (method === 'CONNECT' || method === 'TRACE') return { status: 405, reason: 'method not allowed' };
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    return { status: 505, reason: 'HTTP version not supported' };
  }
  const framing = unfitFraming(request);
  if (framing) return framing;
  const hosts = valuesOf(request.rawHeaders, 'host');
  const host = hosts.length > 1 ? undefined : parseHost(hosts[0]);
  if (!host) return { status: 400, reason: 'bad Host' };
  const target = parseTarget(request.url ?? '');
  if (!target) return { status: 400, reason: 'bad request target' };
  const peerAddress = peerAddressOf(request.socket.remoteAddress);
  return {
    method,
    target,
    host,
    hostHeader: hosts[0],
    scheme,
    peerAddress,
    remoteAddress: clientAddressOf(peerAddress, valuesOf(request.rawHeaders, 'x-real-ip')[0], trusted),
    localPort: request.socket.localPort ?? 0,
  };
};
