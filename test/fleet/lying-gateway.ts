/** A gateway that drops one event and says that it goes on: what a broken watch looks like from outside. */
import type { GatewayReceipt, ProveItem } from '../../src/contract/fleet.ts';
import { ProtocolGateway, truthOf } from './protocol-gateway.ts';

/**
 * What it says of the event that it dropped: nothing, while it claims to have proved all; that its watch is past it; or,
 * to another node than the one that asked, that it has proved all.
 */
export type Lie = 'silent' | 'not loaded' | 'moves on';

export class LyingGateway {
  readonly id: string;
  /** The newest revision that it has said it has. */
  told = 0;
  private readonly protocol: ProtocolGateway;
  private readonly lie: Lie;
  private readonly urls: readonly string[];
  private dropped: ProveItem | undefined;
  private leaving = false;
  private running: Promise<void> = Promise.resolve();
  private cluster = '';

  /** @param urls of nodes; it uses the first, and the others when it moves on */
  constructor(id: string, lie: Lie, urls: readonly string[]) {
    this.id = id;
    this.lie = lie;
    this.urls = urls;
    this.protocol = new ProtocolGateway({ id });
  }

  /** Proves everything there is, truthfully; from then on it drops the first change of a tenant's policy. */
  async join(): Promise<void> {
    await this.protocol.catchUp(this.urls[0] ?? '');
    this.cluster = this.protocol.proved?.cluster_id ?? '';
    this.running = this.run();
  }

  async leave(): Promise<void> {
    this.leaving = true;
    await this.running;
    for (const url of this.urls) await this.protocol.heartbeat(url, { leaving: true });
  }

  private async run(): Promise<void> {
    let polls = 0;
    while (!this.leaving) {
      // One that moves on is at another node every few polls.
      const place = this.lie === 'moves on' && this.dropped ? Math.floor(polls++ / 4) : 0;
      const url = this.urls[place % this.urls.length] ?? '';
      const { answer, status } = await this.protocol.heartbeat(url, { hold_ms: 100, ...this.claim() });
      if (status !== 200) continue;
      const receipts = answer.prove.flatMap((item) => this.stated(item));
      if (receipts.length > 0) await this.protocol.receipts(url, receipts);
    }
  }

  private claim() {
    if (!this.dropped || this.lie === 'not loaded') return {};
    return { proved: { cluster_id: this.cluster, revision: Math.max(this.told, this.dropped.revision) } };
  }

  private stated(item: ProveItem): GatewayReceipt[] {
    if (item.directory === 'cdn_defense/tenants') this.dropped ??= item;
    if (this.dropped?.directory === item.directory && this.dropped.id === item.id) {
      if (this.lie !== 'not loaded') return [];
      return [this.protocol.receipt(item, { loaded: 1, seen: item.revision + 1_000 })];
    }
    this.told = Math.max(this.told, item.revision);
    return [this.protocol.receipt(item, truthOf(item))];
  }
}
