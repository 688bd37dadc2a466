import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { TSchema } from '@sinclair/typebox';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Refusal, pointerStep } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import { compile } from '../contract/validator.ts';
import { ENDPOINTS } from './api.ts';
import { Attempts } from './audit/attempts.ts';
import { authorise } from './authorise.ts';
import { CONNECTIONS_MAX, Connections } from './connections.ts';
import { DESCRIPTION, describe, documented } from './description.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import { askingOf } from './gate.ts';
import { parseBody } from './json-body.ts';
import { type TlsMaterial, createListener } from './listener.ts';
import type { Node } from './node.ts';
import { OutsideRequests } from './outside.ts';
import { asRefusal, languageOf, sendProblem } from './problem.ts';
import { type Protection, answerHeaders, protect, repeatedOf } from './protect.ts';
import { isKnown, textTag } from './reading.ts';
import { remoteReader } from './remote.ts';

const BODY_BYTES_MAX = 1_048_576;
/** The status under which requests are counted whose callers did not wait for the answer. */
const HUNG_UP = 499;

export interface ServerOptions extends Partial<Omit<Protection, 'tls'>> {
  /** HTTPS with this; HTTP without. */
  readonly tls?: TlsMaterial | undefined;
  readonly connectionsMax?: number | undefined;
  /** Until a connection on which nothing is read or written is closed while an answer is due. */
  readonly silence_ms?: number | undefined;
  /** CIDRs of proxies that are believed when they say whom they speak for. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** The Defense API of one node as an HTTP server, not listening yet. */
export const createServer = async (node: Node, options: ServerOptions = {}): Promise<FastifyInstance> => {
  const outside = new OutsideRequests();
  const server = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: 400 },
    serverFactory: (handler) => createListener(handler, options.tls, options.silence_ms),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: (error, socket) => outside.refuseUnparsed(error, socket),
    // What has no address that can be read passes by every hook.
    frameworkErrors: (error, request, reply) => {
      void reply.headers({ ...answerHeaders(options.tls !== undefined), ...namesOf(node, request) });
      void sendProblem(request, reply, asRefusal(error, BODY_BYTES_MAX));
    },
  });
  outside.watch(server.server);
  const connections = new Connections(options.connectionsMax ?? CONNECTIONS_MAX);
  connections.watch(server.server);
  node.metrics.gauge('lockstep_http_connections', 'Open connections', () => connections.counts.open);
  node.metrics.counter(
    'lockstep_http_connections_evicted_total',
    'Idle connections closed because others needed room',
    () => connections.counts.evicted,
  );
  node.metrics.counter(
    'lockstep_http_connections_refused_total',
    'Connections turned away because all others were being answered',
    () => connections.counts.refused,
  );
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseEncoded(request);
      refuseCharset(request);
      return parseBody(body);
    },
  );
  server.setValidatorCompiler(({ schema, httpPart }) =>
    compile(schema as TSchema, httpPart === 'querystring' ? 'fromText' : 'exact'),
  );
  // Answers are typed where they are made; a second shape here could only drop fields in silence.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  const attempts = new Attempts(node.log, node.clock, remoteReader(options.trustedProxies ?? []));
  server.setErrorHandler((error, request, reply) => {
    attempts.refused(request, asRefusal(error, BODY_BYTES_MAX).code);
    return refuse(node, request, reply, error);
  });
  server.setNotFoundHandler((request, reply) => refuse(node, request, reply, unknownAddress(request)));
  observe(server, node);
  const { tls, corsOrigins = [], ownPagesOnly = false } = options;
  protect(server, { tls: tls !== undefined, corsOrigins, ownPagesOnly });
  await describe(server, node, (request) => attempts.remoteOf(request));
  tagAnswers(server);
  // At the answer, and not once it has been sent: who hangs up before that has done what they did all the same.
  server.addHook('onSend', async (request, reply, payload) => {
    attempts.end(request, reply);
    return payload;
  });
  for (const definition of ENDPOINTS) mount(server, node, attempts, definition);
  return server;
};

/** Which request was answered, by which node. */
const namesOf = ({ nodeId }: Node, { id }: FastifyRequest): Record<string, string> => ({
  'x-request-id': id,
  'x-lockstep-node': nodeId,
});

const observe = (server: FastifyInstance, node: Node): void => {
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(namesOf(node, request));
  });
  // A connection that is busy when the node stops would otherwise stay open, idle, behind its last answer.
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (closing) void reply.header('connection', 'close');
  });
  server.addHook('onRequest', async (request, reply) => {
    // Comes whether the answer was sent or the caller has gone.
    reply.raw.once('close', () => {
      const route = request.routeOptions.url ?? 'none';
      const seconds = reply.elapsedTime / 1000;
      const status = reply.raw.writableFinished ? reply.statusCode : HUNG_UP;
      node.metrics.observe(request.method, route, status, seconds);
      const line = { method: request.method, route, status, seconds, request_id: request.id };
      node.log.debug(line, 'request');
    });
  });
};

/** What has no tag of its own gets a weak one from its text; who has that text already is spared it. */
const tagAnswers = (server: FastifyInstance): void => {
  server.addHook('onSend', async ({ method, headers }, reply, payload) => {
    const read = (method === 'GET' || method === 'HEAD') && reply.statusCode === 200;
    const json = /^application\/json\b/.test(String(reply.getHeader('content-type')));
    if (!read || !json || typeof payload !== 'string' || reply.hasHeader('etag')) return payload;
    const etag = textTag(payload);
    void reply.header('etag', etag);
    if (!isKnown(headers['if-none-match'], etag)) return payload;
    void reply.code(304).removeHeader('content-type').removeHeader('content-length');
    // Fastify looks at what a HEAD would have been answered, and can't look at nothing.
    return method === 'HEAD' ? '' : null;
  });
};

const mount = (server: FastifyInstance, node: Node, attempts: Attempts, definition: Endpoint): void => {
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const admit = async (request: FastifyRequest): Promise<void> => {
    const asking = askingOf(request, attempts.remoteOf(request));
    const principal = await node.gate.admit(asking);
    attempts.by(request, principal);
    refuseRepeatedTenant(request);
    const tenant_id = authorise(principal, definition, asking.headers['x-tenant-id']);
    admitted.set(request, { principal, tenant_id });
  };
  const open = () => isOpen(node, definition);
  server.route({
    method: definition.method,
    url: definition.url,
    schema: documented(definition),
    onRequest: async (request) => {
      if (open()) return;
      attempts.begin(request, definition);
      await admit(request);
    },
    // A body takes its time, and the caller may have been shut out meanwhile.
    preHandler: async (request) => {
      if (request.body !== undefined && !open()) await admit(request);
    },
    handler: async (request, reply) => {
      const by = admitted.get(request) ?? { principal: anonymous(attempts.remoteOf(request)), tenant_id: '' };
      const answer = await definition.handle(callOf(node, request, by, () => goneOf(reply)));
      return sendAnswer(request, reply, answer);
    },
  });
};

const sendAnswer = (request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply => {
  const { status, headers = {}, body } = answer;
  void reply.code(status).headers(headers);
  if (status === 304) return reply.send();
  if (body instanceof Readable) {
    if (request.method === 'HEAD') {
      // Nobody will read it, so nothing else would ever end it.
      body.destroy();
      return reply.send('');
    }
    // What is told as it happens may have nothing to tell for long; it has bounds of its own.
    request.raw.setTimeout(0);
  } else if (typeof body !== 'string') {
    void reply.type('application/json; charset=utf-8');
  }
  return reply.send(body);
};

/** Who asks, and the tenant they ask for. */
interface Admitted {
  readonly principal: Principal;
  readonly tenant_id: string;
}

const isOpen = ({ gate }: Node, { access }: Endpoint): boolean =>
  access === 'public' || (access === 'metrics' && gate.metrics === 'public');

const anonymous = (remote: string): Principal => ({ actor: 'anonymous', role: 'none', tenants: [], remote });

/** What is compressed is not read: its size would be bounded only once it is unpacked. */
const refuseEncoded = ({ headers }: FastifyRequest): void => {
  const encodings = (headers['content-encoding'] ?? 'identity').split(',');
  if (encodings.some((encoding) => encoding.trim().toLowerCase() !== 'identity')) {
    throw new Refusal('unsupported_media_type', { in: 'header', pointer: '/content-encoding' });
  }
};

/** JSON is UTF-8. Text in another encoding that can be read as UTF-8 would say something else than was meant. */
const refuseCharset = ({ headers }: FastifyRequest): void => {
  const charsets = (headers['content-type'] ?? '').matchAll(/;\s*charset\s*=\s*"?([^\s";]*)/gi);
  for (const [, charset = ''] of charsets) {
    if (!/^utf-?8$/i.test(charset)) {
      throw new Refusal('unsupported_media_type', { in: 'header', pointer: '/content-type' });
    }
  }
};

const refuseRepeatedTenant = (request: FastifyRequest): void => {
  const name = repeatedOf(request, ['x-tenant-id']);
  if (name !== undefined) throw new Refusal('tenant_repeated', { in: 'header', pointer: pointerStep(name) });
};

const callOf = (
  node: Node,
  request: FastifyRequest,
  { principal, tenant_id }: Admitted,
  gone: () => AbortSignal,
): Call<unknown, unknown, unknown> => {
  const headers = request.headers as Record<string, string | undefined>;
  const path = request.url.split('?')[0] ?? '';
  const text = JSON.stringify([request.method, path, tenant_id, request.body ?? null]);
  return {
    node,
    params: request.params,
    query: request.query,
    body: request.body,
    headers,
    tenant_id,
    principal,
    language: languageOf(headers['accept-language']),
    request_id: request.id,
    fingerprint: createHash('sha256').update(text).digest('hex'),
    gone,
  };
};

const goneOf = ({ raw }: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  const look = (): void => {
    if (!raw.writableFinished) gone.abort();
  };
  if (raw.destroyed) look();
  else raw.once('close', look);
  return gone.signal;
};

const refuse = (node: Node, request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply => {
  const refusal = asRefusal(error, BODY_BYTES_MAX);
  node.metrics.refused(refusal.code);
  if (refusal.code === 'internal') node.log.error({ err: error, request_id: request.id }, 'internal error');
  const allowed = refusal.extra['allow'];
  if (typeof allowed === 'string') void reply.header('allow', allowed);
  return sendProblem(request, reply, refusal);
};

/** 405 with what the address does take, or 404. */
const unknownAddress = (request: FastifyRequest): Refusal => {
  const segments = (request.url.split('?')[0] ?? '').split('/');
  const fits = (url: string): boolean => {
    const pattern = url.split('/');
    return (
      pattern.length === segments.length &&
      pattern.every((part, i) => part.startsWith(':') || part === segments[i])
    );
  };
  const methods = [...ENDPOINTS, DESCRIPTION].filter(({ url }) => fits(url)).map(({ method }) => method);
  if (methods.length === 0) return new Refusal('not_found', { in: 'path' });
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return new Refusal('method_not_allowed', {
    in: 'path',
    params: { method: request.method, allowed: allow },
    extra: { allow },
  });
};
