import { type TSchema, Type } from '@sinclair/typebox';
import { describe, expect, test } from 'vitest';
import { CertificateUpload } from './certificate.ts';
import { sentence } from './errors.ts';
import { FleetDefenseConfig, TenantConfig, TenantConfigPatch } from './policy.ts';
import { RouteSpec, RouteUpdates } from './route.ts';
import { compile, refusalOf } from './validator.ts';

const refused = (schema: TSchema, value: unknown, values: 'exact' | 'fromText' = 'exact') => {
  const validate = compile(schema, values);
  expect(validate(value)).toBe(false);
  const { code, pointer, params } = refusalOf(validate.errors ?? [], 'body');
  return { code, pointer, zh: sentence(code, 'zh', params), en: sentence(code, 'en', params) };
};

const ROUTE = { id: 'r', path: '/', upstream: 'http://b' };
const route = (fields: object): [TSchema, unknown] => [RouteSpec, { ...ROUTE, ...fields }];
const upload = (fields: object): [TSchema, unknown] => [
  CertificateUpload,
  { domain: 'a.example.com', cert: 'x', key: 'x', ...fields },
];

const ROWS: [given: [TSchema, unknown], field: string, zh: string, en: string][] = [
  [[TenantConfig, { threat_threshold: 101 }], 'threat_threshold', '不得大于 100', 'must be at most 100'],
  [[TenantConfig, { threat_threshold: -1 }], 'threat_threshold', '不得小于 0', 'must be at least 0'],
  [[TenantConfig, { threat_threshold: '7' }], 'threat_threshold', '须为整数', 'must be a whole number'],
  [
    [TenantConfigPatch, { threat_threshold: '7' }],
    'threat_threshold',
    '须为整数或 null',
    'must be a whole number or null',
  ],
  [[TenantConfigPatch, { threat_threshold: 101 }], 'threat_threshold', '不得大于 100', 'must be at most 100'],
  [
    [TenantConfig, { rate_limit: 'x' }],
    'rate_limit',
    '须为整数或对象',
    'must be a whole number or an object',
  ],
  [[TenantConfig, { rate_limit: 0 }], 'rate_limit', '不得小于 1', 'must be at least 1'],
  [[TenantConfig, { js_challenge: 1 }], 'js_challenge', '须为 true 或 false', 'must be true or false'],
  [[TenantConfig, { challenge_type: 'captcha' }], 'challenge_type', '须为 "js"', 'must be "js"'],
  [
    [TenantConfig, { mode: 'off' }],
    'mode',
    '只能是以下之一："enforce"、"observe"',
    'must be one of "enforce", "observe"',
  ],
  [
    [TenantConfigPatch, { mode: 'off' }],
    'mode',
    '只能是以下之一："enforce"、"observe"、null',
    'must be one of "enforce", "observe", null',
  ],
  [
    [TenantConfig, { rate_limit: { count: 1, window_s: 1, scope: 'x' } }],
    'scope',
    '只能是以下之一："node"、"fleet"',
    'must be one of "node", "fleet"',
  ],
  [
    route({ methods: ['GET', 'BREW'] }),
    'methods[1]',
    '只能是以下之一："GET"、"POST"、"PUT"、"DELETE"、"PATCH"、"HEAD"、"OPTIONS"',
    'must be one of "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"',
  ],
  [route({ methods: 'GET' }), 'methods', '须为列表', 'must be a list'],
  [route({ methods: [] }), 'methods', '至少要有 1 项', 'must have at least 1 item'],
  [
    route({ methods: ['GET', 'PUT', 'GET'] }),
    'methods',
    '第 0 项与第 2 项重复（从 0 计）',
    'items 0 and 2 (from 0) are the same',
  ],
  [
    [TenantConfig, { deny: Array.from({ length: 257 }, (_, i) => `10.0.${i >> 8}.${i & 255}`) }],
    'deny',
    '不得超过 256 项',
    'must have at most 256 items',
  ],
  [
    [TenantConfig, { allow: ['10.0.0.1', '10.1'] }],
    'allow[1]',
    '须为不带前导零的 IP 地址或 CIDR 网段，如 203.0.113.0/24 或 2001:db8::/32',
    'must be an IP address or a CIDR range without leading zeros, such as 203.0.113.0/24 or 2001:db8::/32',
  ],
  [
    route({ hosts: ['example com'] }),
    'hosts[0]',
    '须为主机名，至多 10 级，如 api.example.com 或 *.example.com',
    'must be a host name of at most 10 labels, such as api.example.com or *.example.com',
  ],
  [
    route({ upstream_host: 'a b' }),
    'upstream_host',
    '须为主机名，可带端口，如 backend.example.com:8080',
    'must be a host name, with or without a port, such as backend.example.com:8080',
  ],
  [
    route({ description: 'a\u0000' }),
    'description',
    '不得包含控制字符、不可见的格式字符或换行',
    'must not hold control characters, invisible formatting characters or line ends',
  ],
  [
    upload({ expires_at: 'tomorrow' }),
    'expires_at',
    '须为 RFC 3339 格式的时间，如 2027-01-31T00:00:00Z',
    'must be a time as RFC 3339 has it, such as 2027-01-31T00:00:00Z',
  ],
  [route({ path: '' }), 'path', '不得为空', 'must not be empty'],
  [
    route({ description: 'd'.repeat(257) }),
    'description',
    '不得超过 256 个字符',
    'must have at most 256 characters',
  ],
  [route({ upstream: 7 }), 'upstream', '须为字符串或列表', 'must be a string or a list'],
  [
    route({ upstream: [{ url: 'http://b', weight: 1001 }] }),
    'upstream[0].weight',
    '不得大于 1000',
    'must be at most 1000',
  ],
  [route({ timeout: { connect: 0, send: 1, read: 1 } }), 'connect', '须大于 0', 'must be greater than 0'],
  [[RouteUpdates, {}], 'body', '至少要有 1 个字段', 'must have at least 1 field'],
  [[FleetDefenseConfig, null], 'body', '须为对象', 'must be an object'],
];

describe('what a refused value is to be', () => {
  test.each(ROWS)('%#: %j', ([schema, value], field, zh, en) => {
    expect(refused(schema, value)).toMatchObject({
      code: 'invalid_value',
      zh: `${field} 的值无效：${zh}`,
      en: `The value of ${field} is not valid: ${en}.`,
    });
  });

  test('of a path names what a path is, in both languages', () => {
    const { zh, en } = refused(...route({ path: '/a//b' }));
    expect(zh).toMatch(/^path 的值无效：须为 \/api\/v1 这样的路径.*至多 32 段/);
    expect(en).toMatch(
      /^The value of path is not valid: must be a path such as \/api\/v1 .*at most 32 segments/,
    );
  });

  test('of a pattern nobody has put into words is the pattern, and of a keyword nobody foresaw says little', () => {
    const schema = Type.Object({
      n: Type.Optional(Type.String({ pattern: '^a$' })),
      m: Type.Optional(Type.Number({ multipleOf: 2 })),
    });
    expect(refused(schema, { n: 'b' })).toMatchObject({ zh: 'n 的值无效：须匹配 ^a$' });
    expect(refused(schema, { m: 3 })).toMatchObject({ zh: 'm 的值无效：不符合要求' });
  });

  test('keeps its code and pointer: an identifier has an error of its own, an item its index', () => {
    expect(refused(...route({ id: 'a/b' }))).toMatchObject({ code: 'invalid_identifier', pointer: '/id' });
    expect(refused(...route({ hosts: ['a.example.com', '-'] }))).toMatchObject({ pointer: '/hosts/1' });
  });
});
