import { FleetFeed } from '../api/fleet/feed.ts';
import { fleetAnswer } from '../api/fleet/read.ts';
import type { Node } from '../api/node.ts';
import { isLive } from '../api/reading.ts';
import { Fleet, type FleetOptions } from '../fleet/fleet.ts';
import type { Reflector } from '../reflector/reflector.ts';
import type { Clock } from '../shared/clock.ts';
import type { Revision } from '../shared/revision.ts';
import { StoreUnavailableError } from '../store/port.ts';

/** @param writeMarker writes something that the reflector will bring; resolves with its revision */
export const fleetOf = (
  options: Omit<FleetOptions, 'connected' | 'catchUp'>,
  reflector: Reflector,
  writeMarker: () => Promise<Revision>,
): Fleet =>
  new Fleet({
    ...options,
    connected: () => isLive({ reflector }),
    catchUp: async (timeout_ms) => {
      if (await reflector.reached(await writeMarker(), timeout_ms)) return;
      throw new StoreUnavailableError('the watch did not bring the marker in time');
    },
  });

/** @param node the node whose fleet it shows, once it is put together */
export const feedOf = (instance: string, clock: Clock, node: () => Node): FleetFeed =>
  new FleetFeed({
    instance,
    clock,
    read: () => {
      const snapshot = node().cache.snapshot();
      return snapshot && fleetAnswer(node(), snapshot);
    },
    subscribe: (listener) => node().fleet.news.subscribe(listener),
  });
