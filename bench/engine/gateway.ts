import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startNginxGateway } from '../../test/engine/nginx-gateway.ts';
import { unpackedNginx } from '../../test/engine/nginx.ts';
import { type EtcdCluster, startEtcd } from '../../test/support/etcd.ts';
import { httpCall } from '../../test/support/http-call.ts';
import { Workplace } from '../../test/support/lockstep.ts';
import { until } from '../../test/support/until.ts';
import { type Cost, Load, compareCost } from './load.ts';

const TURNS = 3;
const ROUTE = '/apisix/routes/shop';
const TARGET = '/shop?page=2';
const KEY = { id: 'k1', secret: 'a secret of at least thirty-two bytes', state: 'signing' };

/** `nginx` is the Apache APISIX of `APISIX_HOME` where that is set, and nginx behind a harness otherwise. */
export type Kind = 'embedded' | 'nginx';

interface Started {
  readonly url: string;
  /** Of the process that serves. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const startGateway = async (kind: Kind, etcd: readonly string[]): Promise<Started> => {
  if (kind === 'nginx') {
    const nginxRoot = unpackedNginx() ?? '';
    const gateway = await startNginxGateway({ nginxRoot, id: 'edge-1', etcd, controlUrls: [], workers: 1 });
    return { url: gateway.url, pid: gateway.workers()[0] ?? 0, stop: () => gateway.dispose() };
  }
  const place = await Workplace.create();
  const { process, http } = await place.gateway('edge-1', etcd);
  return { url: http, pid: process.pid, stop: () => place[Symbol.asyncDispose]() };
};

const startOrigin = async (): Promise<Server> => {
  const server = createServer((_request, response) => response.end('upstream'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const put = async (etcd: EtcdCluster, key: string, value: object): Promise<void> => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  await etcd.admin('/v3/kv/put', { key: encoded(key), value: encoded(JSON.stringify(value)) });
};

/**
 * A gateway as an operator starts it, before an origin: one and the same route, with the plugin in one turn and without
 * it in the next. The embedded one needs `npm run build`.
 * @param count requests in each turn
 */
export const gatewayCost = async (kind: Kind, count: number): Promise<Cost> => {
  await using etcd = await startEtcd();
  // What an APISIX expects to find when it starts.
  await put(etcd, '/apisix/routes/', {});
  const origin = await startOrigin();
  const gateway = await startGateway(kind, etcd.endpoints);
  const load = new Load(gateway.url, gateway.pid);
  const node = { host: '127.0.0.1', port: (origin.address() as AddressInfo).port, weight: 1 };
  const upstream = { type: 'roundrobin', scheme: 'http', pass_host: 'pass', nodes: [node] };
  /** Writes the route and waits until the gateway serves it so. */
  const turn = async (defended: boolean): Promise<number> => {
    const plugins = defended ? { cdn_defense: { tenant: 't1', route: 'shop' } } : {};
    await put(etcd, ROUTE, { id: 'shop', uris: ['/*'], upstream, plugins });
    await until(`the route is ${defended ? '' : 'not '}defended`, async () => {
      const { status, headers } = await httpCall(gateway.url, 'GET', TARGET);
      return status === 200 && 'ratelimit-policy' in headers === defended;
    });
    return load.measure(TARGET, count);
  };
  try {
    await put(etcd, '/apisix/cdn_defense/keyring/k1', KEY);
    await put(etcd, '/apisix/cdn_defense/tenants/t1', { id: 't1', rate_limit: 1_000_000_000 });
    await put(etcd, '/apisix/cdn_defense/policies/shop', { id: 'shop', tenant: 't1' });
    // The engine's code is compiled as it is used.
    await turn(true);
    await turn(false);
    return await compareCost(
      TURNS,
      () => turn(false),
      () => turn(true),
    );
  } finally {
    load.close();
    await gateway.stop();
    origin.close();
    origin.closeAllConnections();
  }
};
