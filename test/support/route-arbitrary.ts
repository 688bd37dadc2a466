/** Any route a caller may create. */
import fc from 'fast-check';
import { METHODS, type RouteSpec } from '../../src/contract/route.ts';

const letters = (alphabet: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });

const label = letters('abcxyz0189', 1, 12);
const domain = fc
  .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 4 }))
  .map(([wildcard, labels]) => (wildcard ? '*.' : '') + labels.join('.'));

/** A segment of an exact path; those above a `*` hold no `$ ( ) +`. */
const segmentOf = (alphabet: string) => letters(alphabet, 1, 8).filter((text) => !/^\.{1,2}$/.test(text));
const exactSegment = segmentOf("abcXYZ019._~!$&'()+,;=@-");
const prefixSegment = segmentOf("abcXYZ019._~!&',;=@-");

export const path: fc.Arbitrary<string> = fc.oneof(
  fc.array(exactSegment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
  fc.array(prefixSegment, { maxLength: 5 }).map((segments) => `/${[...segments, '*'].join('/')}`),
);

const host = fc.oneof(
  domain.filter((name) => !name.startsWith('*')).map((name) => `h${name}.example`),
  fc.constantFrom('203.0.113.7', '[2001:db8::7]', 'back_end', 'LOUD.example.com'),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const authority = fc
  .tuple(host, port)
  .map(([name, number]) => (number === undefined ? name : `${name}:${number}`));
const scheme = fc.constantFrom('http', 'https');

const upstream: fc.Arbitrary<RouteSpec['upstream']> = fc.oneof(
  fc.tuple(scheme, authority).map(([one, name]) => `${one}://${name}`),
  fc
    .tuple(
      scheme,
      fc.uniqueArray(fc.tuple(host, fc.integer({ min: 1, max: 1000 })), {
        minLength: 1,
        maxLength: 5,
        selector: ([name]) => name,
      }),
    )
    .map(([one, nodes]) => nodes.map(([name, weight]) => ({ url: `${one}://${name}`, weight }))),
);

const seconds = fc.integer({ min: 1, max: 3600 });

export const routeSpec: fc.Arbitrary<RouteSpec> = fc.record(
  {
    id: letters('abcXYZ019_-', 1, 64),
    path,
    upstream,
    methods: fc.uniqueArray(fc.constantFrom(...METHODS), { minLength: 1 }),
    strip_path: fc.boolean(),
    hosts: fc.uniqueArray(domain, { minLength: 1, maxLength: 10 }),
    priority: fc.integer({ min: -1000, max: 1000 }),
    upstream_host: letters('abc019', 1, 20),
    timeout: fc.record({ connect: seconds, send: seconds, read: seconds }),
    websocket: fc.boolean(),
    enabled: fc.boolean(),
    description: fc.string({ unit: fc.constantFrom('a', ' ', '"', '路', '由', '😀', '\\'), maxLength: 256 }),
  },
  { requiredKeys: ['id', 'path', 'upstream'], noNullPrototype: true },
);
