/** Bodies that are wrong as bytes or as JSON, before any field is looked at. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { type BadRequest, describeRefusals } from '../support/refused.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});

afterAll(() => fleet.dispose());

const row = (
  name: string,
  body: string | Buffer,
  code: BadRequest['code'] = 'malformed_json',
  pointer = '',
): BadRequest => ({
  name,
  method: 'POST',
  path: '/global-config/tenant',
  tenant: TENANT,
  body,
  code,
  pointer,
});

const GOOD = '{"config":{"threat_threshold":70}}';
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const JSON_ROWS: BadRequest[] = [
  row('text that is not JSON', 'hello'),
  row('half an object', '{"config":{'),
  row('a trailing comma', '{"config":{},}'),
  row('single quotes', "{'config':{}}"),
  row('a name without quotes', '{config:{}}'),
  row('two documents', `${GOOD}${GOOD}`),
  row('something after the end', `${GOOD} x`),
  row('too many closing braces', `${GOOD}}}}}`),
  row('a closing bracket for a brace', '{"config":[}'),
  row('NaN', '{"config":{"threat_threshold":NaN}}'),
  row('a hexadecimal number', '{"config":{"threat_threshold":0x46}}'),
  row('a number with a leading zero', '{"config":{"threat_threshold":070}}'),
  row('a raw line end in a string', '{"config":{"mode":"en\nforce"}}'),
  row('an escape that JSON does not have', '{"config":{"mode":"\\x41"}}'),
  row('a string without an end', '{"config":{"mode":"enforce'),
  row('a backslash at the end', '{"config":{"mode":"\\'),
  row('a block comment', '/* x */ {"config":{}}'),
  row('only a comment', '# nothing'),
  row('only spaces', '   '),
  row('a zero byte after the end', `${GOOD}\0`),
  row('two byte order marks', bytes([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], GOOD)),
  row('a number beyond a double', '{"config":{"rate_limit":1e999}}', 'invalid_value', '/config/rate_limit'),
  row('a form', 'config=1&x=2'),
];

const NAME_ROWS: BadRequest[] = [
  row('a name twice', '{"config":{},"config":{}}', 'duplicate_field', '/config'),
  row(
    'a name twice deeper down',
    '{"config":{"mode":"observe","mode":"enforce"}}',
    'duplicate_field',
    '/config/mode',
  ),
  row(
    'a name twice, once escaped',
    '{"config":{"mode":"observe","\\u006dode":"enforce"}}',
    'duplicate_field',
    '/config/mode',
  ),
  row(
    'a name twice in a list',
    '{"config":{"deny":[1,{"a":1,"a":2}]}}',
    'duplicate_field',
    '/config/deny/1/a',
  ),
  row('__proto__', '{"__proto__":{"config":{}}}', 'forbidden_field', '/__proto__'),
  row(
    '__proto__ deeper down',
    '{"config":{"__proto__":{"mode":"observe"}}}',
    'forbidden_field',
    '/config/__proto__',
  ),
  row('__proto__ escaped', '{"config":{"\\u005f_proto__":1}}', 'forbidden_field', '/config/__proto__'),
  row('constructor.prototype', '{"constructor":{"prototype":{}}}', 'forbidden_field', '/constructor'),
];

const NESTED = 100_000;
const BYTE_ROWS: BadRequest[] = [
  row('100,000 nested lists', '['.repeat(NESTED) + ']'.repeat(NESTED), 'nesting_too_deep', '/0'.repeat(32)),
  row('100,000 nested objects', '{"a":'.repeat(NESTED), 'nesting_too_deep', '/a'.repeat(32)),
  row(
    '33 levels',
    `{"config":${'['.repeat(32)}${']'.repeat(32)}}`,
    'nesting_too_deep',
    `/config${'/0'.repeat(31)}`,
  ),
  row('a byte that is not UTF-8', bytes('{"config":{"mode":"', [0xff], '"}}'), 'invalid_utf8'),
  row('an overlong encoding', bytes('{"config":{"mode":"', [0xc0, 0xaf], '"}}'), 'invalid_utf8'),
  row('a surrogate in UTF-8', bytes('{"config":{"mode":"', [0xed, 0xa0, 0x80], '"}}'), 'invalid_utf8'),
  row('a cut multi-byte character', bytes('{"config":{"mode":"', [0xe8, 0xb7]), 'invalid_utf8'),
  row('UTF-16', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), 'invalid_utf8'),
  row('gzip', Buffer.from('1f8b0800000000000003abae050043bfa6a302000000', 'hex'), 'invalid_utf8'),
];

const typed = (type: string | undefined): BadRequest => ({
  ...row(`a body of type ${type}`, GOOD, 'unsupported_media_type', '/content-type'),
  in: 'header',
  headers: { 'content-type': type },
});

const TYPE_ROWS: BadRequest[] = [
  typed('text/plain'),
  typed('text/json'),
  typed('application/x-www-form-urlencoded'),
  typed('multipart/form-data; boundary=x'),
  typed('application/xml'),
  typed('application/jsonp'),
  typed('application/json; charset=utf-16'),
  typed('application/merge-patch+json;charset="ISO-8859-1"'),
  typed('application/json; charset=utf-8; charset=utf-16'),
  typed('json'),
  typed('*/*'),
  typed(''),
];

const encoded = (encoding: string, expected: Partial<BadRequest> = {}): BadRequest => ({
  ...row(`a body of encoding ${encoding}`, GOOD, 'unsupported_media_type', '/content-encoding'),
  in: 'header',
  headers: { 'content-encoding': encoding },
  ...expected,
});

const ENCODING_ROWS: BadRequest[] = [
  encoded('gzip'),
  encoded('GZIP, identity'),
  encoded('br', { body: Buffer.from('1f8b0800000000000003', 'hex') }),
  encoded(''),
];

describeRefusals('bodies that are not JSON', () => fleet, JSON_ROWS);
describeRefusals('bodies with bad names', () => fleet, NAME_ROWS);
describeRefusals('bodies with bad bytes', () => fleet, BYTE_ROWS);
describeRefusals('bodies of another type', () => fleet, TYPE_ROWS);
describeRefusals('bodies of another encoding', () => fleet, ENCODING_ROWS);

test.each(['identity', 'Identity'])('a body of encoding %s is accepted', async (encoding) => {
  const headers = { 'content-encoding': encoding };
  const reply = await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body: GOOD, headers });
  expect(reply.status).toBe(200);
});

test.each([
  ['with a byte order mark', bytes([0xef, 0xbb, 0xbf], GOOD), 'application/json'],
  [
    'with remarks after #',
    '{ # all of it\n"config": {"threat_threshold": 70, # changed\n"mode":"enforce"}}',
    'application/json',
  ],
  ['as a merge patch', GOOD, 'application/merge-patch+json'],
  ['with a charset', GOOD, 'application/json; charset=utf-8'],
  ['with a charset in quotes and capitals', GOOD, 'application/json;charset="UTF-8"'],
  ['of 1 MiB less one byte', GOOD.padEnd(1_048_575), 'application/json'],
])('a body %s is accepted', async (_, body, type) => {
  const reply = await fleet.call('POST', '/global-config/tenant', {
    tenant: TENANT,
    body,
    headers: { 'content-type': type },
  });
  expect(reply.status).toBe(200);
});
