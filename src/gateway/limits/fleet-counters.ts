/**
 * Counts that a fleet shares, without anybody waiting for anybody. Each gateway counts by itself and adds what it
 * last learned of the others: decisions are local and immediate. What is exchanged are contributions, not
 * additions: "I have 7 of this key" can be said twice, late or again after everything was lost, and stays right.
 *
 * A key that is looked at is *wanted*: the next exchange tells this gateway's contribution and learns the total.
 */
import type { Clock } from '../../shared/clock.ts';
import { Counters } from './counters.ts';

/** What an exchange tells of one key: how much of it is this gateway's, and how long that has still to live. */
export interface Contribution {
  readonly key: string;
  readonly own: number;
  readonly ttl_ms: number;
}

/** What it learns: everybody's contributions together. */
export interface Total {
  readonly total: number;
  readonly ttl_ms: number;
}

/** Beyond this many wanted keys new ones are left out until the next exchange; they are made up for after it. */
const MAX_WANTED = 20_000;
/**
 * How long after a loss a total may only rise: by then every gateway that is alive has noticed the loss too and
 * has told its contributions anew. It covers the longest pause between attempts and between exchanges.
 */
const MENDING_MS = 5_000;

export interface FleetCountersOptions {
  readonly clock: Clock;
  readonly maxWanted?: number;
}

export class FleetCounters {
  /** Called when the first key becomes wanted. */
  onWanted: () => void = () => {};
  private readonly own: Counters;
  private readonly others: Counters;
  private readonly clock: Clock;
  private readonly maxWanted: number;
  private readonly wanted = new Set<string>();
  /** Keys still to be told anew after a loss, and how many of them. */
  private retold: Iterator<string> | undefined;
  private toRetell = 0;
  private leftOut = false;
  private mended_ms = 0;

  constructor({ clock, maxWanted = MAX_WANTED }: FleetCountersOptions) {
    this.clock = clock;
    this.own = new Counters(clock);
    this.others = new Counters(clock);
    this.maxWanted = maxWanted;
  }

  get waiting(): boolean {
    return this.wanted.size > 0 || this.retold !== undefined || this.leftOut;
  }

  get(key: string): number {
    this.want(key);
    return this.own.get(key) + this.others.get(key);
  }

  /** Adds to this gateway's contribution. @returns the fleet's count as far as it is known here */
  add(key: string, delta: number, ttl_s: number): number {
    const own = this.own.add(key, delta, ttl_s);
    this.want(key);
    return own + this.others.get(key);
  }

  /** The contributions of the keys that are wanted, at most `max`; they are wanted no more. */
  take(max: number): Contribution[] {
    const taken: Contribution[] = [];
    for (const key of this.wanted) {
      if (taken.length >= max) return taken;
      this.wanted.delete(key);
      taken.push(this.contribution(key));
    }
    if (this.leftOut) this.tellAll();
    while (this.retold && taken.length < max) {
      const step = this.retold.next();
      if (step.done || this.toRetell-- <= 0) this.retold = undefined;
      else taken.push(this.contribution(step.value));
    }
    return taken;
  }

  /** Makes keys wanted again whose exchange did not come to an end. */
  putBack(taken: readonly Contribution[]): void {
    for (const { key } of taken) this.want(key);
  }

  /** Takes in what the fleet has of a key, as it was when this gateway's contribution was `own`. */
  learn({ key, own }: Contribution, { total, ttl_ms }: Total): void {
    const learned = Math.max(0, total - own);
    const mending = this.clock.monotonic() < this.mended_ms;
    const others = mending ? Math.max(learned, this.others.get(key)) : learned;
    if (others > 0) this.others.set(key, others, Math.max(ttl_ms, this.others.left_ms(key)));
    else if (this.others.get(key) > 0) this.others.set(key, 0, ttl_ms);
  }

  /** What was told is lost: everything is to be told anew, and what is known of the others stays. */
  lost(): void {
    this.mended_ms = this.clock.monotonic() + MENDING_MS;
    this.tellAll();
  }

  private tellAll(): void {
    this.leftOut = false;
    this.retold = this.own.keys();
    this.toRetell = this.own.size;
  }

  private want(key: string): void {
    if (this.wanted.size >= this.maxWanted) {
      this.leftOut ||= !this.wanted.has(key);
      return;
    }
    const first = this.wanted.size === 0;
    this.wanted.add(key);
    if (first) this.onWanted();
  }

  private contribution(key: string): Contribution {
    return { key, own: this.own.get(key), ttl_ms: Math.ceil(this.own.left_ms(key)) };
  }
}
