import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, pointerStep } from '../contract/errors.ts';

export interface Protection {
  /** The API is served over TLS. */
  readonly tls: boolean;
  /** Origins whose pages may use the API from a browser. */
  readonly corsOrigins: readonly string[];
  /**
   * Nobody needs a token here, so a page of another site must not get in through a browser on this machine: only
   * requests that name this machine, and come from a page of its own if from any, are taken.
   */
  readonly ownPagesOnly: boolean;
}

/** What an answer may do in a browser: nothing. Pages, such as the documentation, set a policy of their own. */
const ANSWER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': ANSWER_POLICY,
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const HSTS = 'max-age=31536000';

/** Headers that decide who asks, where and how the body is read: two of one would let two readers differ. */
const ONCE = [
  'host',
  'authorization',
  'x-api-key',
  'content-type',
  'content-encoding',
  'idempotency-key',
  'origin',
];

const CORS_HEADERS =
  'authorization, x-api-key, x-tenant-id, content-type, if-match, if-none-match, idempotency-key, x-change-reason, accept-language, last-event-id';
const CORS_SHOWN =
  'etag, location, retry-after, content-language, x-request-id, x-lockstep-node, x-lockstep-revision, idempotent-replayed';

/** What every answer carries, whatever it says. */
export const answerHeaders = (tls: boolean): Readonly<Record<string, string>> =>
  tls ? { ...HEADERS, 'strict-transport-security': HSTS } : HEADERS;

/** Headers on every answer, and the checks that come before anything is read of a request. */
export const protect = (server: FastifyInstance, protection: Protection): void => {
  const { tls, corsOrigins, ownPagesOnly } = protection;
  const headers = answerHeaders(tls);
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(headers);
    refuseRepeated(request);
    const { host, origin } = request.headers;
    if (host === undefined && request.raw.httpVersion === '1.1') throw malformed('host');
    if (ownPagesOnly) refuseOtherSites(request, corsOrigins);
    if (corsOrigins.length > 0) {
      void reply.header('vary', 'origin');
      if (origin !== undefined && corsOrigins.includes(origin)) return shareWith(origin, request, reply);
    }
    return undefined;
  });
};

const malformed = (header: string): Refusal =>
  new Refusal('malformed_request', { in: 'header', pointer: pointerStep(header) });

/** The first of these headers that a request has twice. */
export const repeatedOf = (request: FastifyRequest, names: readonly string[]): string | undefined => {
  const seen = new Set<string>();
  const { rawHeaders } = request.raw;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (seen.has(name) && names.includes(name)) return name;
    seen.add(name);
  }
  return undefined;
};

const refuseRepeated = (request: FastifyRequest): void => {
  const name = repeatedOf(request, ONCE);
  if (name !== undefined) throw malformed(name);
};

const shareWith = (
  origin: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined => {
  void reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': CORS_SHOWN,
    'cross-origin-resource-policy': 'cross-origin',
  });
  const asksBefore = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
  if (!asksBefore) return undefined;
  void reply.headers({
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': CORS_HEADERS,
    'access-control-max-age': '600',
  });
  return reply.code(204).send();
};

/**
 * Whether a `Host` names the machine itself, and not a name that somebody made lead here: in names without a dot, such as
 * a hosts file gives, nobody outside has a say.
 */
const isOwnHost = (host: string): boolean => {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return (
    /^[a-z0-9-]+$/.test(name) ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
};

const refuseOtherSites = ({ headers, protocol }: FastifyRequest, shared: readonly string[]): void => {
  const { host, origin } = headers;
  const refuse = (header: string): Refusal =>
    new Refusal('cross_site_request', { in: 'header', pointer: pointerStep(header) });
  if (host !== undefined && !isOwnHost(host)) throw refuse('host');
  if (origin !== undefined && origin !== `${protocol}://${host}` && !shared.includes(origin)) {
    throw refuse('origin');
  }
};
