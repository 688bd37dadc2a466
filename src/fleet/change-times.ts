/** How long the last few changes took to reach the gateways that this node hears. */
import type { ChangeTimes } from '../contract/fleet-summary.ts';

/** Changes that are told of. */
const KEPT = 8;
/** Up to so many gateways are told of one by one. */
const EACH_MAX = 32;

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0;

/** As times are told. */
export const rounded = (ms: number): number => Math.round(ms * 100) / 100;

export class RecentChanges {
  private readonly times = new Map<number, [gateway_id: string, ms: number][]>();
  private listed: readonly ChangeTimes[] | undefined;

  /** A gateway has proved a change. */
  add(revision: number, gateway_id: string, latency_ms: number): void {
    this.listed = undefined;
    const known = this.times.get(revision);
    if (known) known.push([gateway_id, rounded(latency_ms)]);
    else this.times.set(revision, [[gateway_id, rounded(latency_ms)]]);
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
      .map(([revision, each]) => {
        const sorted = each.map(([, ms]) => ms).sort((a, b) => a - b);
        return {
          revision,
          gateways: sorted.length,
          p50_ms: quantile(sorted, 0.5),
          p99_ms: quantile(sorted, 0.99),
          max_ms: sorted.at(-1) ?? 0,
          ...(each.length > EACH_MAX ? {} : { each }),
        };
      });
    return this.listed;
  }
}
