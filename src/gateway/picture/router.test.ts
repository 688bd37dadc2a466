import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Router, type Routable } from './router.ts';
import { parseUriPattern } from './uri-pattern.ts';

/** A route with its uris as written, for the rules to be read off. */
type Written = Routable & { readonly uris: readonly string[] };

const route = (
  id: string,
  fields: Partial<Omit<Written, 'methods' | 'patterns'>> & { methods?: string[] },
): Written => {
  const { methods, uris = ['/*'], ...rest } = fields;
  return {
    id,
    uris,
    patterns: uris.map(parseUriPattern),
    hosts: undefined,
    priority: 0,
    ...rest,
    methods: methods ? new Set(methods) : undefined,
  };
};

const ROUTES: readonly Written[] = [
  route('any', {}),
  route('exact', { uris: ['/api/v1'] }),
  route('v1', { uris: ['/api/v1/*'] }),
  route('v1-loud', { uris: ['/api/*'], priority: 100 }),
  route('v1-post', { uris: ['/api/v1/*'], methods: ['POST'], priority: 5 }),
  route('glued', { uris: ['/glued*'] }),
  route('deep', { uris: ['/deep/*/end'] }),
  route('colon', { uris: ['/user/:id'] }),
  route('tie-b', { uris: ['/tie'] }),
  route('tie-a', { uris: ['/tie'] }),
  route('host', { hosts: ['a.foo.com'], uris: ['/h/*'] }),
  route('wild', { hosts: ['*.foo.com'], uris: ['/h/*', '/w/*'] }),
  route('wilder', { hosts: ['*.com'], uris: ['/*'] }),
  route('glob', { hosts: ['*bar.com'], uris: ['/g/*'] }),
  route('host-get', { hosts: ['m.foo.com'], uris: ['/m'], methods: ['GET'], priority: 9 }),
  route('plus', { uris: ['/a+b/*'] }),
  route('relative', { uris: ['nothing'] }),
];

const table = (routes: readonly Routable[]): Router<Routable> => {
  const router = new Router<Routable>();
  for (const each of routes) router.add(each);
  return router;
};

describe('the router', () => {
  it.each([
    ['x.org', '/', 'GET', 'any'],
    ['x.org', '/api/v1', 'GET', 'exact'],
    ['x.org', '/api/v1/', 'GET', 'v1'],
    ['x.org', '/api/v1/x', 'POST', 'v1-post'],
    ['x.org', '/api/v10', 'GET', 'v1-loud'],
    ['x.org', '/api/v1', 'POST', 'exact'],
    ['x.org', '/apifoo', 'GET', 'any'],
    ['x.org', '/gluedfoo', 'GET', 'glued'],
    ['x.org', '/glued', 'GET', 'glued'],
    ['x.org', '/deep/a/b/end', 'GET', 'deep'],
    ['x.org', '/deep/a/b', 'GET', 'any'],
    ['x.org', '/user/7', 'GET', 'any'],
    ['x.org', '/user/:id', 'GET', 'colon'],
    ['x.org', '/tie', 'GET', 'tie-a'],
    ['a.foo.com', '/h/1', 'GET', 'host'],
    ['b.foo.com', '/h/1', 'GET', 'wild'],
    ['a.b.foo.com', '/h/1', 'GET', 'wild'],
    ['a.foo.com', '/w/1', 'GET', 'wild'],
    ['a.foo.com', '/elsewhere', 'GET', 'wilder'],
    ['foo.com', '/h/1', 'GET', 'wilder'],
    ['bar.com', '/g/1', 'GET', 'glob'],
    ['foobar.com', '/g/1', 'GET', 'glob'],
    ['m.foo.com', '/m', 'GET', 'host-get'],
    ['m.foo.com', '/m', 'POST', 'wilder'],
    ['x.org', '/a+b/c', 'GET', 'any'],
  ])('sends %s%s (%s) to %s', (host, uri, method, id) => {
    expect(table(ROUTES).match(host, uri, method)?.id).toBe(id);
  });

  it('finds nothing when nothing fits', () => {
    const router = table([route('one', { hosts: ['a.com'], uris: ['/x'], methods: ['GET'] })]);
    expect(router.match('a.com', '/x', 'POST')).toBeUndefined();
    expect(router.match('a.com', '/x/', 'GET')).toBeUndefined();
    expect(router.match('b.com', '/x', 'GET')).toBeUndefined();
    expect(router.match('x.a.com', '/x', 'GET')).toBeUndefined();
  });

  it('says which uris APISIX loads and never matches', () => {
    for (const uri of ['nothing', '/a+b/*', '/a(b/*', '/$/*', 'a*']) {
      expect(parseUriPattern(uri).kind).toBe('never');
    }
    for (const uri of ['/a+b', '/a.b/*', '/~x@y/*', '*']) expect(parseUriPattern(uri).kind).not.toBe('never');
  });
});

/** APISIX's rules read off one by one, over all routes. */
const naive = (routes: readonly Written[], host: string, uri: string, method: string): string | undefined => {
  const hostRank = (pattern: string): number => {
    if (!pattern.startsWith('*')) return pattern === host ? 1_000 : -1;
    return host.endsWith(pattern.slice(1)) ? pattern.length : -1;
  };
  const uriRank = (pattern: string): number => {
    if (!pattern.includes('*')) return pattern === uri ? 1_000 : -1;
    return uri.startsWith(pattern.slice(0, -1)) ? pattern.length : -1;
  };
  const found = routes
    .filter(({ methods }) => !methods || methods.has(method))
    .flatMap((each) =>
      (each.hosts ?? [undefined]).flatMap((pattern) =>
        each.uris.map((path) => ({
          id: each.id,
          host: pattern === undefined ? 0 : hostRank(pattern),
          uri: uriRank(path),
          priority: each.priority,
        })),
      ),
    )
    .filter((each) => each.host >= 0 && each.uri >= 0);
  found.sort((a, b) => b.host - a.host || b.uri - a.uri || b.priority - a.priority || (a.id < b.id ? -1 : 1));
  return found[0]?.id;
};

describe('the index', () => {
  const hosts = ['a.com', 'b.a.com', '*.a.com', '*.com', '*a.com', '*', 'c.b.a.com'];
  const uris = ['/', '/*', '/a', '/a*', '/a/*', '/a/b', '/a/b/*', '/a/b/c'];
  const routes = fc.array(
    fc.record({
      id: fc.constantFrom(...'abcdefghij'),
      hosts: fc.option(fc.uniqueArray(fc.constantFrom(...hosts), { minLength: 1, maxLength: 3 }), {
        nil: undefined,
      }),
      uris: fc.uniqueArray(fc.constantFrom(...uris), { minLength: 1, maxLength: 3 }),
      priority: fc.integer({ min: -1, max: 1 }),
      methods: fc.option(
        fc.constantFrom('GET', 'POST').map((method) => new Set([method])),
        { nil: undefined },
      ),
    }),
    { maxLength: 20 },
  );
  const requests = fc.tuple(
    fc.constantFrom('a.com', 'b.a.com', 'c.b.a.com', 'xa.com', 'x.org'),
    fc.constantFrom('/', '/a', '/ab', '/a/', '/a/b', '/a/b/c', '/a/b/c/d', '/z'),
    fc.constantFrom('GET', 'POST', 'PUT'),
  );

  it('agrees with the rules read off one by one, after any history of changes', () => {
    fc.assert(
      fc.property(routes, fc.array(requests, { minLength: 5, maxLength: 20 }), (history, asked) => {
        const router = new Router<Routable>();
        const current = new Map<string, Written>();
        for (const drawn of history) {
          const each = { ...drawn, patterns: drawn.uris.map(parseUriPattern) };
          const before = current.get(each.id);
          if (before) router.remove(before);
          // Every third change of a route takes it away.
          if (before && each.priority === 0) current.delete(each.id);
          else {
            current.set(each.id, each);
            router.add(each);
          }
        }
        for (const [host, uri, method] of asked) {
          expect(router.match(host, uri, method)?.id).toBe(naive([...current.values()], host, uri, method));
        }
      }),
      { numRuns: 500 },
    );
  });
});
