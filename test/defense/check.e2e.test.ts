/** The plugin in APISIX and the embedded gateway reject the very same objects under `cdn_defense/`. Needs luajit. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DEFENSE_KINDS, type DefenseKind, type DefenseObject } from '../../src/gateway/defense/defense.ts';
import { checkDefenseObject } from '../../src/gateway/defense/defense-check.ts';
import type { Json } from '../../src/shared/json.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Of each field: what is good, what is not. */
type Values = Readonly<Record<string, readonly [good: readonly Json[], bad: readonly Json[]]>>;

const BOOLEANS: Values[string] = [
  [true, false],
  ['true', 0, null, {}],
];
const CIDRS: Values[string] = [
  [
    [],
    ['203.0.113.7'],
    [
      '203.0.113.0/24',
      '2001:db8::/32',
      '::',
      '0.0.0.0/0',
      '::ffff:10.0.0.0/104',
      '::FFFF:a00:0/96',
      '::1.2.3.4/95',
    ],
    Array.from({ length: 256 }, (_, n) => `10.0.0.${n}`),
  ],
  [
    null,
    '203.0.113.0/24',
    5,
    { '0': '203.0.113.7' },
    { network: '203.0.113.7' },
    [7],
    [null],
    [['203.0.113.7']],
    ['203.0.113.7', null],
    ['203.0.113.0/33', '203.0.113.0'],
    ...['203.0.113.0/024', '203.0.113.0/', '/24', '', '203.0.113', '0313.0.113.7', '203.0.113.7 ', 'a.b.c.d'],
    ...['::/129', '::/064', 'fe80::1%eth0', '1::2::3', '12345::', '::ffff:10.0.0.0/95'],
    ['203.0.113.7', '203.0.113.7'],
    Array.from({ length: 257 }, (_, n) => `10.0.${Math.floor(n / 256)}.${n % 256}`),
  ].map((each) => (typeof each === 'string' && each !== '203.0.113.0/24' ? [each] : each)),
];
const SHARED: Values = {
  threat_threshold: [
    [0, 100, 70],
    [-1, 101, 1.5, '70', true, null, [], {}],
  ],
  rate_limit: [
    [1, 1_000_000_000, { count: 1, window_s: 1 }, { count: 5, window_s: 86_400, scope: 'fleet' }],
    [
      ...[0, 1_000_000_001, 1.5, '5', false, null, [], [5], {}, { count: 5 }, { window_s: 5 }],
      ...[
        { count: '5', window_s: 5 },
        { count: 5, window_s: 0 },
        { count: 5, window_s: 86_401 },
      ],
      ...[
        { count: 5, window_s: 5, scope: 'all' },
        { count: 5, window_s: 5, scope: null },
      ],
      { count: 5, window_s: 5, burst: 1 },
    ],
  ],
  js_challenge: BOOLEANS,
  challenge_type: [['js'], ['captcha', '', true, null]],
  js_fingerprint: BOOLEANS,
  mode: [
    ['enforce', 'observe'],
    ['off', '', false, null],
  ],
  allow: CIDRS,
  deny: CIDRS,
  challenge_all: BOOLEANS,
};
const BAD_NAMES: readonly Json[] = [null, 5, '', 'a b', 'a/b', 'a\n', 'é', 'x'.repeat(65)];
const KEY = { id: 'an-id', secret: 's'.repeat(32), state: 'signing' };

const KINDS: Readonly<Record<DefenseKind, readonly [base: DefenseObject, fields: Values]>> = {
  tenants: [{ id: 'an-id' }, { ...SHARED, enabled_defense: BOOLEANS, id: [[], [...BAD_NAMES, 'another']] }],
  policies: [
    { id: 'an-id' },
    {
      ...SHARED,
      enabled: BOOLEANS,
      id: [[], [...BAD_NAMES, 'another']],
      tenant: [['acme', 'a.b-c_D9', 'x'.repeat(64)], BAD_NAMES],
    },
  ],
  keyring: [
    KEY,
    {
      id: [[], [...BAD_NAMES, 'a.b', 'x'.repeat(33)]],
      secret: [
        ['x'.repeat(256), `${'~!'.repeat(16)}`],
        [
          null,
          5,
          'x'.repeat(31),
          'x'.repeat(257),
          `${'x'.repeat(40)} `,
          `${'x'.repeat(40)}\n`,
          'é'.repeat(40),
        ],
      ],
      state: [
        ['verify', 'retired'],
        ['verify-first', '', null, true],
      ],
    },
  ],
};

interface Case {
  readonly kind: DefenseKind;
  readonly object: DefenseObject;
  readonly is_good: boolean;
}

const casesOf = (kind: DefenseKind): Case[] => {
  const [base, fields] = KINDS[kind];
  const without = (name: string) =>
    Object.fromEntries(Object.entries(base).filter(([each]) => each !== name));
  return [
    { kind, object: { ...base, update_time: 5, of_a_newer_version: { a: [1] } }, is_good: true },
    ...Object.keys(base).map((name) => ({ kind, object: without(name), is_good: false })),
    ...Object.entries(fields).flatMap(([name, [good, bad]]) => [
      ...good.map((value) => ({ kind, object: { ...base, [name]: value }, is_good: true })),
      ...bad.map((value) => ({ kind, object: { ...base, [name]: value }, is_good: false })),
    ]),
  ];
};

const CASES = DEFENSE_KINDS.flatMap(casesOf);

/** Lua's way to write what cjson would have read. */
const luaOf = (value: Json): string => {
  if (value === null) return 'null';
  if (typeof value === 'string')
    return `"${[...Buffer.from(value)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
  if (Array.isArray(value)) return `{${value.map(luaOf).join(',')}}`;
  if (typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `[${luaOf(name)}]=${luaOf(each)}`)
    .join(',')}}`;
};

const program = (cases: readonly Case[]): string =>
  [
    `package.path = "${root}/?.lua;" .. package.path`,
    'local check = require("apisix.plugins.cdn_defense.check")',
    'local null = newproxy()',
    'local function try(kind, object)',
    '  local ok, reason = check.of("/cdn_defense/" .. kind)(object, "/apisix/cdn_defense/" .. kind .. "/an-id")',
    '  print(ok and "good" or reason)',
    'end',
    ...cases.map(({ kind, object }) => `try("${kind}", ${luaOf(object)})`),
  ].join('\n');

it.each(DEFENSE_KINDS)('both take and reject the same objects of %s', (kind) => {
  const cases = CASES.filter((each) => each.kind === kind);
  const said = execFileSync('luajit', ['-'], { input: program(cases) })
    .toString()
    .trimEnd()
    .split('\n');
  const apisix = cases.map(({ object }, n) => ({ object, is_good: said[n] === 'good' }));
  const embedded = cases.map(({ object }) => ({
    object,
    is_good: checkDefenseObject(kind, 'an-id', object) === undefined,
  }));
  expect(embedded).toEqual(cases.map(({ object, is_good }) => ({ object, is_good })));
  expect(apisix).toEqual(embedded);
});

it('no reason quotes a value', () => {
  const said = execFileSync('luajit', ['-'], { input: program(CASES) }).toString();
  const reasons = new Set(
    said
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/"\w+"/, '"…"')),
  );
  expect(reasons).toEqual(
    new Set([
      'good',
      'property "…" is required',
      'property "…" is not valid',
      'its id is not that of its key',
    ]),
  );
});
