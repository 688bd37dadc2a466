import { EventPublisher } from '../events/publisher.ts';
import { Leader } from '../fleet/leader.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { RedisAddress } from '../shared/redis.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore } from '../store/port.ts';

interface EventOptions {
  readonly nodeId: string;
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly redis?: RedisAddress | undefined;
  readonly log: Log;
}

/** What publishes changes on Redis, when there is one. */
export const eventPublisher = (
  { store, keys, redis, log }: EventOptions,
  clock: Clock,
): EventPublisher | undefined => redis && new EventPublisher({ store, keys, redis, clock, log });

/** One node of the fleet publishes. */
export const eventLeader = ({ nodeId, store, keys, log }: EventOptions, publisher: EventPublisher): Leader =>
  new Leader({ store, key: keys.leader('events'), nodeId, log, work: (term) => publisher.lead(term) });
