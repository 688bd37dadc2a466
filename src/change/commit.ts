/**
 * The one way anything is changed: read → plan (pure) → one transaction guarded by all that was read. A lost
 * race reads and plans anew, so the last writer wins, versions rise by exactly one, and none is used twice.
 * Record, history entry, what the gateways read, claims and the idempotency receipt commit together or not at all.
 */
import { Refusal } from '../contract/errors.ts';
import type { HistoryEntry } from '../contract/record.ts';
import { jittered, pause } from '../shared/async.ts';
import { parseJson } from '../shared/json.ts';
import type { Revision } from '../shared/revision.ts';
import { assertCaller } from './caller.ts';
import type { ChangeRequest, ChangeRoom } from './context.ts';
import { earlierReceipt, requestKey } from './idempotency.ts';
import { type Planner, type Prepared, type Receipt, prepare } from './prepare.ts';
import { GuardedReader } from './reader.ts';
import { storeRefusal } from './store-refusal.ts';
import { submit } from './submit.ts';

export type { Receipt } from './prepare.ts';

/** How long a writer goes on losing races before it says so. */
const RACES_MS = 10_000;

/** Carries a planned change out. Serialises this node's writers of `lockKey`. @throws Refusal */
export const commitChange = (
  room: ChangeRoom,
  request: ChangeRequest,
  lockKey: string,
  plan: Planner,
): Promise<Receipt> =>
  room.lock.run(lockKey, async () => {
    try {
      return await race(room, request, plan);
    } catch (error) {
      throw storeRefusal(error, request.request_id);
    }
  });

const race = async (room: ChangeRoom, request: ChangeRequest, plan: Planner): Promise<Receipt> => {
  const start = room.clock.monotonic();
  for (let attempt = 0; room.clock.monotonic() - start < RACES_MS; attempt++) {
    const run = () => once(room, request, plan, { first: attempt === 0, start });
    const receipt = await (request.idempotency ? room.requestLease.renewing(run) : run());
    if (receipt) return receipt;
    await pause(jittered(attempt, 2, 100, room.random));
  }
  throw new Refusal('busy');
};

/** @returns `undefined` when the race is lost */
const once = async (
  room: ChangeRoom,
  request: ChangeRequest,
  plan: Planner,
  { first, start }: { readonly first: boolean; readonly start: number },
): Promise<Receipt | undefined> => {
  const reader = new GuardedReader(room.store, room.keys, first);
  const replayed = await replay(room, reader, request);
  if (replayed) return replayed;
  const prepared = await prepare(room, request, reader, await plan(reader));
  const changes = prepared.receipt.edits.length > 0;
  if (request.dry_run || (!changes && !request.idempotency)) return prepared.receipt;
  const revision = await submit(room, prepared.transaction, () => writtenByUs(room, request, prepared));
  if (revision === undefined) {
    await assertCaller(room, request);
    return undefined;
  }
  room.committed?.(revision, start);
  return changes ? { ...prepared.receipt, revision } : prepared.receipt;
};

/** By the history: its entry names the request that wrote it. */
const writtenByUs = async (
  room: ChangeRoom,
  request: ChangeRequest,
  prepared: Prepared,
): Promise<Revision | undefined> => {
  const edit = prepared.receipt.edits[0];
  if (!edit) return undefined;
  const { kvs } = await room.store.range({ key: room.keys.history(edit.kind, edit.id, edit.version) });
  const entry = kvs[0] && (parseJson(kvs[0].value) as HistoryEntry | undefined);
  return entry?.request_id === request.request_id ? kvs[0]?.createRevision : undefined;
};

const replay = async (
  room: ChangeRoom,
  reader: GuardedReader,
  { idempotency, dry_run }: ChangeRequest,
): Promise<Receipt | undefined> => {
  // A dry run asks what would happen now, whatever happened before.
  if (!idempotency || dry_run) return undefined;
  const earlier = earlierReceipt(await reader.request(requestKey(room.keys, idempotency)), idempotency);
  if (!earlier) return undefined;
  const { edits } = earlier.receipt;
  return {
    // A request that had nothing to change left a receipt, but no change to wait for.
    revision: edits.length === 0 ? undefined : earlier.revision,
    edits,
    records: [],
    projected: [],
    replayed: true,
    dry_run: false,
  };
};
