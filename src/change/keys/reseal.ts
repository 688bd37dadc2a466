/**
 * A change of the master key: every data key in the store is put under the current one, in place. Versions, history and what
 * gateways read stay as they are. Each transaction is guarded by the leader's fence and by what it replaces, so nothing
 * that was written meanwhile is lost; what is under the current key already is left alone, so a run that was cut off is
 * finished by another.
 */
import { Refusal } from '../../contract/errors.ts';
import { jittered, pause } from '../../shared/async.ts';
import { type Guard, type KeyValue, OutcomeUnknownError, StoreUnavailableError } from '../../store/port.ts';
import type { Term } from '../../store/term.ts';
import type { ChangeRoom } from '../context.ts';
import { type SealedPlace, sealedPages, sealedPlace } from './sealed-places.ts';
import type { Sealer } from './sealer.ts';

/** Far within what one transaction may hold. */
const BATCH_KEYS = 50;
const BATCH_BYTES = 700_000;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 2_000;

export type ResealRoom = Pick<ChangeRoom, 'store' | 'keys' | 'clock' | 'random'> & {
  readonly sealer: Sealer;
};

/** How far a run has got. */
export interface Resealing {
  /** Secrets put under the current key by this run. */
  readonly resealed: number;
  /** Keys of values that can't be opened with any master key of this node, as far as the present look has come. */
  readonly unreadable: readonly string[];
}

interface Put {
  readonly place: SealedPlace;
  readonly value: string;
}

/** What is to be written together: a record goes with the version it is. */
type Item = readonly Put[];

/**
 * Looks through everything, again and again, until a look finds nothing left to do, or the term ends. Goes on by itself when
 * the store comes back.
 * @param told called whenever it has got further
 * @returns whether everything was looked at; `false` when the term ended before
 */
export const resealAll = async (
  room: ResealRoom,
  { fence, signal }: Term,
  told: (progress: Resealing) => void,
): Promise<boolean> => {
  let resealed = 0;
  for (let failures = 0; !signal.aborted; ) {
    const look = new Look(room, fence, (more, unreadable) => {
      resealed += more;
      told({ resealed, unreadable });
    });
    try {
      for await (const kvs of sealedPages(room.store, room.keys)) {
        if (signal.aborted) return false;
        await look.page(kvs);
      }
      await look.flush();
      if (look.written === 0 && !look.lost) return true;
      failures = look.lost ? failures + 1 : 0;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      failures += 1;
    }
    if (failures > 0) await pause(jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, room.random), signal);
  }
  return false;
};

/** One walk through everything that is sealed. */
class Look {
  /** Some transaction may not have been applied. */
  lost = false;
  written = 0;
  private readonly room: ResealRoom;
  private readonly fence: Guard;
  private readonly told: (resealed: number, unreadable: readonly string[]) => void;
  private readonly unreadable: string[] = [];
  private readonly seen = new Set<string>();
  private batch: Put[] = [];
  private bytes = 0;

  constructor(
    room: ResealRoom,
    fence: Guard,
    told: (resealed: number, unreadable: readonly string[]) => void,
  ) {
    this.room = room;
    this.fence = fence;
    this.told = told;
  }

  async page(kvs: readonly KeyValue[]): Promise<void> {
    for (const kv of kvs) {
      const item = this.seen.has(kv.key) ? [] : await this.itemAt(kv);
      const bytes = item.reduce((sum, { value }) => sum + value.length, 0);
      if (this.batch.length + item.length > BATCH_KEYS || this.bytes + bytes > BATCH_BYTES)
        await this.flush();
      this.batch.push(...item);
      this.bytes += bytes;
    }
  }

  async flush(): Promise<void> {
    const { batch, room } = this;
    this.batch = [];
    this.bytes = 0;
    if (batch.length === 0) return this.told(0, this.unreadable);
    const guards = batch.map(({ place: { kv } }): Guard => ({ key: kv.key, modRevision: kv.modRevision }));
    const puts = batch.map(({ place: { kv }, value }) => ({ key: kv.key, value }));
    const committed = await room.store.transact({ guards: [this.fence, ...guards], puts, deletes: [] }).then(
      (result) => result.committed,
      (error: unknown) => {
        // The next look sees what became of it.
        if (error instanceof OutcomeUnknownError) return false;
        throw error;
      },
    );
    if (committed) this.written += batch.length;
    else this.lost = true;
    this.told(committed ? batch.length : 0, this.unreadable);
  }

  private async itemAt(kv: KeyValue): Promise<Item> {
    const put = this.putAt(kv);
    if (!put) return [];
    const { store, keys } = this.room;
    const { version } = put.place;
    const at = keys.parse(kv.key);
    if (at?.family !== 'ssl' || version === undefined) return [put];
    const { kvs } = await store.range({ key: keys.history('ssl', at.id, version) });
    const entry = kvs[0] && this.putAt(kvs[0]);
    if (!entry) return [put];
    this.seen.add(entry.place.kv.key);
    return [put, entry];
  }

  /** What to write; nothing when it is under the current key already, or can't be opened. */
  private putAt(kv: KeyValue): Put | undefined {
    const { sealer, keys, clock } = this.room;
    const place = sealedPlace(keys, kv);
    if (place?.sealed.kid === sealer.kid) return undefined;
    try {
      if (!place) throw new Refusal('sealed_with_other_key');
      const sealed = sealer.reseal(place.sealed, place.bound);
      return { place, value: place.with(sealed, new Date(clock.now()).toISOString()) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.unreadable.push(kv.key);
      return undefined;
    }
  }
}

/** How many secrets are under which master key, by its name; what can't be told is under `unreadable`. */
export const countSealed = async ({
  store,
  keys,
}: Pick<ChangeRoom, 'store' | 'keys'>): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  for await (const kvs of sealedPages(store, keys)) {
    for (const kv of kvs) {
      const kid = sealedPlace(keys, kv)?.sealed.kid ?? 'unreadable';
      counts.set(kid, (counts.get(kid) ?? 0) + 1);
    }
  }
  return counts;
};
