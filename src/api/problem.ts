import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorObject } from 'ajv';
import type { Problem } from '../contract/answer.ts';
import { type ErrorCode, type Language, type Part, Refusal, sentence } from '../contract/errors.ts';
import { refusalOf } from '../contract/validator.ts';

/** What clients that say nothing about it get: the seed's language. */
const DEFAULT_LANGUAGE: Language = 'zh';

/** Picks between Chinese and English by `Accept-Language`. */
export const languageOf = (header: string | undefined): Language => {
  const wishes = (header ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const q = parameters.map((p) => /^\s*q=([\d.]+)$/.exec(p)?.[1]).find((value) => value !== undefined);
      return { language: tag.split('-')[0], q: q === undefined ? 1 : Number(q) };
    })
    .filter(({ language, q }) => (language === 'zh' || language === 'en') && q > 0)
    .sort((a, b) => b.q - a.q);
  return (wishes[0]?.language as Language | undefined) ?? DEFAULT_LANGUAGE;
};

/** RFC 9457, with the catalogue's code, and a JSON pointer into the part of the request it is about. */
export const problemBody = (refusal: Refusal, language: Language, request_id: string): Problem => ({
  type: `urn:lockstep:problem:${refusal.code}`,
  title: refusal.code.replaceAll('_', ' '),
  status: refusal.status,
  code: refusal.code,
  detail: sentence(refusal.code, language, refusal.params),
  in: refusal.part,
  pointer: refusal.pointer,
  request_id,
  ...refusal.extra,
});

const PARTS: Record<string, Part> = { body: 'body', querystring: 'query', params: 'path', headers: 'header' };

/** Fastify's own refusals in the catalogue's terms. */
const FASTIFY_CODES: Record<string, readonly [ErrorCode, Part, pointer: string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'header', '/content-type'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformed_request', 'header', '/content-length'],
  FST_ERR_BAD_URL: ['not_found', 'path', ''],
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: ['unsupported_media_type', 'header', '/content-type'],
  // Whoever asked went away in the middle of asking.
  ECONNRESET: ['malformed_request', 'body', ''],
};

/** What serves the documentation's files refuses by status: a path out of their folder, a range, a precondition. */
const isFileRefusal = ({ statusCode = 500 }: { readonly statusCode?: number }): boolean =>
  statusCode === 403 || statusCode === 404;

/** Any error as a refusal; one nobody foresaw is `internal`, with nothing of it shown. */
export const asRefusal = (error: unknown, body_max: number): Refusal => {
  if (error instanceof Refusal) return error;
  const { validation, validationContext, code } = error as FastifyError;
  if (validation) {
    const part = PARTS[validationContext ?? 'body'] ?? 'body';
    const errors = validation as unknown as ErrorObject[];
    if (
      part === 'body' &&
      errors.some((e) => e.instancePath === '' && e.keyword === 'type' && (e.data ?? null) === null)
    ) {
      return new Refusal('body_required');
    }
    return refusalOf(errors, part);
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Refusal('body_too_large', { params: { max: body_max } });
  const known = FASTIFY_CODES[code];
  if (!known && isFileRefusal(error as FastifyError)) return new Refusal('not_found', { in: 'path' });
  if (!known) return new Refusal('internal', { cause: error });
  const [ours, part, pointer] = known;
  return new Refusal(ours, { in: part, pointer });
};

export const sendProblem = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply => {
  const language = languageOf(request.headers['accept-language']);
  const { etag } = refusal.extra;
  if (typeof etag === 'string') void reply.header('etag', etag);
  if (refusal.status === 401) void reply.header('www-authenticate', 'Bearer');
  const { retry_after_s } = refusal.extra;
  if (typeof retry_after_s === 'number') void reply.header('retry-after', String(retry_after_s));
  else if (refusal.status === 503) void reply.header('retry-after', '1');
  return reply
    .code(refusal.status)
    .header('content-language', language)
    .type('application/problem+json; charset=utf-8')
    .send(problemBody(refusal, language, request.id));
};
