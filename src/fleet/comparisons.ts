import type { Picture } from '../reflector/reflector.ts';
import type { StoreEvent } from '../store/port.ts';
import type { Clock } from '../shared/clock.ts';
import type { Keyspace } from '../store/keys.ts';

/** When the store was last held against itself, whoever did it: tells of a fleet in which nobody does any more. */
export class Comparisons implements Picture {
  private readonly key: string;
  private readonly clock: Clock;
  private last_ms: number;

  constructor(keys: Keyspace, clock: Clock) {
    this.key = keys.driftReport();
    this.clock = clock;
    this.last_ms = clock.monotonic();
  }

  /** Since this node heard of the last one, or, when it has heard of none, since it was started. */
  get age_s(): number {
    return Math.round((this.clock.monotonic() - this.last_ms) / 1_000);
  }

  replace(): void {
    // A listing does not tell when the report was written, by this node's clock.
  }

  apply(events: readonly StoreEvent[]): void {
    if (events.some(({ key, type }) => key === this.key && type === 'put'))
      this.last_ms = this.clock.monotonic();
  }
}
