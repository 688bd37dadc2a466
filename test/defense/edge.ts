/** A fleet that defends, in one process: nodes, gateways, an origin and the embedded store in memory. */
import { type RunningGateway, startGateway } from '../../src/compose/gateway.ts';
import { type Log, silentLog } from '../../src/shared/log.ts';
import { type Answer, type Ask, type Cleanup, ask, echo, startUpstream } from '../gateway/fixture.ts';
import { BROWSER } from '../support/browser-like.ts';
import { type Fleet, type FleetOptions, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';
import { challengeIn, solution, solve } from './solver.ts';

export const TENANT = 'tenant-001';
export const ROUTE = 'shop';

export interface Edge {
  readonly fleet: Fleet;
  readonly gateways: readonly RunningGateway[];
  readonly originPort: number;
  /** The gateways' wall time, ms; `undefined` lets it run. */
  readonly time: { frozen_ms: number | undefined };
  /** As a browser that opens a page on a gateway, unless told otherwise. */
  get(gateway: number, path?: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  send(gateway: number, ask: Ask): Promise<Answer>;
  /** Sets the tenant's parameters on node 3 and waits until every node has them. */
  configure(config: object, tenant?: string): Promise<Reply>;
  /** Puts the defense on a route with parameters of its own, on node 3. */
  apply(defense: object, route?: string, tenant?: string): Promise<Reply>;
  /** Makes a route on node 1. */
  route(route: object, tenant?: string): Promise<Reply>;
  /** Resolves once every gateway has everything that was written. */
  settled(): Promise<void>;
}

const portOf = (gateway: RunningGateway | undefined): number => Number(new URL(gateway?.urls[0] ?? '').port);

const checked = async (reply: Promise<Reply>): Promise<Reply> => {
  const settled = await reply;
  if (settled.status >= 300) throw new Error(`${settled.status}: ${settled.text}`);
  return settled;
};

/** Three nodes, two gateways, and one defended route, `/shop/*`. */
export const startEdge = async (
  stack: Cleanup,
  options: FleetOptions & { readonly gatewayLog?: Log } = {},
): Promise<Edge> => {
  const { gatewayLog = silentLog, ...fleetOptions } = options;
  const originPort = await startUpstream(stack, echo);
  const upstreams = { privateRanges: 'open', reserved: [] } as const;
  const fleet = await startFleet({ nodes: 3, upstreams, ...fleetOptions });
  stack.push(() => fleet.dispose());
  const gateways: RunningGateway[] = [];
  const time: { frozen_ms: number | undefined } = { frozen_ms: undefined };
  const clock = { now: () => time.frozen_ms ?? Date.now(), monotonic: () => performance.now() };
  for (const gatewayId of ['gateway-1', 'gateway-2']) {
    const gateway = await startGateway({
      gatewayId,
      http: { host: '127.0.0.1', port: 0 },
      store: fleet.store,
      keys: fleet.keys,
      log: gatewayLog,
      clock,
    });
    stack.push(() => gateway.dispose());
    gateways.push(gateway);
  }
  const node3 = (path: string, tenant: string, body: object) =>
    checked(fleet.callNode(2, 'POST', `${path}?wait=nodes`, { tenant, body }));
  const edge: Edge = {
    fleet,
    gateways,
    originPort,
    time,
    send: (n, request) => ask(portOf(gateways[n]), request),
    get: (n, path = '/shop/x', headers = {}) =>
      ask(portOf(gateways[n]), { path, headers: { ...BROWSER, ...headers } }),
    configure: (config, tenant = TENANT) => node3('/global-config/tenant', tenant, { config }),
    apply: (defense_config, route_id = ROUTE, tenant = TENANT) =>
      node3('/defense-plugin/apply', tenant, { route_id, defense_config }),
    route: (route, tenant = TENANT) =>
      checked(
        fleet.call('POST', '/global-routes?wait=nodes', {
          tenant,
          body: { route: { upstream: `http://127.0.0.1:${originPort}`, ...route } },
        }),
      ),
    settled: async () => {
      const newest = await fleet.revision();
      await until('the gateways have everything', async () => {
        const { kvs } = await fleet.store.range({ prefix: fleet.keys.projection }, { keysOnly: true });
        const last = Math.max(...kvs.map((kv) => kv.modRevision));
        return gateways.every(({ gateway }) => (gateway.applied?.revision ?? 0) >= Math.min(last, newest));
      });
    },
  };
  await edge.route({ id: ROUTE, path: '/shop/*' });
  await edge.apply({});
  await edge.settled();
  return edge;
};

/** Solves the challenge of a page as a browser would. @returns the clearance, as a Cookie header */
export const clear = async (
  edge: Edge,
  gateway: number,
  path = '/shop/x',
  headers: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const page = await edge.get(gateway, path, headers);
  const challenge = challengeIn(page.body);
  if (challenge.token === '') throw new Error(`no challenge: ${page.status} ${page.body.slice(0, 200)}`);
  const posted = solution(challenge.token, solve(challenge));
  const answer = await edge.get(gateway, path, { ...headers, 'x-lockstep-solution': posted });
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  if (cookie === '') throw new Error(`not cleared: ${answer.status} ${answer.body}`);
  return cookie.slice(0, cookie.indexOf(';'));
};
