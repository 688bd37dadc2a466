import { createHash, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type TSchema, Type } from '@sinclair/typebox';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type ErrorCode, Refusal, pointerStep } from '../contract/errors.ts';
import { TenantId } from '../contract/identifier.ts';
import type { Principal } from '../contract/principal.ts';
import { compile } from '../contract/validator.ts';
import { Problem } from '../contract/answer.ts';
import { ENDPOINTS } from './api.ts';
import { Attempts } from './audit/attempts.ts';
import { type Call, type Endpoint, type Node, operationIdOf } from './endpoint.ts';
import { parseBody } from './json-body.ts';
import { asRefusal, languageOf, problemBody, sendProblem } from './problem.ts';
import { isKnown } from './reading.ts';
import { remoteReader } from './remote.ts';
import { WRITE_HEADERS } from './writing.ts';

const BODY_BYTES_MAX = 1_048_576;
const HEADER_BYTES_MAX = 16_384;
/** A request that is not sent within this is cut off, so a slow sender holds no connection. */
const REQUEST_MS = 15_000;

/** The API's own description, beside the endpoints it describes. */
const DESCRIPTION = { method: 'GET', url: '/openapi.json' } as const;

/** What the HTTP server's own parser refuses, before there is a request. */
const PARSER_CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

export interface ServerOptions {
  /** CIDRs of proxies that are believed when they say whom they speak for. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** The Defense API of one node as an HTTP server, not listening yet. */
export const createServer = async (node: Node, options: ServerOptions = {}): Promise<FastifyInstance> => {
  const server = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: 400 },
    requestTimeout: REQUEST_MS,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
    },
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, asRefusal(error, BODY_BYTES_MAX));
    },
  });
  answerOutsideRequests(server);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseEncoded(request);
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
  await describe(server, node);
  observe(server, node);
  tagAnswers(server);
  server.addHook('onResponse', async (request, reply) => attempts.end(request, reply));
  for (const definition of ENDPOINTS) mount(server, node, attempts, definition);
  return server;
};

const describe = async (server: FastifyInstance, node: Node): Promise<void> => {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lockstep Defense API',
        version: node.version,
        description: 'One change on any node is one transaction; every node and every gateway has it.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-KEY' },
        },
      },
    },
    transformObject: (document) =>
      'openapiObject' in document ? withComponents(document.openapiObject) : document.swaggerObject,
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    theme: { title: 'Lockstep Defense API' },
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list' },
  });
  server.get(DESCRIPTION.url, { schema: { hide: true } }, async () => server.swagger());
};

const observe = (server: FastifyInstance, node: Node): void => {
  server.addHook('onRequest', async (request, reply) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new Refusal('malformed_request', { in: 'header', pointer: '/host' });
    }
    void reply.headers({
      'x-request-id': request.id,
      'x-lockstep-node': node.nodeId,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });
  // A connection that is busy when the node stops would otherwise stay open, idle, behind its last answer.
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (closing) void reply.header('connection', 'close');
  });
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const seconds = reply.elapsedTime / 1000;
    node.metrics.observe(request.method, route, reply.statusCode, seconds);
    const line = { method: request.method, route, status: reply.statusCode, seconds, request_id: request.id };
    node.log.debug(line, 'request');
  });
};

/** What has no tag of its own gets a weak one from its text; who has that text already is spared it. */
const tagAnswers = (server: FastifyInstance): void => {
  server.addHook('onSend', async ({ method, headers }, reply, payload) => {
    const read = (method === 'GET' || method === 'HEAD') && reply.statusCode === 200;
    const json = /^application\/json\b/.test(String(reply.getHeader('content-type')));
    if (!read || !json || typeof payload !== 'string' || reply.hasHeader('etag')) return payload;
    const etag = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
    void reply.header('etag', etag);
    if (!isKnown(headers['if-none-match'], etag)) return payload;
    void reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  });
};

/** Schemas with a title become components of that name, so that generators name their types so. */
const withComponents = <T extends { paths?: unknown; components?: object | undefined }>(document: T): T => {
  const schemas: Record<string, unknown> = {};
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    const copy: Record<string, unknown> = Object.fromEntries(
      Object.entries(node).map(([name, value]) => [name, visit(value)]),
    );
    const { title } = copy;
    if (typeof title !== 'string') return copy;
    const known = schemas[title] ?? copy;
    if (JSON.stringify(known) !== JSON.stringify(copy)) throw new Error(`two schemas are called ${title}`);
    schemas[title] = copy;
    return { $ref: `#/components/schemas/${title}` };
  };
  const paths = visit(document.paths);
  return { ...document, paths, components: { ...document.components, schemas } };
};

const CHANGES: Readonly<Record<number, string>> = {
  200: 'Carried out, or looked at with `dry_run`. `sync_status` says how far it has got.',
  201: 'Created. `sync_status` says how far it has got.',
  202: 'Carried out, but not yet reported by every live node: `pending` names the others.',
};

const READS: Readonly<Record<number, string>> = { 503: 'Not ready yet.' };

const ETAG = { type: 'string', description: 'The answer’s entity tag, for `If-None-Match`.' };
const CHANGE_ETAG = {
  type: 'string',
  description:
    'The written object’s entity tag, for `If-Match`. Absent when nothing or more than one was written.',
};
const LOCATION = { type: 'string', description: 'Where the new object is read.' };

/** Reads of JSON all have an entity tag. */
const isTagged = ({ method, schemas }: Endpoint): boolean =>
  method === 'GET' && schemas.response[200]?.['type'] === 'object';

/** All answers of an operation, each with what it means. */
const responsesOf = (definition: Endpoint): Record<string, unknown> => {
  const { method, writes, schemas, summary } = definition;
  // What creates answers 201, but its dry run 200.
  const dryRun = writes && schemas.response[201] ? { 200: schemas.response[201] } : {};
  const answers = Object.entries({ ...dryRun, ...schemas.response }).map(([status, schema]) => {
    const about = (writes ? CHANGES : READS)[Number(status)] ?? `${summary}.`.replace('..', '.');
    const headers = {
      ...(isTagged(definition) && status === '200' ? { ETag: ETAG } : {}),
      ...(writes && method !== 'DELETE' ? { ETag: CHANGE_ETAG } : {}),
      ...(status === '201' ? { Location: LOCATION } : {}),
    };
    const content = schema['type'] === 'string' ? { content: { 'text/plain': { schema } } } : schema;
    return [status, { ...content, headers, 'x-response-description': about }] as const;
  });
  const unchanged = { type: 'null', headers: { ETag: ETAG }, 'x-response-description': 'Not modified.' };
  return {
    ...Object.fromEntries(answers),
    ...(isTagged(definition) ? { 304: unchanged } : {}),
    default: {
      content: { 'application/problem+json': { schema: Problem } },
      'x-response-description': 'Refused; `code` says why.',
    },
  };
};

const IF_NONE_MATCH = Type.Optional(
  Type.String({ description: '304 without a body when the answer has one of these ETags.' }),
);

const documented = (definition: Endpoint): Record<string, unknown> => {
  const { schemas, access, writes, tag, summary } = definition;
  const tenant = access === 'tenant' ? TenantId : Type.Optional(TenantId);
  const headers = Type.Object({
    ...(access === 'public' ? {} : { 'x-tenant-id': tenant }),
    ...(writes ? WRITE_HEADERS : {}),
    ...(isTagged(definition) ? { 'if-none-match': IF_NONE_MATCH } : {}),
  });
  return {
    operationId: operationIdOf(definition),
    tags: [tag],
    summary,
    headers,
    ...(schemas.params ? { params: schemas.params } : {}),
    querystring: schemas.query ?? Type.Object({}, { additionalProperties: false }),
    ...(schemas.body ? { body: schemas.body } : {}),
    response: responsesOf(definition),
    ...(access === 'public' ? {} : { security: [{ bearer: [] }, { apiKey: [] }] }),
  };
};

const mount = (server: FastifyInstance, node: Node, attempts: Attempts, definition: Endpoint): void => {
  const principals = new WeakMap<FastifyRequest, Principal>();
  server.route({
    method: definition.method,
    url: definition.url,
    schema: documented(definition),
    onRequest: async (request) => {
      if (definition.access === 'public') return;
      attempts.begin(request, definition);
      const headers = request.headers as Record<string, string | undefined>;
      const principal = await node.gate.admit({ headers, remote: attempts.remoteOf(request) });
      attempts.by(request, principal);
      principals.set(request, principal);
      refuseRepeatedTenant(request);
    },
    handler: async (request, reply) => {
      const principal = principals.get(request) ?? anonymous(attempts.remoteOf(request));
      const answer = await definition.handle(callOf(node, request, principal));
      void reply.code(answer.status).headers(answer.headers ?? {});
      if (answer.status === 304) return reply.send();
      if (typeof answer.body !== 'string') void reply.type('application/json; charset=utf-8');
      return reply.send(answer.body);
    },
  });
};

const anonymous = (remote: string): Principal => ({ actor: 'anonymous', role: 'none', tenants: [], remote });

/** What is compressed is not read: its size would be bounded only once it is unpacked. */
const refuseEncoded = ({ headers }: FastifyRequest): void => {
  const encodings = (headers['content-encoding'] ?? 'identity').split(',');
  if (encodings.some((encoding) => encoding.trim().toLowerCase() !== 'identity')) {
    throw new Refusal('unsupported_media_type', { in: 'header', pointer: '/content-encoding' });
  }
};

const refuseRepeatedTenant = (request: FastifyRequest): void => {
  const names = request.raw.rawHeaders.filter((_, i) => i % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'x-tenant-id').length > 1) {
    throw new Refusal('tenant_repeated', { in: 'header', pointer: pointerStep('x-tenant-id') });
  }
};

const callOf = (
  node: Node,
  request: FastifyRequest,
  principal: Principal,
): Call<unknown, unknown, unknown> => {
  const headers = request.headers as Record<string, string | undefined>;
  const path = request.url.split('?')[0] ?? '';
  const text = JSON.stringify([request.method, path, headers['x-tenant-id'] ?? '', request.body ?? null]);
  return {
    node,
    params: request.params,
    query: request.query,
    body: request.body,
    headers,
    tenant_id: headers['x-tenant-id'] ?? '',
    principal,
    language: languageOf(headers['accept-language']),
    request_id: request.id,
    fingerprint: createHash('sha256').update(text).digest('hex'),
  };
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

/** Where Node answers by itself, without a body, or drops what it does not expect. */
const answerOutsideRequests = ({ server }: FastifyInstance): void => {
  // The size of all headers is bounded; a bound on their number would drop the last ones in silence.
  server.maxHeadersCount = 0;
  const unmet = new Refusal('malformed_request', { in: 'header', pointer: '/expect' });
  server.on('checkExpectation', (request) => refuseAtSocket(request.socket, unmet));
  server.on('connect', (_, socket) =>
    refuseAtSocket(socket, new Refusal('malformed_request', { in: 'header' })),
  );
};

/** Answers what could not even be parsed as HTTP, then closes. */
const refuseUnparsed = (error: Error & { code?: string }, socket: Socket): void =>
  refuseAtSocket(
    socket,
    new Refusal(PARSER_CODES[error.code ?? ''] ?? 'malformed_request', { in: 'header' }),
  );

const refuseAtSocket = (socket: Duplex, refusal: Refusal): void => {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(problemBody(refusal, 'zh', randomUUID()));
  const head = [
    `HTTP/1.1 ${refusal.status} Refused`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};
