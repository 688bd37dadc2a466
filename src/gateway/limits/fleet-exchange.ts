import { type Disposable, jittered, pause } from '../../shared/async.ts';
import { Bell } from '../../shared/bell.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Contribution, FleetCounters, Total } from './fleet-counters.ts';

/** One part of an exchange as it was taken. */
export interface ExchangeReply {
  /** The newest sequence number of this gateway that was known before; 0 when none was. */
  readonly last: number;
  /** In the order of the contributions; absent when `last` was not older than this one, and nothing was taken. */
  readonly totals?: readonly Total[] | undefined;
}

/** The way to where counts are shared. */
export interface ExchangeLink {
  readonly ready: boolean;
  /** Calls made in one turn go out together, in order. @throws when nobody knows whether it was carried out */
  exchange(sequence: number, contributions: readonly Contribution[]): Promise<ExchangeReply>;
}

export interface FleetExchangeOptions {
  readonly counters: FleetCounters;
  readonly link: ExchangeLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export interface ExchangeStatus {
  /** Whether the last exchange came to its end; `undefined` before the first. */
  readonly shared: boolean | undefined;
  readonly done: number;
  readonly failed: number;
  /** How often what this gateway had told was no longer there. */
  readonly losses: number;
  /** Of the last exchange. */
  readonly round_trip_ms: number;
}

/** From the start of an exchange to the start of the next one, at least. */
export const GAP_MS = 20;
/** Without anything to tell an exchange still finds out whether what was told is still there. */
const PROBE_MS = 1_000;
const RETRY_BASE_MS = 50;
const RETRY_MAX_MS = 1_000;
const MAX_KEYS = 5_000;
/** Few enough that one part does not keep others waiting. */
const KEYS_PER_PART = 250;

/**
 * Exchanges counts for as long as it lives: at once when a key becomes wanted, one exchange at a time, at most one in
 * `GAP_MS`. Requests never wait for it. When it fails, limits go on by what is known here, and it tries again.
 */
export class FleetExchange implements Disposable {
  private readonly options: FleetExchangeOptions;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  /** Rings when a key becomes wanted. */
  private readonly wanted = new Bell();
  /** Rings when the link can be used. */
  private readonly ready = new Bell();
  private sequence = 0;
  private confirmed = 0;
  private shared: boolean | undefined;
  private readonly counted = { done: 0, failed: 0, losses: 0, round_trip_ms: 0 };

  constructor(options: FleetExchangeOptions) {
    this.options = options;
    options.counters.onWanted = () => this.wanted.ring();
  }

  get status(): ExchangeStatus {
    return { shared: this.shared, ...this.counted };
  }

  start(): void {
    this.running ??= this.run(this.stopping.signal);
  }

  /** To be told that the link can be used. */
  linked(): void {
    this.ready.ring();
  }

  /** To be told that the link can't be used. */
  unlinked(error: Error): void {
    this.turn(false, error);
  }

  /** Ends without a last exchange: another gateway does not count on this one's last few milliseconds. */
  async dispose(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { counters, link, clock, random } = this.options;
    for (let failures = 0; !signal.aborted; ) {
      if (!link.ready) {
        await this.ready.wait(PROBE_MS, signal);
        continue;
      }
      const started = clock.monotonic();
      const done = await this.exchange();
      failures = done ? 0 : failures + 1;
      const rest = done
        ? GAP_MS - (clock.monotonic() - started)
        : jittered(failures, RETRY_BASE_MS, RETRY_MAX_MS, random);
      if (rest > 0) await pause(rest, signal);
      if (done && !counters.waiting) await this.wanted.wait(PROBE_MS, signal);
    }
  }

  private async exchange(): Promise<boolean> {
    const { counters, link, clock } = this.options;
    const taken = counters.take(MAX_KEYS);
    const parts: Contribution[][] = [];
    for (let at = 0; at === 0 || at < taken.length; at += KEYS_PER_PART) {
      parts.push(taken.slice(at, at + KEYS_PER_PART));
    }
    const started = clock.monotonic();
    const before = this.sequence;
    this.sequence += parts.length;
    try {
      const replies = await Promise.all(parts.map((part, i) => link.exchange(before + 1 + i, part)));
      this.counted.round_trip_ms = clock.monotonic() - started;
      this.absorb(parts, replies);
      this.counted.done += 1;
      this.turn(true);
      return true;
    } catch (error) {
      counters.putBack(taken);
      this.counted.failed += 1;
      this.turn(false, error);
      return false;
    }
  }

  private absorb(parts: readonly Contribution[][], replies: readonly ExchangeReply[]): void {
    const { counters } = this.options;
    if ((replies[0]?.last ?? 0) < this.confirmed) {
      this.counted.losses += 1;
      counters.lost();
    }
    for (const [i, part] of parts.entries()) {
      const { last, totals } = replies[i] ?? { last: 0 };
      if (!totals) {
        this.sequence = Math.max(this.sequence, last);
        counters.putBack(part);
        continue;
      }
      for (const [n, total] of totals.entries()) {
        const contribution = part[n];
        if (contribution) counters.learn(contribution, total);
      }
    }
    this.confirmed = this.sequence;
  }

  private turn(shared: boolean, error?: unknown): void {
    if (this.shared === shared || this.stopping.signal.aborted) return;
    this.shared = shared;
    const { log } = this.options;
    if (shared) log.info({}, 'limits of scope fleet are shared');
    else log.warn({ err: error }, 'limits of scope fleet are not shared: each gateway grants them by itself');
  }
}
