import type { ChangeRoom } from '../change/context.ts';
import type { DriftLedger } from '../change/drift/drift-keeper.ts';
import type { Repair } from '../change/drift/repair.ts';
import type { Rotation } from '../change/keys/rotation.ts';
import type { CapabilityGate } from '../contract/fleet.ts';
import type { EventPublisher } from '../events/publisher.ts';
import type { CacheCheck } from '../fleet/cache-check.ts';
import type { Comparisons } from '../fleet/comparisons.ts';
import type { Convergence } from '../fleet/convergence.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Presence } from '../fleet/presence.ts';
import type { Rewinds } from '../fleet/rewinds.ts';
import type { NodeCache } from '../reflector/cache.ts';
import type { Reflector } from '../reflector/reflector.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { FleetFeed } from './fleet/feed.ts';
import type { Gate } from './gate.ts';
import type { Metrics } from './metrics.ts';

/** What endpoints work with; built once per node by the composition root. */
export interface Node {
  readonly nodeId: string;
  readonly version: string;
  readonly changes: ChangeRoom;
  readonly reflector: Reflector;
  readonly cache: NodeCache;
  readonly convergence: Convergence;
  readonly cacheCheck: CacheCheck;
  readonly comparisons: Comparisons;
  readonly drift: DriftLedger;
  /** Absent without Redis. */
  readonly publisher: EventPublisher | undefined;
  readonly presence: Presence;
  readonly fleet: Fleet;
  readonly capabilityGate: CapabilityGate;
  readonly feed: FleetFeed;
  readonly rewinds: Rewinds;
  /** Absent without a master key. */
  readonly rotation: Rotation | undefined;
  readonly gate: Gate;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** What this node repaired of the projection, newest last, bounded. */
  readonly repairs: Repair[];
}
