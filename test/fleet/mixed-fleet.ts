/** A fleet of real processes with two embedded gateways and one of nginx, all probed alike. */
import type { ChangeWithReceipts } from '../../src/contract/changes.ts';
import type { FleetProgress } from '../../src/contract/fleet-answer.ts';
import { type DemoOrigin, startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import { type NginxGateway, startNginxGateway } from '../engine/nginx-gateway.ts';
import type { Reply } from '../support/http-call.ts';
import { type Answer, type Sent, probe } from '../support/probe.ts';
import { until } from '../support/until.ts';
import { type RealGateway, RealFleet } from './real-fleet.ts';

/** A gateway as its clients know it, whatever it is made of. */
export interface ProbedGateway {
  readonly id: string;
  /** One answer of each of its workers. */
  readonly ask: (target: string, sent: Sent) => Promise<readonly Answer[]>;
  /** SIGSTOP to all of it. */
  readonly freeze: () => void;
  /** SIGCONT to all that was frozen. */
  readonly thaw: () => void;
}

const embedded = ({ id, process, ...listeners }: RealGateway): ProbedGateway => ({
  id,
  ask: async (target, sent) => [await probe(listeners, target, sent)],
  freeze: () => process.freeze(),
  thaw: () => process.thaw(),
});

const nginx = (gateway: NginxGateway): ProbedGateway => {
  const frozen: number[] = [];
  return {
    id: gateway.id,
    ask: (target, sent) => gateway.everyWorker(target, sent),
    freeze: () => {
      frozen.push(...gateway.processes());
      for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    },
    thaw: () => {
      for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
    },
  };
};

export class MixedFleet {
  readonly real: RealFleet;
  readonly gateways: readonly ProbedGateway[];
  /** They call themselves A and B. */
  readonly origins: readonly [DemoOrigin, DemoOrigin];
  private readonly nginx: NginxGateway;

  private constructor(parts: Pick<MixedFleet, 'real' | 'gateways' | 'origins'>, gateway: NginxGateway) {
    this.real = parts.real;
    this.gateways = parts.gateways;
    this.origins = parts.origins;
    this.nginx = gateway;
  }

  /** @param nginxRoot where Debian's nginx was unpacked */
  static async start(nginxRoot: string): Promise<MixedFleet> {
    const real = await RealFleet.start();
    const controlUrls = [2, 0, 1].map((n) => real.nodes[n]?.url ?? '');
    const gateways = [
      embedded(await real.addGateway('edge-1', [0, 1, 2])),
      embedded(await real.addGateway('edge-2', [1, 2, 0])),
    ];
    const third = await startNginxGateway({
      nginxRoot,
      id: 'edge-3',
      etcd: real.etcd.endpoints,
      controlUrls,
    });
    const origin = (name: string) => startDemoOrigin({ host: '127.0.0.1', port: 0, name });
    const origins = [await origin('A'), await origin('B')] as const;
    const fleet = new MixedFleet({ real, gateways: [...gateways, nginx(third)], origins }, third);
    await until('every node shows edge-3 in step', async () =>
      (await fleet.states('edge-3')).every((state) => state === 'synced'),
    );
    return fleet;
  }

  /** A change made at a node, which answers once all have it or it is time. */
  make(n: number, method: string, path: string, body?: object, timeout_ms = 10_000): Promise<Reply> {
    const target = `${path}?wait=fleet&timeout_ms=${timeout_ms}`;
    return this.real.call(n % this.real.nodes.length, method, target, { body });
  }

  /** What each node says of a gateway. */
  states(id: string): Promise<(string | undefined)[]> {
    return Promise.all(this.real.nodes.map(async (_, n) => (await this.real.gateway(id, n))?.state));
  }

  /** A change as each node shows it. */
  shown(revision: number): Promise<ChangeWithReceipts[]> {
    return Promise.all(
      this.real.nodes.map(
        async (_, n) =>
          (await this.real.call(n, 'GET', `/changes/${revision}`)).body as unknown as ChangeWithReceipts,
      ),
    );
  }

  async stop(): Promise<void> {
    for (const gateway of this.gateways) gateway.thaw();
    await this.nginx.dispose();
    await Promise.all(this.origins.map((origin) => origin.dispose()));
    await this.real.stop();
  }
}

/** The gateways that an answer to a change names as not having it. */
export const pendingIn = ({ body }: Reply): readonly string[] =>
  (body['fleet'] as FleetProgress).gateways.pending.map(({ gateway_id }) => gateway_id);
