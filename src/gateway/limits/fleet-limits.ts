import type { Disposable } from '../../shared/async.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { type RedisAddress, shownRedis } from '../../shared/redis.ts';
import { FleetCounters } from './fleet-counters.ts';
import { type ExchangeStatus, FleetExchange } from './fleet-exchange.ts';
import { RedisLink } from './redis-link.ts';

export interface FleetLimitsOptions {
  readonly redis: RedisAddress;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** This gateway's part in the limits that the fleet shares through Redis. Redis need not be there. */
export class FleetLimits implements Disposable {
  readonly counters: FleetCounters;
  private readonly exchange: FleetExchange;
  private readonly link: RedisLink;

  constructor({ redis, clock, log, random = Math.random }: FleetLimitsOptions) {
    this.counters = new FleetCounters({ clock });
    this.link = new RedisLink(redis, {
      onReady: () => this.exchange.linked(),
      onError: (error) => this.exchange.unlinked(error),
    });
    this.exchange = new FleetExchange({
      counters: this.counters,
      link: this.link,
      clock,
      log: tagged(log, shownRedis(redis)),
      random,
    });
  }

  /** Begins to look for Redis; returns at once. */
  start(): void {
    this.link.open();
    this.exchange.start();
  }

  get status(): ExchangeStatus {
    return this.exchange.status;
  }

  async dispose(): Promise<void> {
    const ended = this.exchange.dispose();
    this.link.close();
    await ended;
  }
}

/** Every line says which Redis it is about. */
const tagged = (log: Log, redis: string): Log => ({
  debug: (fields, message) => log.debug({ redis, ...fields }, message),
  info: (fields, message) => log.info({ redis, ...fields }, message),
  warn: (fields, message) => log.warn({ redis, ...fields }, message),
  error: (fields, message) => log.error({ redis, ...fields }, message),
});
