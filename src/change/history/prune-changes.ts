import { pause } from '../../shared/async.ts';
import type { Guard } from '../../store/port.ts';
import type { Term } from '../../store/term.ts';
import type { ChangeRoom } from '../context.ts';

/** Entries of the change log that are kept unless a setting says otherwise: some 35 MB in the store. */
export const CHANGES_KEPT = 100_000;

/** Between two looks. What comes in between is kept beyond the number, so it is no hard limit. */
const LOOK_MS = 600_000;
const PAGE_KEYS = 2_000;
const DELETES = 100;

type PruneRoom = Pick<ChangeRoom, 'store' | 'keys' | 'log'>;

/**
 * Forgets the oldest entries of the change log beyond the newest `keep`. The names alone tell which: they are in
 * order, newest first.
 * @param fence of the leader that does it: a deposed one deletes nothing
 * @returns how many it forgot
 * @throws StoreUnavailableError | OutcomeUnknownError
 */
export const pruneChanges = async (
  { store, keys }: PruneRoom,
  keep: number,
  fence: Guard,
  signal?: AbortSignal,
): Promise<number> => {
  const prefix = keys.changes();
  let after: string | undefined;
  let kept = 0;
  let forgotten = 0;
  for (let more = true; more && !signal?.aborted; ) {
    const page = await store.range(
      { prefix, ...(after === undefined ? {} : { after }) },
      { limit: PAGE_KEYS, keysOnly: true },
    );
    const old = page.kvs.slice(Math.max(0, keep - kept)).map((kv) => kv.key);
    kept += page.kvs.length - old.length;
    for (let i = 0; i < old.length; i += DELETES) {
      const deletes = old.slice(i, i + DELETES);
      const { committed } = await store.transact({ guards: [fence], puts: [], deletes });
      if (!committed) return forgotten;
      forgotten += deletes.length;
    }
    after = page.kvs.at(-1)?.key;
    more = page.more;
  }
  return forgotten;
};

/** Keeps the change log to its size while the term lasts. Never rejects. */
export const keepChangeLog = async (
  room: PruneRoom,
  keep: number,
  { fence, signal }: Term,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const forgotten = await pruneChanges(room, keep, fence, signal);
      if (forgotten > 0) room.log.info({ forgotten, keep }, 'old entries of the change log were forgotten');
    } catch (error) {
      room.log.warn({ err: error }, 'the change log could not be looked after');
    }
    await pause(LOOK_MS, signal);
  }
};
