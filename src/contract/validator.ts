import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import ipaddr from 'ipaddr.js';
import { type Part, Refusal, type Text, pointerStep } from './errors.ts';
import { canonicalHost } from './host.ts';

/** Around the IPv4-mapped addresses and beyond: it would be of both families, and gateways find no client in it. */
const isBeyondMapped = (text: string): boolean => {
  // The library takes the old `::1.2.3.4` for a mapped one, too.
  if (!/ffff.*\//i.test(text)) return false;
  const [address, bits] = ipaddr.IPv6.parseCIDR(text);
  return address.isIPv4MappedAddress() && bits < 96;
};

const isCidr = (text: string): boolean => {
  // The library also takes octal and shortened IPv4 and `/08`, which gateways would read differently.
  const plain = text.includes(':') || /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(text);
  const padded = /(?:^|[.:])0\d+\.|\.0\d|\/0\d/.test(text);
  // A zone means something on one machine only, and gateways find no client in it either.
  if (!plain || padded || text.includes('%')) return false;
  return ipaddr.isValid(text) || (ipaddr.isValidCIDR(text) && !isBeyondMapped(text));
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
  'date-time': (text) => isTime(text),
  cidr: isCidr,
  printable: (text) => PRINTABLE.test(text),
  'route-path': (text) =>
    ROUTE_PATH.test(text) && !/(^|\/)\.{1,2}(\/|$)/.test(text) && text.split('/').length - 1 <= SEGMENTS_MAX,
  'host-name': (text) => canonicalHost(text) !== undefined,
  'host-header': (text) => /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?$/.test(text),
};

const rfc3339 = addFormats.default.get('date-time') as { readonly validate: (text: string) => boolean };

/** RFC 3339 knows leap seconds, JavaScript's dates do not. */
const isTime = (text: string): boolean => rfc3339.validate(text) && Number.isFinite(Date.parse(text));

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

const said = (zh: string, en: string): Text => ({ zh, en });

const FORMAT_REASONS: Readonly<Record<string, Text>> = {
  cidr: said(
    '须为不带前导零的 IP 地址或 CIDR 网段，如 203.0.113.0/24 或 2001:db8::/32',
    'must be an IP address or a CIDR range without leading zeros, such as 203.0.113.0/24 or 2001:db8::/32',
  ),
  printable: said(
    '不得包含控制字符、不可见的格式字符或换行',
    'must not hold control characters, invisible formatting characters or line ends',
  ),
  'route-path': said(
    `须为 /api/v1 这样的路径或 /api/v1/* 这样的前缀：至多 ${SEGMENTS_MAX} 段，不得有空段、. 或 .. 段、% 或 :；前缀中也不得有 $ ( ) +`,
    `must be a path such as /api/v1 or a prefix such as /api/v1/*: at most ${SEGMENTS_MAX} segments, none of them empty, . or .., ` +
      'without % or :, and in a prefix without $ ( ) +',
  ),
  'host-name': said(
    '须为主机名，至多 10 级，如 api.example.com 或 *.example.com',
    'must be a host name of at most 10 labels, such as api.example.com or *.example.com',
  ),
  'host-header': said(
    '须为主机名，可带端口，如 backend.example.com:8080',
    'must be a host name, with or without a port, such as backend.example.com:8080',
  ),
  'date-time': said(
    '须为 RFC 3339 格式的时间，如 2027-01-31T00:00:00Z',
    'must be a time as RFC 3339 has it, such as 2027-01-31T00:00:00Z',
  ),
};

/** By pattern, or by the name of the field. */
const PATTERN_REASONS: Readonly<Record<string, Text>> = {
  'idempotency-key': said(
    '须为 1–128 个可见的 ASCII 字符，不含空格',
    'must be 1–128 visible ASCII characters without spaces',
  ),
};

const TYPES: Readonly<Record<string, Text>> = {
  integer: said('整数', 'a whole number'),
  number: said('数字', 'a number'),
  string: said('字符串', 'a string'),
  boolean: said('true 或 false', 'true or false'),
  array: said('列表', 'a list'),
  object: said('对象', 'an object'),
  null: said('null', 'null'),
};

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** What a bound asks for, by its keyword. */
const LIMIT_REASONS: Readonly<Record<string, (n: number) => Text>> = {
  minimum: (n) => said(`不得小于 ${n}`, `must be at least ${n}`),
  maximum: (n) => said(`不得大于 ${n}`, `must be at most ${n}`),
  exclusiveMinimum: (n) => said(`须大于 ${n}`, `must be greater than ${n}`),
  minLength: (n) =>
    n === 1
      ? said('不得为空', 'must not be empty')
      : said(`不得少于 ${n} 个字符`, `must have at least ${plural(n, 'character')}`),
  maxLength: (n) => said(`不得超过 ${n} 个字符`, `must have at most ${plural(n, 'character')}`),
  minItems: (n) => said(`至少要有 ${n} 项`, `must have at least ${plural(n, 'item')}`),
  maxItems: (n) => said(`不得超过 ${n} 项`, `must have at most ${plural(n, 'item')}`),
  minProperties: (n) => said(`至少要有 ${n} 个字段`, `must have at least ${plural(n, 'field')}`),
};

const INVALID = said('不符合要求', 'it is not what is expected here');

const oneOf = (values: readonly Text[]): Text => ({
  zh: values.map(({ zh }) => zh).join('、'),
  en: values.map(({ en }) => en).join(', '),
});

const mustBe = (kinds: readonly Text[]): Text => ({
  zh: `须为${kinds.map(({ zh }) => (/^[\w"]/.test(zh) ? ` ${zh}` : zh)).join('或')}`,
  en: `must be ${kinds.map(({ en }) => en).join(' or ')}`,
});

/** What a value is to be, told from all errors at its place: a union yields one for each of its members. */
const reasonOf = (error: ErrorObject, errors: readonly ErrorObject[], field: string): Text => {
  const here = errors.filter(({ instancePath }) => instancePath === error.instancePath);
  const types = [...new Set(here.filter((e) => e.keyword === 'type').flatMap((e) => namesOfType(e)))];
  const values = [...new Set(here.flatMap(allowedValues))];
  if (values.length > 0) {
    const all = [...values, ...(types.includes('null') ? ['null'] : [])].map((value) => said(value, value));
    if (all.length === 1) return mustBe(all);
    const list = oneOf(all);
    return said(`只能是以下之一：${list.zh}`, `must be one of ${list.en}`);
  }
  const telling = here.find(({ keyword }) => keyword !== 'type' && keyword !== 'anyOf');
  if (telling) return reasonOfOne(telling, field);
  return types.length === 0 ? INVALID : mustBe(types.map((type) => TYPES[type] ?? INVALID));
};

const namesOfType = ({ params }: ErrorObject): string[] =>
  [(params as { type: string | string[] }).type].flat();

const allowedValues = ({ keyword, params }: ErrorObject): string[] => {
  const { allowedValue, allowedValues = [allowedValue] } = params as {
    allowedValue?: unknown;
    allowedValues?: unknown[];
  };
  return keyword === 'const' || keyword === 'enum' ? allowedValues.map((value) => JSON.stringify(value)) : [];
};

const reasonOfOne = ({ keyword, params }: ErrorObject, field: string): Text => {
  const { limit, format, pattern, i, j } = params as Record<string, string | number>;
  if (keyword === 'format') return FORMAT_REASONS[String(format)] ?? INVALID;
  if (keyword === 'pattern') {
    const other = said(`须匹配 ${pattern}`, `must match ${pattern}`);
    return PATTERN_REASONS[String(pattern)] ?? PATTERN_REASONS[field] ?? other;
  }
  if (keyword === 'uniqueItems')
    return said(`第 ${j} 项与第 ${i} 项重复（从 0 计）`, `items ${j} and ${i} (from 0) are the same`);
  return LIMIT_REASONS[keyword]?.(Number(limit)) ?? INVALID;
};

const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The last name of a pointer; an item of a list with the name of its list: `allow[0]`, `upstream[0].url`. */
const fieldAt = (pointer: string): string => {
  const steps = stepsOf(pointer);
  const isIndex = (step: string | undefined): boolean => /^\d+$/.test(step ?? '');
  let from = steps.length - 1;
  while (from > 0 && (isIndex(steps[from]) || isIndex(steps[from - 1]))) from -= 1;
  return steps
    .slice(from)
    .reduce((name, step) => name + (isIndex(step) ? `[${step}]` : name === '' ? step : `.${step}`), '');
};

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
  if (!error) return new Refusal('invalid_value', { in: part, params: { field: part, reason: INVALID } });
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
  const field = at === '' ? part : fieldAt(at);
  if (error.keyword === 'pattern' && /(^id$|_id$|-id$)/.test(field)) {
    return new Refusal('invalid_identifier', { in: part, pointer: at, params: { field } });
  }
  return new Refusal('invalid_value', {
    in: part,
    pointer: at,
    params: { field, reason: reasonOf(error, errors, field) },
  });
};

/** A caller's text in an error: short, and free of control characters. */
const shown = (text: string): string => text.slice(0, 64).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
