/** The API's description of itself: OpenAPI from the same declarations that validate, and pages to browse it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TenantId } from '../contract/identifier.ts';
import { Problem } from '../contract/answer.ts';
import { type Endpoint, operationIdOf } from './endpoint.ts';
import { askingOf } from './gate.ts';
import type { Node } from './node.ts';
import { isKnown, textTag } from './reading.ts';
import { PRECONDITION_HEADERS, REASON_HEADER, WRITE_HEADERS } from './writing.ts';

/** What the documentation's pages may do: show what this node serves. */
const DOCS_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'";

/** The API's own description, beside the endpoints it describes. */
export const DESCRIPTION = { method: 'GET', url: '/openapi.json' } as const;

/** Where the pages read it. */
const PAGES_DESCRIPTION = '/docs/json';

/** Serves `/openapi.json` and `/docs`. Comes before the endpoints it describes. */
export const describe = async (
  server: FastifyInstance,
  node: Node,
  remoteOf: (request: FastifyRequest) => string,
): Promise<void> => {
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
  await server.register(async (pages) => {
    pages.addHook('onRequest', async (request) => {
      if (node.gate.docs === 'token') await node.gate.admit(askingOf(request, remoteOf(request)));
    });
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: DOCS_POLICY,
      theme: { title: 'Lockstep Defense API' },
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list' },
    });
    let own: Tagged | undefined;
    const send = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      own ??= taggedText(server.swagger());
      return sendTagged(request, reply, own);
    };
    pages.addHook('preHandler', async (request, reply) =>
      request.routeOptions.url === PAGES_DESCRIPTION ? send(request, reply) : undefined,
    );
    pages.get(DESCRIPTION.url, { schema: { hide: true } }, async (request, reply) => send(request, reply));
  });
};

interface Tagged {
  readonly text: string;
  readonly etag: string;
}

/** Everybody may ask for it, and it stays what it is: it is written out and hashed once. */
const taggedText = (document: object): Tagged => {
  const text = JSON.stringify(document);
  return { text, etag: textTag(text) };
};

const sendTagged = (
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  { text, etag }: Tagged,
): FastifyReply => {
  void reply.header('etag', etag);
  if (!isKnown(headers['if-none-match'], etag))
    return reply.type('application/json; charset=utf-8').send(text);
  void reply.code(304);
  // Fastify looks at what a HEAD would have been answered, and can't look at nothing.
  return method === 'HEAD' ? reply.send('') : reply.send();
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
  description: 'The written object’s entity tag, for `If-Match`. Absent when nothing was written.',
};
const LOCATION = { type: 'string', description: 'Where the new object is read.' };

/** Reads of JSON all have an entity tag. */
const isTagged = ({ method, schemas }: Endpoint): boolean =>
  method === 'GET' && schemas.response[200]?.['type'] === 'object';

/** All answers of an operation, each with what it means. */
const responsesOf = (definition: Endpoint): Record<string, unknown> => {
  const { method, writes, many, schemas, summary } = definition;
  // What creates answers 201, but its dry run 200.
  const dryRun = writes && schemas.response[201] ? { 200: schemas.response[201] } : {};
  const answers = Object.entries({ ...dryRun, ...schemas.response }).map(([status, schema]) => {
    const about = (writes ? CHANGES : READS)[Number(status)] ?? `${summary}.`.replace('..', '.');
    const headers = {
      ...(isTagged(definition) && status === '200' ? { ETag: ETAG } : {}),
      ...(writes && !many && method !== 'DELETE' ? { ETag: CHANGE_ETAG } : {}),
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

/** Optional only to the schema: whether it may be left out depends on who asks. */
const TENANT = Type.Optional(
  Type.String({
    ...TenantId,
    description: 'The tenant. May be left out with a token of exactly one tenant.',
  }),
);

/** An endpoint's schemas and words, for validation and description alike. */
export const documented = (definition: Endpoint): Record<string, unknown> => {
  const { schemas, access, writes, reasoned, many, tag, summary } = definition;
  const headers = Type.Object({
    ...(access === 'public' ? {} : { 'x-tenant-id': access === 'tenant' ? TENANT : Type.Optional(TenantId) }),
    ...(writes && !many ? PRECONDITION_HEADERS : {}),
    ...(writes ? WRITE_HEADERS : {}),
    ...(reasoned ? REASON_HEADER : {}),
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
