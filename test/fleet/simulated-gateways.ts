/** Many gateways in one process that prove at once, and truthfully, whatever they are asked. */
import type { Heartbeat, HeartbeatAnswer, Proved, ReceiptsAnswer } from '../../src/contract/fleet.ts';
import { HOLD_MS_MAX } from '../../src/contract/fleet.ts';
import { KeepAliveConnection } from '../support/keep-alive.ts';
import { truthOf } from './protocol-gateway.ts';

const WORKERS = [
  { id: 0, pid: 100 },
  { id: 1, pid: 101 },
];

class SimulatedGateway {
  private readonly about: Omit<Heartbeat, 'proved'>;
  private readonly connection: KeepAliveConnection;
  private proved: Proved | null = null;
  private stopped = false;

  constructor(id: string, connection: KeepAliveConnection) {
    this.connection = connection;
    this.about = {
      gateway_id: id,
      instance: `instance-${id}`,
      kind: 'apisix',
      version: '3.18.0',
      plugin: { loaded: true, version: '0.1' },
      workers: WORKERS,
      hold_ms: HOLD_MS_MAX,
    };
  }

  /** @param joined called when it has proved everything there is for the first time */
  async run(joined: () => void): Promise<void> {
    while (!this.stopped) {
      const { proved, prove } = await this.post<HeartbeatAnswer>('/fleet/heartbeat', {
        ...this.about,
        proved: this.proved,
      });
      this.proved = proved;
      if (prove.length > 0) {
        const { gateway_id, instance } = this.about;
        const receipts = prove.map((item) => ({
          ...item,
          workers: WORKERS.map((worker) => ({ ...worker, ...truthOf(item) })),
        }));
        const answer = await this.post<ReceiptsAnswer>('/fleet/receipts', { gateway_id, instance, receipts });
        this.proved = answer.proved;
      }
      if (this.proved) joined();
    }
    await this.post('/fleet/heartbeat', { ...this.about, proved: this.proved, leaving: true });
    this.connection.close();
  }

  /** It leaves once the heartbeat that it waits for is answered. */
  stop(): void {
    this.stopped = true;
  }

  private async post<T>(path: string, body: object): Promise<T> {
    const { status, text } = await this.connection.post(path, body);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }
}

/** Gateways, spread evenly over nodes, each on one connection that it keeps. */
export class SimulatedGateways {
  private readonly gateways: SimulatedGateway[] = [];
  private readonly running: Promise<void>[] = [];

  get size(): number {
    return this.gateways.length;
  }

  /** Adds gateways until there are `count`. @returns once each has proved what there is */
  async grow(count: number, urls: readonly string[]): Promise<void> {
    const joined: Promise<void>[] = [];
    while (this.gateways.length < count) {
      const n = this.gateways.length;
      const connection = await KeepAliveConnection.open(urls[n % urls.length] ?? '');
      const gateway = new SimulatedGateway(`edge-${n}`, connection);
      this.gateways.push(gateway);
      let running: Promise<void> = Promise.resolve();
      const first = new Promise<void>((resolve) => {
        running = gateway.run(resolve);
      });
      this.running.push(running);
      joined.push(Promise.race([first, running]));
    }
    await Promise.all(joined);
  }

  /** All leave in good order. @throws what went wrong with any of them since it was started */
  async stop(): Promise<void> {
    for (const gateway of this.gateways) gateway.stop();
    await Promise.all(this.running);
  }
}
