import { render } from '../../projection/object.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import type { Guard } from '../../store/port.ts';
import type { ChangeRoom } from '../context.ts';
import { projectedNote } from '../projected-note.ts';
import type { ProjectionDrift } from './projection-drift.ts';

/** What was done about one object of the projection. */
export interface Repair extends Pick<ProjectionDrift, 'directory' | 'id' | 'found'> {
  /** ISO 8601. */
  readonly at: string;
  /** False when somebody changed it meanwhile; the next look decides anew. */
  readonly repaired: boolean;
}

/**
 * Puts one object of the projection right, in a transaction that applies only while everything is as it was found.
 * @param fence the leader's term, when it is the leader who does it
 * @throws StoreUnavailableError | OutcomeUnknownError
 */
export const repairObject = async (
  room: ChangeRoom,
  drift: ProjectionDrift,
  fence: Guard | undefined,
): Promise<Repair> => {
  const { key, directory, id, found, expected, stored } = drift;
  const now_ms = room.clock.now();
  const value = expected && render(expected, stored?.value, Math.floor(now_ms / 1000));
  const guards = [...(fence ? [fence] : []), ...drift.guards];
  const note = projectedNote(room, [{ directory, id, op: expected ? 'put' : 'delete' }]);
  const puts = value === undefined ? [note] : [{ key, value }, note];
  const { committed } = await room.store.transact({ guards, puts, deletes: expected ? [] : [key] });
  const repair = { directory, id, found, at: new Date(now_ms).toISOString(), repaired: committed };
  room.log.warn(repair, 'the projection differed from its source');
  return repair;
};

/**
 * Creates APISIX's directory placeholders that are absent. They are never deleted.
 * @param fence the leader's term, when it is the leader who does it
 */
export const ensureDirectories = async (room: ChangeRoom, fence?: Guard): Promise<void> => {
  for (const key of room.keys.apisixDirectories()) {
    const { kvs } = await room.store.range({ key }, { keysOnly: true });
    if (kvs.length > 0) continue;
    // Each by itself: where somebody else makes one meanwhile, the others are made all the same.
    const guards: Guard[] = [...(fence ? [fence] : []), { key, modRevision: NO_REVISION }];
    await room.store.transact({ guards, puts: [{ key, value: 'init_dir' }], deletes: [] });
  }
};
