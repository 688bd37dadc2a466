import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type EtcdCluster, startEtcd } from '../../test/support/etcd.ts';
import { httpCall } from '../../test/support/http-call.ts';
import { Workplace } from '../../test/support/lockstep.ts';
import { until } from '../../test/support/until.ts';
import { type Cost, Load, compareCost } from './load.ts';

const TURNS = 3;
const ROUTE = '/apisix/routes/shop';
const KEY = { id: 'k1', secret: 'a secret of at least thirty-two bytes', state: 'signing' };

const startOrigin = async (): Promise<Server> => {
  const server = createServer((_request, response) => response.end('upstream'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const put = async (etcd: EtcdCluster, key: string, value: object): Promise<number> => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const answer = await etcd.admin('/v3/kv/put', { key: encoded(key), value: encoded(JSON.stringify(value)) });
  return Number((answer as { readonly header: { readonly revision: string } }).header.revision);
};

/**
 * The embedded gateway as built and started by an operator, before an origin: one and the same route, with the plugin in
 * one turn and without it in the next. Needs `npm run build`.
 * @param count requests in each turn
 */
export const gatewayCost = async (count: number): Promise<Cost> => {
  await using etcd = await startEtcd();
  await using place = await Workplace.create();
  const origin = await startOrigin();
  const { process, http, metrics } = await place.gateway('edge-1', etcd.endpoints);
  const load = new Load(http, process.pid);
  const node = { host: '127.0.0.1', port: (origin.address() as AddressInfo).port, weight: 1 };
  const upstream = { type: 'roundrobin', scheme: 'http', pass_host: 'pass', nodes: [node] };
  /** Writes the route and waits until the gateway serves it so. */
  const turn = async (plugins: object): Promise<number> => {
    const revision = await put(etcd, ROUTE, { id: 'shop', uris: ['/*'], upstream, plugins });
    await until('the gateway has the route', async () => {
      const { text } = await httpCall(new URL(metrics).origin, 'GET', '/metrics');
      return Number(/^lockstep_gateway_applied_revision\{[^}]*\} (\d+)$/m.exec(text)?.[1]) >= revision;
    });
    return load.measure('/shop?page=2', count);
  };
  const defended = { cdn_defense: { tenant: 't1', route: 'shop' } };
  try {
    await put(etcd, '/apisix/cdn_defense/keyring/k1', KEY);
    await put(etcd, '/apisix/cdn_defense/tenants/t1', { id: 't1', rate_limit: 1_000_000_000 });
    await put(etcd, '/apisix/cdn_defense/policies/shop', { id: 'shop', tenant: 't1' });
    // The engine's code is compiled as it is used.
    await turn(defended);
    await turn({});
    return await compareCost(
      TURNS,
      () => turn({}),
      () => turn(defended),
    );
  } finally {
    load.close();
    origin.close();
    origin.closeAllConnections();
  }
};
