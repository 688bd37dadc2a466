/** Writers that keep changing tenants' configs over HTTP and remember every acknowledged write. */
import { pause } from '../../src/shared/async.ts';

export interface Acknowledged {
  readonly tenant: string;
  readonly version: number;
  readonly revision: number;
  /** The value written; unique over all writers. */
  readonly marker: number;
}

export interface WriterReport {
  readonly acknowledged: readonly Acknowledged[];
  /** Answer codes of writes that were not acknowledged, with how often. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Longer than any write may take. */
const LAST_MS = 40_000;

/** Runs until `stop()`: `tenants.length` writers, each going round all nodes with one write at a time. */
export class Writers {
  private readonly acknowledged: Acknowledged[] = [];
  private readonly refused: Record<string, number> = {};
  private readonly stopped = new AbortController();
  private readonly running: Promise<void>[];
  private next = 0;

  private readonly patience_ms: number;
  private readonly nodes: readonly string[];
  private readonly tenants: readonly string[];
  private settled = false;

  /** @param patience_ms how long one write may take before its writer goes on to the next node */
  constructor(nodes: readonly string[], tenants: readonly string[], patience_ms = 20_000) {
    this.patience_ms = patience_ms;
    this.nodes = nodes;
    this.tenants = tenants;
    this.running = tenants.map((tenant, i) => this.run(nodes, tenant, i));
  }

  get count(): number {
    return this.acknowledged.length;
  }

  /**
   * Ends the writers. A write that one of them gave up waiting for may still be under way in its node; nodes take
   * writes of a tenant in turn, so one more patient write of each tenant on each node comes after all of those.
   */
  async stop(): Promise<WriterReport> {
    this.stopped.abort();
    await Promise.all(this.running);
    if (!this.settled) {
      this.settled = true;
      const last = this.nodes.flatMap((node) => this.tenants.map((tenant) => ({ node, tenant })));
      await Promise.all(last.map(({ node, tenant }) => this.write(node, tenant, (this.next += 1), LAST_MS)));
    }
    return { acknowledged: this.acknowledged, refused: this.refused };
  }

  private async run(nodes: readonly string[], tenant: string, offset: number): Promise<void> {
    for (let i = offset; !this.stopped.signal.aborted; i++) {
      const marker = (this.next += 1);
      await this.write(nodes[i % nodes.length] ?? '', tenant, marker);
      await pause(5);
    }
  }

  private async write(
    node: string,
    tenant: string,
    marker: number,
    patience_ms = this.patience_ms,
  ): Promise<void> {
    const body = JSON.stringify({ config: { rate_limit: marker } });
    const headers = { 'x-tenant-id': tenant, 'content-type': 'application/json' };
    const url = `${node}/global-config/tenant`;
    const signal = AbortSignal.timeout(patience_ms);
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      const answer = (await response.json()) as { version: number; revision: number; code?: string };
      if (response.ok) {
        this.acknowledged.push({ tenant, version: answer.version, revision: answer.revision, marker });
      } else this.note(answer.code ?? String(response.status));
    } catch (error) {
      this.note(error instanceof Error ? error.name : 'unknown');
    }
  }

  private note(reason: string): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }
}
