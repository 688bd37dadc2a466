import type { RouteRecord } from '../contract/record.ts';
import { defenseOf } from '../domain/route.ts';
import { parseUpstream } from '../domain/upstream.ts';
import { MANAGED_BY, type Projection } from './object.ts';

const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

const isPrefix = (path: string): boolean => path.endsWith('/*');
const baseOf = (path: string): string => (isPrefix(path) ? path.slice(0, -2) : path);

/** APISIX's `/api/*` does not match `/api`, so a prefix lists its base too. */
const urisOf = (path: string): string[] =>
  isPrefix(path) && baseOf(path) !== '' ? [baseOf(path), path] : [path];

/** The rest is any character, line ends included: a decoded `%0A` must not keep the prefix from being stripped. */
const stripOf = (path: string): [pattern: string, replacement: string] =>
  isPrefix(path) ? [`^${escapeRegex(baseOf(path))}/?((?:.|\\s)*)$`, '/$1'] : [`^${escapeRegex(path)}$`, '/'];

const pluginsOf = (record: RouteRecord): Record<string, unknown> => ({
  // Stripping `/*` takes nothing off, so it needs no rewrite.
  ...(record.strip_path && record.path !== '/*'
    ? { 'proxy-rewrite': { regex_uri: stripOf(record.path) } }
    : {}),
  ...(defenseOf(record) ? { cdn_defense: { tenant: record.tenant_id, route: record.id } } : {}),
});

const upstreamOf = (record: RouteRecord): Record<string, unknown> => {
  const targets = parseUpstream(record.upstream, '/route/upstream');
  return {
    type: 'roundrobin',
    scheme: targets[0]?.scheme ?? 'http',
    nodes: targets.map(({ host, port, weight }) => ({
      host: host.includes(':') ? `[${host}]` : host,
      port,
      weight,
    })),
    ...(record.upstream_host === undefined
      ? { pass_host: 'pass' }
      : { pass_host: 'rewrite', upstream_host: record.upstream_host }),
    ...(record.timeout ? { timeout: record.timeout } : {}),
  };
};

/**
 * A route record as APISIX reads it: the route, and its defense parameters in a directory of their own, so
 * that changing a parameter never rebuilds a router.
 */
export const projectRoute = (record: RouteRecord): Projection[] => {
  const plugins = pluginsOf(record);
  const defense = defenseOf(record);
  return [
    {
      directory: 'routes',
      id: record.id,
      body: {
        id: record.id,
        name: record.id,
        ...(record.description ? { desc: record.description } : {}),
        labels: { ...MANAGED_BY, tenant: record.tenant_id },
        uris: urisOf(record.path),
        ...(record.hosts ? { hosts: record.hosts } : {}),
        ...(record.methods ? { methods: record.methods } : {}),
        priority: record.priority ?? 0,
        status: record.enabled === false ? 0 : 1,
        enable_websocket: record.websocket ?? false,
        upstream: upstreamOf(record),
        plugins,
      },
    },
    {
      directory: 'cdn_defense/policies',
      id: record.id,
      body: defense ? { id: record.id, tenant: record.tenant_id, ...defense } : null,
    },
  ];
};
