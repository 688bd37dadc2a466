/**
 * When changes came, by this node's own monotonic clock: what latencies and lags are measured from. Clocks of others
 * are never compared with it.
 */
import type { Revision } from '../shared/revision.ts';

/** Changes that are remembered; older ones are only known to be older. */
const KEPT = 1_024;

export interface Arrival {
  readonly revision: Revision;
  /** When this node's own watch brought it, ms. */
  readonly at_ms: number;
}

export class Arrivals {
  private readonly arrivals: Arrival[] = [];
  /** Every change after this one is remembered. */
  private from = Infinity;
  /** When this node began to commit its own changes, by revision. */
  private readonly begun = new Map<Revision, number>();

  /** The watch has brought a change. */
  came(revision: Revision, at_ms: number): void {
    this.arrivals.push({ revision, at_ms });
    if (this.arrivals.length > 2 * KEPT)
      this.from = this.arrivals.splice(0, KEPT).at(-1)?.revision ?? this.from;
  }

  /** This node has committed a change that it began at that time. */
  committed(revision: Revision, began_ms: number): void {
    this.begun.set(revision, began_ms);
    for (const oldest of this.begun.keys()) {
      if (this.begun.size <= KEPT) return;
      this.begun.delete(oldest);
    }
  }

  /** Everything as of a revision was read at once: what came before, and when, is not known. */
  listed(revision: Revision): void {
    this.arrivals.length = 0;
    this.from = revision;
  }

  /** Another store: its revisions mean something else. */
  reset(): void {
    this.arrivals.length = 0;
    this.begun.clear();
    this.from = Infinity;
  }

  /** From when latencies of a change count: the commit's start where it was made, its arrival elsewhere. */
  start(revision: Revision): number | undefined {
    return this.begun.get(revision) ?? this.at(revision);
  }

  at(revision: Revision): number | undefined {
    const found = this.arrivals[this.indexAfter(revision - 1)];
    return found?.revision === revision ? found.at_ms : undefined;
  }

  /** The oldest change known to have come after a revision: since when somebody who stands there is behind. */
  firstAfter(revision: number): Arrival | undefined {
    return this.arrivals[this.indexAfter(revision)];
  }

  /** Whether all changes after a revision are remembered. */
  covers(revision: number): boolean {
    return this.from <= revision;
  }

  /** The changes after one revision, up to another. */
  between(after: number, upTo: number): readonly Arrival[] {
    return this.arrivals.slice(this.indexAfter(after), this.indexAfter(upTo));
  }

  private indexAfter(revision: number): number {
    let from = 0;
    let to = this.arrivals.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.arrivals[middle]?.revision ?? 0) > revision) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
