/**
 * APISIX's `radixtree_host_uri`: which route answers a request. Hosts first (exact, then the longest wildcard,
 * then routes without host), within a host the exact uri, then the longest prefix, and only among routes of the
 * very same uri the priority. A route whose methods do not fit is passed over for the next candidate.
 *
 * The index is changed in place, route by route, and never while a request is being matched: both are
 * synchronous. So a request sees the table of one revision, and a change costs no rebuild.
 */
import type { UriPattern } from './uri-pattern.ts';

/** What the router needs to know of a route. */
export interface Routable {
  readonly patterns: readonly UriPattern[];
  /** Lower case; `undefined` = any host. */
  readonly hosts: readonly string[] | undefined;
  /** `undefined` = any method. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly priority: number;
  /** Decides a tie: the first in byte order, as in an APISIX that has just started and listed its routes. */
  readonly id: string;
}

interface Candidate<R> {
  readonly route: R;
  readonly length: number;
  readonly accepts: ((path: string) => boolean) | undefined;
}

const before = <R extends Routable>(a: Candidate<R>, b: Candidate<R>): number =>
  b.route.priority - a.route.priority || b.length - a.length || (a.route.id < b.route.id ? -1 : 1);

/** Values by string, and by "the longest key that the text starts with". */
class PrefixMap<V> {
  private readonly values = new Map<string, V>();
  /** How many keys have which length, longest first. */
  private lengths: { readonly length: number; count: number }[] = [];

  get size(): number {
    return this.values.size;
  }

  get(key: string): V | undefined {
    return this.values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.values.has(key)) {
      const known = this.lengths.find(({ length }) => length === key.length);
      if (known) known.count += 1;
      else {
        this.lengths.push({ length: key.length, count: 1 });
        this.lengths.sort((a, b) => b.length - a.length);
      }
    }
    this.values.set(key, value);
  }

  delete(key: string): void {
    if (!this.values.delete(key)) return;
    const known = this.lengths.find(({ length }) => length === key.length);
    if (known) known.count -= 1;
    if (known?.count === 0) this.lengths = this.lengths.filter((entry) => entry !== known);
  }

  /** The first answer of `ask` for the keys that `text` starts with, longest key first. */
  longest<T>(text: string, ask: (value: V) => T | undefined): T | undefined {
    for (const { length } of this.lengths) {
      if (length > text.length) continue;
      const value = this.values.get(text.slice(0, length));
      const answer = value === undefined ? undefined : ask(value);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}

/** The routes of one host. */
class UriTable<R extends Routable> {
  private readonly exact = new Map<string, Candidate<R>[]>();
  private readonly prefixes = new PrefixMap<Candidate<R>[]>();

  get empty(): boolean {
    return this.exact.size === 0 && this.prefixes.size === 0;
  }

  add(pattern: UriPattern, route: R): void {
    if (pattern.kind === 'never') return;
    const [map, key] = this.place(pattern);
    const written = pattern.kind === 'exact' ? pattern.path : pattern.written;
    const accepts = pattern.kind === 'exact' ? undefined : pattern.accepts;
    const candidates = map.get(key) ?? [];
    candidates.push({ route, length: written.length, accepts });
    candidates.sort(before);
    map.set(key, candidates);
  }

  remove(pattern: UriPattern, route: R): void {
    if (pattern.kind === 'never') return;
    const [map, key] = this.place(pattern);
    const rest = (map.get(key) ?? []).filter((candidate) => candidate.route !== route);
    if (rest.length > 0) map.set(key, rest);
    else map.delete(key);
  }

  match(uri: string, method: string): R | undefined {
    const suits = ({ route, accepts }: Candidate<R>): boolean =>
      (route.methods === undefined || route.methods.has(method)) && (accepts === undefined || accepts(uri));
    const choose = (candidates: readonly Candidate<R>[]): R | undefined => candidates.find(suits)?.route;
    return choose(this.exact.get(uri) ?? []) ?? this.prefixes.longest(uri, choose);
  }

  private place(pattern: Exclude<UriPattern, { kind: 'never' }>) {
    return pattern.kind === 'exact'
      ? ([this.exact, pattern.path] as const)
      : ([this.prefixes, pattern.prefix] as const);
  }
}

const reversed = (text: string): string => text.split('').reverse().join('');

export class Router<R extends Routable> {
  private readonly hosts = new Map<string, UriTable<R>>();
  /** By what stands behind the `*`, reversed, so that the longest suffix is the longest prefix. */
  private readonly wildcards = new PrefixMap<UriTable<R>>();
  private readonly hostless = new UriTable<R>();

  add(route: R): void {
    this.each(route, (table, pattern) => table.add(pattern, route));
  }

  /** Takes out a route that `add` got; the same object. */
  remove(route: R): void {
    this.each(route, (table, pattern) => table.remove(pattern, route));
    for (const host of route.hosts ?? []) this.sweep(host);
  }

  /**
   * @param host lower case, without port
   * @param uri normalised, as bytes
   */
  match(host: string, uri: string, method: string): R | undefined {
    const ask = (table: UriTable<R>): R | undefined => table.match(uri, method);
    return (
      this.hosts.get(host)?.match(uri, method) ??
      (this.wildcards.size > 0 ? this.wildcards.longest(reversed(host), ask) : undefined) ??
      this.hostless.match(uri, method)
    );
  }

  private each(route: R, change: (table: UriTable<R>, pattern: UriPattern) => void): void {
    const tables = route.hosts ? route.hosts.map((host) => this.tableOf(host)) : [this.hostless];
    for (const pattern of route.patterns) {
      for (const table of tables) change(table, pattern);
    }
  }

  private tableOf(host: string): UriTable<R> {
    const [map, key] = this.place(host);
    const table = map.get(key) ?? new UriTable<R>();
    map.set(key, table);
    return table;
  }

  private sweep(host: string): void {
    const [map, key] = this.place(host);
    if (map.get(key)?.empty) map.delete(key);
  }

  private place(host: string) {
    return host.startsWith('*')
      ? ([this.wildcards, reversed(host.slice(1))] as const)
      : ([this.hosts, host] as const);
  }
}
