import { Balancer } from '../upstream/balancer.ts';
import { type Reading, readObject } from '../stored/reading.ts';
import { type Rewrite, readRewrite } from './rewrite.ts';
import { FOREIGN_ROUTE, type RouteObject, validateRoute } from '../stored/route-schema.ts';
import type { Routable } from './router.ts';
import { type UriPattern, parseUriPattern } from './uri-pattern.ts';
import { type Upstream, readUpstream } from '../upstream/upstream.ts';

/** Where requests of a route go and what is done to them on the way. */
export interface Forwarding {
  readonly upstream: Upstream;
  readonly balancer: Balancer;
  readonly rewrite: Rewrite | undefined;
  /** The `cdn_defense` plugin, which only names what to look up. */
  readonly defense: { readonly tenant: string; readonly route: string } | undefined;
}

/** A route as it is served. Never changed once it is loaded. */
export interface Route extends Routable {
  /** `status: 0` routes are loaded and never matched. */
  readonly enabled: boolean;
  readonly websocket: boolean;
  /** A text instead: why whatever the route matches is answered with 503. */
  readonly forwarding: Forwarding | string;
}

/** What of a route its plugins say; the first reason to refuse wins. */
interface Plugins {
  rewrite?: Rewrite;
  defense?: { tenant: string; route: string };
  refusal?: string | undefined;
}

/** As in the plugin's schema in APISIX. */
const DEFENSE_NAME = /^[a-zA-Z0-9-_.]{1,64}$/;

const isDefenseName = (value: unknown): value is string =>
  typeof value === 'string' && DEFENSE_NAME.test(value);

const readDefense = (conf: Readonly<Record<string, unknown>>): Plugins['defense'] => {
  const { tenant, route, ...others } = conf;
  if (!isDefenseName(tenant) || !isDefenseName(route) || Object.keys(others).length > 0) return undefined;
  return { tenant, route };
};

/** @returns a text, the reason, when APISIX would reject the route for its plugins */
const readPlugins = (plugins: NonNullable<RouteObject['plugins']>): Plugins | string => {
  const read: Plugins = {};
  for (const [name, value] of Object.entries(plugins)) {
    const conf = value as Readonly<Record<string, unknown>>;
    if ('_meta' in conf) {
      // It can switch a plugin off or make it conditional.
      read.refusal ??= `plugin ${name.slice(0, 64)}: _meta is not served by the embedded gateway`;
    } else if (name === 'proxy-rewrite') {
      const rewrite = readRewrite(conf);
      if (rewrite.kind === 'rejected') return rewrite.reason;
      if (rewrite.kind === 'loaded') {
        read.rewrite = rewrite.value;
        read.refusal ??= rewrite.refusal;
      }
    } else if (name === 'cdn_defense') {
      const defense = readDefense(conf);
      if (!defense) return 'plugin cdn_defense holds tenant and route, nothing else';
      read.defense = defense;
    } else {
      // APISIX skips a plugin it does not know and serves the route unprotected.
      read.refusal ??= `plugin ${JSON.stringify(name.slice(0, 64))} is not known to the embedded gateway`;
    }
  }
  return read;
};

/** Rules between fields. @returns the reason, when APISIX would reject the route */
const contradiction = (route: RouteObject): string | undefined => {
  if ((route.uri === undefined) === (route.uris === undefined)) return 'it has either uri or uris';
  if (route.host !== undefined && route.hosts !== undefined) return 'it has either host or hosts';
  const { plugins, upstream, upstream_id, service_id, script } = route;
  if ([plugins, upstream, upstream_id, service_id, script].every((part) => part === undefined)) {
    return 'it has neither plugins nor an upstream';
  }
  const { nodes, service_name, discovery_type } = upstream ?? {};
  const discovered = service_name !== undefined && discovery_type !== undefined;
  if (upstream && (nodes !== undefined) === discovered) return 'its upstream has either nodes or a discovery';
  return undefined;
};

const forwardingOf = (route: RouteObject, plugins: Plugins): Forwarding | string => {
  const foreign = FOREIGN_ROUTE.find((field) => route[field] !== undefined);
  if (foreign) return `${foreign} is not served by the embedded gateway`;
  if (plugins.refusal !== undefined) return plugins.refusal;
  const upstream = readUpstream(route.upstream, route.timeout);
  if (typeof upstream === 'string') return upstream;
  const { rewrite, defense } = plugins;
  return { upstream, balancer: new Balancer(upstream.nodes), rewrite, defense };
};

const neverMatched = (patterns: readonly UriPattern[]): string | undefined => {
  for (const pattern of patterns) {
    if (pattern.kind !== 'never') continue;
    return `uri ${JSON.stringify(pattern.written.slice(0, 120))} is never matched: ${pattern.reason}`;
  }
  return undefined;
};

/** Reads a route object. */
export const readRoute = (id: string, text: string): Reading<Route> =>
  readObject<RouteObject, Route>(text, validateRoute, (object) => {
    const wrong = contradiction(object);
    if (wrong !== undefined) return { kind: 'rejected', reason: wrong };
    const plugins = readPlugins(object.plugins ?? {});
    if (typeof plugins === 'string') return { kind: 'rejected', reason: plugins };
    const forwarding = forwardingOf(object, plugins);
    const uris = object.uris ?? (object.uri === undefined ? [] : [object.uri]);
    const patterns = uris.map(parseUriPattern);
    const hosts = object.hosts ?? (object.host === undefined ? undefined : [object.host]);
    const value: Route = {
      id,
      patterns,
      hosts: hosts?.map((host) => host.toLowerCase()),
      methods: object.methods && object.methods.length > 0 ? new Set(object.methods) : undefined,
      priority: object.priority ?? 0,
      enabled: object.status !== 0,
      websocket: object.enable_websocket ?? false,
      forwarding,
    };
    const refusal = typeof forwarding === 'string' ? forwarding : undefined;
    return { kind: 'loaded', value, refusal, note: neverMatched(patterns) };
  });
