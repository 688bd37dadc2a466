import type { Clock } from '../../shared/clock.ts';

interface Count {
  value: number;
  ends_ms: number;
}

const MAX_KEYS = 200_000;
/** How many counts are looked at for each new one: more than one, so that what has ended goes faster than it comes. */
const SWEEP = 4;
/** Among how many the smallest makes room when all places are taken, unless one of them is seen once only. */
const CANDIDATES = 64;

/**
 * Counts in memory, bounded in number and in time. When all places are taken the smallest of a few old counts makes
 * room: a flood of strangers, each seen once, does not push out those who are near their limit.
 */
export class Counters {
  private readonly counts = new Map<string, Count>();
  private readonly clock: Clock;
  private readonly maxKeys: number;
  private hand: Iterator<[string, Count]> = this.counts.entries();

  constructor(clock: Clock, maxKeys: number = MAX_KEYS) {
    this.clock = clock;
    this.maxKeys = maxKeys;
  }

  get size(): number {
    return this.counts.size;
  }

  get(key: string): number {
    const count = this.counts.get(key);
    return count && count.ends_ms > this.clock.monotonic() ? count.value : 0;
  }

  /** How long a key has still to live, ms; 0 when there is none. */
  left_ms(key: string): number {
    const count = this.counts.get(key);
    return count ? Math.max(0, count.ends_ms - this.clock.monotonic()) : 0;
  }

  /** All keys, those included that have just ended. */
  keys(): IterableIterator<string> {
    return this.counts.keys();
  }

  /** Adds and returns the count. A key lives `ttl_s` seconds from its first addition. */
  add(key: string, delta: number, ttl_s: number): number {
    const now = this.clock.monotonic();
    const count = this.counts.get(key);
    if (count && count.ends_ms > now) {
      count.value += delta;
      return count.value;
    }
    if (count) this.counts.delete(key);
    this.insert(key, delta, now + ttl_s * 1_000);
    return delta;
  }

  /** Puts a value in place of whatever is there; it lives `ttl_ms` from now. */
  set(key: string, value: number, ttl_ms: number): void {
    const ends_ms = this.clock.monotonic() + ttl_ms;
    const count = this.counts.get(key);
    if (count) Object.assign(count, { value, ends_ms });
    else this.insert(key, value, ends_ms);
  }

  private insert(key: string, value: number, ends_ms: number): void {
    this.sweep();
    if (this.counts.size >= this.maxKeys) this.evict();
    this.counts.set(key, { value, ends_ms });
  }

  private sweep(): void {
    const now = this.clock.monotonic();
    for (let i = 0; i < SWEEP; i++) {
      const entry = this.next();
      if (entry && entry[1].ends_ms <= now) this.counts.delete(entry[0]);
    }
  }

  private evict(): void {
    let smallest: [string, Count] | undefined;
    for (let i = 0; i < CANDIDATES; i++) {
      const entry = this.next();
      if (entry && (!smallest || entry[1].value < smallest[1].value)) smallest = entry;
      if (smallest && smallest[1].value <= 1) break;
    }
    if (smallest) this.counts.delete(smallest[0]);
  }

  /** The next count in the order they came, round and round. */
  private next(): [string, Count] | undefined {
    const step = this.hand.next();
    if (!step.done) return step.value;
    this.hand = this.counts.entries();
    return undefined;
  }
}
