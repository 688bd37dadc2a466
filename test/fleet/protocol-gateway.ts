/** A gateway that speaks the fleet's protocol as a test wants it to: truthfully, slowly, or lying. */
import { randomUUID } from 'node:crypto';
import type {
  GatewayReceipt,
  Heartbeat,
  HeartbeatAnswer,
  ProveItem,
  Proved,
  ReceiptsAnswer,
  Worker,
} from '../../src/contract/fleet.ts';
import { type CallOptions, type Reply, httpCall } from '../support/http-call.ts';

/** What a worker says of one object. */
export interface Facts {
  readonly loaded: number;
  readonly seen: number;
}

export interface ProtocolGatewayOptions {
  readonly id: string;
  readonly workers?: readonly Worker[];
  readonly kind?: 'apisix' | 'embedded';
  readonly plugin?: boolean;
  readonly headers?: CallOptions['headers'];
}

export class ProtocolGateway {
  readonly id: string;
  readonly instance = randomUUID();
  workers: readonly Worker[];
  proved: Proved | null = null;
  /** Everything it was asked about, newest last. */
  readonly asked: ProveItem[] = [];
  private readonly options: ProtocolGatewayOptions;

  constructor(options: ProtocolGatewayOptions) {
    this.options = options;
    this.id = options.id;
    this.workers = options.workers ?? [{ id: 0, pid: 100 }];
  }

  async heartbeat(
    url: string,
    fields: Partial<Heartbeat> = {},
  ): Promise<Reply & { answer: HeartbeatAnswer }> {
    const { kind = 'apisix', plugin = true } = this.options;
    const body: Heartbeat = {
      gateway_id: this.id,
      instance: this.instance,
      kind,
      version: '3.18.0',
      plugin: plugin ? { loaded: true, version: '0.1' } : { loaded: false },
      workers: [...this.workers],
      proved: this.proved,
      hold_ms: 0,
      ...fields,
    };
    const reply = await httpCall(url, 'POST', '/fleet/heartbeat', {
      body,
      headers: this.options.headers ?? {},
    });
    const answer = reply.body as unknown as HeartbeatAnswer;
    if (reply.status === 200) {
      this.proved = answer.proved;
      this.asked.push(...answer.prove);
    }
    return { ...reply, answer };
  }

  /** @param facts of every worker, or of each by its place */
  receipt(item: ProveItem, facts: Facts | readonly Facts[], reason?: string): GatewayReceipt {
    const workers = this.workers.map((worker, i) => {
      const own = Array.isArray(facts) ? (facts as readonly Facts[])[i] : (facts as Facts);
      return { ...worker, ...(own ?? { loaded: 0, seen: 0 }) };
    });
    return { ...item, workers, ...(reason === undefined ? {} : { reason }) };
  }

  async receipts(
    url: string,
    receipts: readonly GatewayReceipt[],
  ): Promise<Reply & { answer: ReceiptsAnswer }> {
    const body = { gateway_id: this.id, instance: this.instance, receipts };
    const reply = await httpCall(url, 'POST', '/fleet/receipts', {
      body,
      headers: this.options.headers ?? {},
    });
    const answer = reply.body as unknown as ReceiptsAnswer;
    if (reply.status === 200) this.proved = answer.proved;
    return { ...reply, answer };
  }

  /** States that every worker has what was asked, as a gateway that has it would. */
  tellAll(url: string, items: readonly ProveItem[]): Promise<Reply & { answer: ReceiptsAnswer }> {
    return this.receipts(
      url,
      items.map((item) => this.receipt(item, truthOf(item))),
    );
  }

  /** Heartbeats and proves until there is nothing left to prove. */
  async catchUp(url: string): Promise<void> {
    for (;;) {
      const { answer, status, text } = await this.heartbeat(url);
      if (status !== 200) throw new Error(text);
      if (answer.prove.length === 0 && answer.proved !== null) return;
      await this.tellAll(url, answer.prove);
    }
  }
}

export const truthOf = ({ op, revision }: ProveItem): Facts => ({
  loaded: op === 'put' ? revision : 0,
  seen: revision,
});
