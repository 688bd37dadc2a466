/** How long the last few changes took to reach the gateways that this node hears. */
import type { ChangeTimes } from '../contract/fleet-summary.ts';

/** Changes that are told of. */
const KEPT = 8;

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0;

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

export class RecentChanges {
  private readonly times = new Map<number, number[]>();
  private listed: readonly ChangeTimes[] | undefined;

  /** A gateway has proved a change. */
  add(revision: number, latency_ms: number): void {
    this.listed = undefined;
    const known = this.times.get(revision);
    if (known) known.push(latency_ms);
    else this.times.set(revision, [latency_ms]);
    if (this.times.size > KEPT) this.times.delete(Math.min(...this.times.keys()));
  }

  reset(): void {
    this.times.clear();
    this.listed = undefined;
  }

  /** Oldest first. */
  list(): readonly ChangeTimes[] {
    this.listed ??= [...this.times]
      .sort(([a], [b]) => a - b)
      .map(([revision, latencies]) => {
        const sorted = [...latencies].sort((a, b) => a - b);
        return {
          revision,
          gateways: sorted.length,
          p50_ms: rounded(quantile(sorted, 0.5)),
          p99_ms: rounded(quantile(sorted, 0.99)),
          max_ms: rounded(sorted.at(-1) ?? 0),
        };
      });
    return this.listed;
  }
}
