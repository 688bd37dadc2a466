import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import ipaddr from 'ipaddr.js';
import { type Part, Refusal, pointerStep } from './errors.ts';

const isCidr = (text: string): boolean => {
  // The library also takes octal and shortened IPv4 and `/08`, which gateways would read differently.
  const plain = text.includes(':') || /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(text);
  const padded = /(?:^|[.:])0\d+\.|\.0\d|\/0\d/.test(text);
  return plain && !padded && (ipaddr.isValidCIDR(text) || ipaddr.isValid(text));
};

/** Text without control, formatting or separator characters and without halves of surrogate pairs. */
export const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

/**
 * `/a/b`, `/a/*` or `/*`. No empty, `.` or `..` segment, no wildcard elsewhere, nothing that a gateway
 * would decode or read as a parameter (`:name` and `%` have meaning in APISIX's router). A prefix holds no
 * `$ ( ) +` either: APISIX's router takes them literally in its tree and as operators in the expression it builds
 * from the same text, so such a prefix never matches.
 */
const ROUTE_PATH =
  /^\/(?:(?:[A-Za-z0-9._~!$&'()+,;=@-]+\/)*[A-Za-z0-9._~!$&'()+,;=@-]*|(?:[A-Za-z0-9._~!&',;=@-]+\/)*\*)$/;

/** Each segment is one guard of a claim; all of them fit into one transaction. */
const SEGMENTS_MAX = 32;

const FORMATS: Record<string, (text: string) => boolean> = {
  cidr: isCidr,
  printable: (text) => PRINTABLE.test(text),
  'route-path': (text) =>
    ROUTE_PATH.test(text) && !/(^|\/)\.{1,2}(\/|$)/.test(text) && text.split('/').length - 1 <= SEGMENTS_MAX,
  'host-header': (text) => /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?$/.test(text),
};

const newAjv = (coerceTypes: boolean): Ajv => {
  const ajv = new Ajv({
    coerceTypes,
    removeAdditional: false,
    useDefaults: coerceTypes,
    allErrors: false,
    strict: true,
    strictTypes: false,
    verbose: true,
  });
  addFormats.default(ajv, ['date-time']);
  for (const [name, validate] of Object.entries(FORMATS)) ajv.addFormat(name, { type: 'string', validate });
  return ajv;
};

const exact = newAjv(false);
/** Query strings hold text only, so numbers and booleans are read from text there. */
const fromText = newAjv(true);

/** A validator for a schema; `fromText` reads numbers and booleans out of strings and fills defaults. */
export const compile = (schema: TSchema, values: 'exact' | 'fromText' = 'exact'): ValidateFunction =>
  (values === 'exact' ? exact : fromText).compile(schema);

/** Fields Lockstep keeps itself: naming one in a write is a misunderstanding worth its own error. */
const READ_ONLY = new Set([
  'version',
  'revision',
  'updated_at',
  'updated_by',
  'created_at',
  'tenant_id',
  'plugins',
  'sealed_key',
  'facts',
  'cert_id',
  'synced',
  'source',
]);

const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

const lastStep = (pointer: string): string =>
  (pointer.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~');

/** The most telling of ajv's errors: the first one that lies deepest. */
const decisive = (errors: readonly ErrorObject[]): ErrorObject | undefined =>
  errors.reduce<ErrorObject | undefined>(
    (best, error) => (!best || depth(error) > depth(best) ? error : best),
    undefined,
  );

/** A missing or surplus field lies below the object that ajv names, and tells more than “not a number”. */
const depth = (error: ErrorObject): number =>
  error.instancePath.split('/').length +
  (error.keyword === 'additionalProperties' || error.keyword === 'required' ? 0.5 : 0);

/** Turns a failed validation into the catalogue's error. */
export const refusalOf = (errors: readonly ErrorObject[], part: Part): Refusal => {
  const error = decisive(errors);
  if (!error) return new Refusal('invalid_value', { in: part, params: { field: part, reason: 'invalid' } });
  const at = error.instancePath;
  if (error.keyword === 'additionalProperties') {
    const field = String((error.params as { additionalProperty: string }).additionalProperty);
    const code = FORBIDDEN_NAMES.has(field)
      ? 'forbidden_field'
      : READ_ONLY.has(field)
        ? 'read_only_field'
        : 'unknown_field';
    return new Refusal(code, { in: part, pointer: at + pointerStep(field), params: { field: shown(field) } });
  }
  if (error.keyword === 'required') {
    const field = String((error.params as { missingProperty: string }).missingProperty);
    if (part === 'header' && field === 'x-tenant-id') {
      return new Refusal('tenant_required', { in: part, pointer: pointerStep(field) });
    }
    return new Refusal('missing_field', { in: part, pointer: at + pointerStep(field), params: { field } });
  }
  const field = at === '' ? part : lastStep(at);
  if (error.keyword === 'pattern' && /(^id$|_id$|-id$)/.test(field)) {
    return new Refusal('invalid_identifier', { in: part, pointer: at, params: { field } });
  }
  return new Refusal('invalid_value', {
    in: part,
    pointer: at,
    params: {
      field,
      reason:
        error.keyword === 'format' ? `not a ${String(error.params['format'])}` : (error.message ?? 'invalid'),
    },
  });
};

/** A caller's text in an error: short, and free of control characters. */
const shown = (text: string): string => text.slice(0, 64).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
