import { jittered, pause } from '../shared/async.ts';
import type { Revision } from '../shared/revision.ts';
import { OutcomeUnknownError, StoreUnavailableError, type Transaction } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';

/** How long a writer goes on asking after a commit whose outcome is unknown. */
const DOUBT_MS = 4_000;

type SubmitRoom = Pick<ChangeRoom, 'store' | 'clock' | 'random'>;

/**
 * Submits a guarded transaction and finds out what became of it. A commit whose outcome is unknown is submitted again
 * word for word: its guards let it in only if the first did not get in, and after that the first can't any more.
 * @param written when the guards refuse a repeat: the revision of our own write, `undefined` if it was somebody else's
 * @returns the revision it was committed at, or `undefined` when somebody else was first
 * @throws StoreUnavailableError | OutcomeUnknownError | StoreRefusedError
 */
export const submit = async (
  room: SubmitRoom,
  transaction: Transaction,
  written: () => Promise<Revision | undefined>,
): Promise<Revision | undefined> => {
  try {
    const result = await room.store.transact(transaction);
    return result.committed ? result.revision : undefined;
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) throw error;
    return resolveDoubt(room, transaction, written, error);
  }
};

const resolveDoubt = async (
  room: SubmitRoom,
  transaction: Transaction,
  written: () => Promise<Revision | undefined>,
  doubt: OutcomeUnknownError,
): Promise<Revision | undefined> => {
  const start = room.clock.monotonic();
  for (let attempt = 0; room.clock.monotonic() - start < DOUBT_MS; attempt++) {
    await pause(jittered(attempt, 50, 500, room.random));
    try {
      const result = await room.store.transact(transaction);
      return result.committed ? result.revision : await written();
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError || error instanceof StoreUnavailableError)) throw error;
    }
  }
  throw doubt;
};
