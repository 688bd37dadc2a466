import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Clock } from '../../shared/clock.ts';
import { Attempt, type Outcome, type UpstreamPools } from '../upstream/attempt.ts';
import type { HttpExchange, HeaderPairs } from './http-exchange.ts';
import { requestHeaders, responseHeaders } from '../request/header-lists.ts';
import type { RequestFacts } from '../request/request-facts.ts';
import { applyRewrite } from '../picture/rewrite.ts';
import type { Forwarding } from '../picture/route.ts';
import { closedNode } from '../upstream/upstream-guard.ts';
import type { Upstream, UpstreamNode } from '../upstream/upstream.ts';

const STATUS_TEXT = { 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Time-out' } as const;

/** Repeating one of these changes nothing, so a connection that died under it may be replaced. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

const hostFor = (upstream: Upstream, node: UpstreamNode, facts: RequestFacts): string | undefined => {
  if (upstream.host.mode === 'pass') return facts.hostHeader;
  if (upstream.host.mode === 'rewrite') return upstream.host.to;
  const name = node.host.includes(':') ? `[${node.host}]` : node.host;
  const usual = upstream.scheme === 'https' ? 443 : 80;
  return node.port === usual ? name : `${name}:${node.port}`;
};

/** Sends an answer's head and body to the client; resolves when nothing more is to be sent. */
const relay = (exchange: HttpExchange, request: ClientRequest, upstream: IncomingMessage): void => {
  const status = upstream.statusCode ?? 502;
  try {
    const headers = responseHeaders(upstream.rawHeaders, status, exchange.responseExtra);
    exchange.begin(status, upstream.statusMessage, headers);
  } catch {
    // A head that Node would not write, such as one with a header name it does not know to be valid.
    request.destroy();
    exchange.refuse(502, '502 Bad Gateway');
    return;
  }
  upstream.once('close', () => {
    if (!upstream.complete) exchange.abandon();
  });
  upstream.on('error', () => exchange.abandon());
  upstream.pipe(exchange.response);
};

export interface ForwardOptions {
  readonly exchange: HttpExchange;
  readonly facts: RequestFacts;
  readonly forwarding: Forwarding;
  readonly pools: UpstreamPools;
  readonly clock: Clock;
  readonly extra: HeaderPairs;
  readonly webSocket: boolean;
}

/**
 * Sends a request to a node of its route and relays the answer. Another node is tried only while nothing of the
 * request can have been seen by the first one.
 * @returns the other end of an upgraded connection, when the upstream agreed to it
 */
export const forward = async (
  options: ForwardOptions,
): Promise<Extract<Outcome, { kind: 'upgraded' }> | undefined> => {
  const { exchange, facts, forwarding, clock } = options;
  const { upstream, balancer, rewrite } = forwarding;
  const path = rewrite ? applyRewrite(rewrite, facts.target) : facts.target.raw;
  if (path === undefined) {
    exchange.refuse(500, '500 Internal Server Error');
    return undefined;
  }
  const began = clock.monotonic();
  const tried = new Set<UpstreamNode>();
  let failure: Extract<Outcome, { kind: 'failed' }> | undefined;
  let fresh = 0;
  for (let left = upstream.retries; ; left -= 1) {
    const node = balancer.pick(tried);
    if (!node) break;
    tried.add(node);
    exchange.upstream = `${node.host}:${node.port}`;
    const outcome = await tryNode(options, node, path);
    if (exchange.over) {
      if (outcome.kind === 'upgraded') outcome.socket.destroy();
      else if (outcome.kind === 'answered') outcome.request.destroy();
      return undefined;
    }
    if (outcome.kind === 'upgraded') {
      if (options.webSocket) return outcome;
      // Nobody asked for it, so what follows on that connection is no answer.
      outcome.socket.destroy();
      break;
    }
    if (outcome.kind === 'answered') {
      relay(exchange, outcome.request, outcome.response);
      return undefined;
    }
    failure = outcome;
    const late =
      upstream.retry_within_ms !== undefined && clock.monotonic() - began > upstream.retry_within_ms;
    const stale = outcome.sent === 'stale' && exchange.body.empty && REPEATABLE.has(facts.method);
    if (stale && fresh < STALE_MAX) {
      // The node is well, only its old connection was not: it costs no retry and stays in the choice.
      fresh += 1;
      left += 1;
      tried.delete(node);
    } else if (outcome.sent !== 'never' || left <= 0 || late) break;
  }
  const status = failure?.status ?? 502;
  exchange.explanation = { ...exchange.explanation, failed: failure?.detail ?? 'no node is left to try' };
  exchange.refuse(status, `${status} ${STATUS_TEXT[status]}`);
  return undefined;
};

/** As many kept connections of a pool may die together when an upstream restarts. */
const STALE_MAX = 8;

const tryNode = async (
  { exchange, facts, forwarding, pools, extra, webSocket }: ForwardOptions,
  node: UpstreamNode,
  path: string,
): Promise<Outcome> => {
  const { upstream } = forwarding;
  const closed = pools.guard && closedNode(pools.guard, node);
  if (closed !== undefined) return { kind: 'failed', status: 502, detail: closed, sent: 'never' };
  const attempt = new Attempt({
    pools,
    scheme: upstream.scheme,
    node,
    method: facts.method,
    path,
    headers: requestHeaders({
      facts,
      raw: exchange.request.rawHeaders,
      host: hostFor(upstream, node, facts),
      framing: exchange.body.framing,
      webSocket,
      extra,
    }),
    timeouts: upstream.timeouts,
    body: exchange.body,
    clientLags: () => exchange.lags,
  });
  exchange.onGone = () => attempt.abort();
  return attempt.outcome;
};
