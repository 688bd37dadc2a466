/** A fleet of real processes: three nodes on a three-member etcd, gateways that report to them, and an origin. */
import type { FleetAnswer, FleetGateway, FleetNode } from '../../src/contract/fleet-answer.ts';
import { type DemoOrigin, startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type CallOptions, type Reply, httpCall } from '../support/http-call.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';

export const TENANT = 'acme';
/** Behind a proxy that gateways believe, so that tests can be anybody. */
export const CLIENT = '203.0.113.7';

export interface RealNode {
  readonly id: string;
  readonly process: LockstepProcess;
  readonly url: string;
}

export interface RealGateway {
  readonly id: string;
  readonly process: LockstepProcess;
  readonly http: string;
  readonly https: string;
}

export class RealFleet {
  readonly etcd: EtcdCluster;
  readonly store: ConfigStore;
  readonly origin: DemoOrigin;
  readonly nodes: RealNode[];
  readonly gateways: RealGateway[] = [];
  private readonly place: Workplace;

  private constructor(parts: Pick<RealFleet, 'etcd' | 'store' | 'origin' | 'nodes'>, place: Workplace) {
    this.etcd = parts.etcd;
    this.store = parts.store;
    this.origin = parts.origin;
    this.nodes = parts.nodes;
    this.place = place;
  }

  /** Three nodes, and no gateway yet. */
  static async start(): Promise<RealFleet> {
    const etcd = await startEtcd({ members: 3 });
    const place = await Workplace.create();
    const nodes = await Promise.all(
      ['node-1', 'node-2', 'node-3'].map(async (id) => ({ id, ...(await place.serve(id, etcd.endpoints)) })),
    );
    const store = openEtcdStore({ endpoints: etcd.endpoints });
    const origin = await startDemoOrigin({ host: '127.0.0.1', port: 0 });
    return new RealFleet({ etcd, store, origin, nodes }, place);
  }

  /** Starts a gateway that tries the nodes in this order, and waits until every node shows it in step. */
  async addGateway(id: string, order: readonly number[]): Promise<RealGateway> {
    const control = order.map((n) => this.nodes[n]?.url).join(',');
    const { process, http, https } = await this.place.gateway(id, this.etcd.endpoints, [
      '--control',
      control,
    ]);
    const gateway = { id, process, http, https };
    this.gateways.push(gateway);
    await until(`every node shows ${id} in step`, async () => {
      const states = await Promise.all(this.nodes.map(async (_, n) => (await this.gateway(id, n))?.state));
      return states.every((state) => state === 'synced');
    });
    return gateway;
  }

  call(n: number, method: string, path: string, options: CallOptions = {}): Promise<Reply> {
    return httpCall(this.nodes[n]?.url ?? '', method, path, { tenant: TENANT, ...options });
  }

  /** What node `n` shows. */
  async shown(n = 0): Promise<FleetAnswer> {
    return (await this.call(n, 'GET', '/fleet')).body as unknown as FleetAnswer;
  }

  async gateway(id: string, n = 0): Promise<FleetGateway | undefined> {
    return (await this.shown(n)).gateways.find(({ gateway_id }) => gateway_id === id);
  }

  async node(id: string, n = 0): Promise<FleetNode | undefined> {
    return (await this.shown(n)).nodes.find(({ node_id }) => node_id === id);
  }

  /** A request of a client at CLIENT, to a gateway. */
  async probe(gateway: RealGateway, path: string): Promise<{ status: number; text: string }> {
    const reply = await httpCall(gateway.http, 'GET', path, {
      headers: {
        host: 'shop.example.com',
        'x-real-ip': CLIENT,
        'user-agent': 'Mozilla/5.0',
        accept: 'text/html',
      },
    });
    return { status: reply.status, text: reply.text };
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.place[Symbol.asyncDispose]();
    await this.origin.dispose();
    await this.etcd.stop();
  }
}

/** A route of the shop to the fleet's origin. */
export const routeOf = (fleet: RealFleet, id: string): Record<string, unknown> => ({
  id,
  path: `/${id}/*`,
  hosts: ['shop.example.com'],
  upstream: fleet.origin.url,
});

export const percentile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
};

/** Such as `p50 1.2 ms, p99 5.0 ms, max 7.1 ms`. */
export const spread = (values: readonly number[]): string => {
  const at = (q: number) => `${percentile(values, q).toFixed(1)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} of ${values.length}`;
};
