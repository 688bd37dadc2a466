/**
 * What every gateway should have: of each object under the gateways' prefix, the revision that wrote or deleted it,
 * in the order in which this node learned of it. Gateways stand at a revision in this list; what follows it, less
 * what they have proved ahead of it, is what they still have to prove.
 */
import { type Directory, type ProjectedWrite, placeOf } from '../contract/directory.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';

/** Deletes that are remembered. Older ones can't be asked about any more. */
const DELETES_MAX = 10_000;
/** Replaced entries are cleared away once there are more of them than of the others, and at least so many. */
const REPLACED_MIN = 1_000;

export interface Expectation extends ProjectedWrite {
  /** The write a gateway is to prove; of a delete found by listing, the last write of the object that was known. */
  readonly revision: Revision;
  /** When this node learned of it: later than `revision` only for what was found by listing. Never falls in the list. */
  readonly learned: Revision;
}

/** An object as a listing found it. */
export interface Listed {
  readonly directory: Directory;
  readonly id: string;
  readonly revision: Revision;
}

/** Told of each entry that no longer stands, and what stands in its place; `undefined` = it was forgotten. */
export type Replaced = (before: Expectation, now: Expectation | undefined) => void;

export class Expectations {
  private readonly replaced: Replaced;
  private byPlace = new Map<string, Expectation>();
  private deletes = 0;
  /** By `learned`; replaced entries stay until they are cleared away. */
  private log: Expectation[] = [];
  private at: Revision = NO_REVISION;
  /** Up to here nothing was missed. */
  private sure: Revision = NO_REVISION;
  private whole = false;

  constructor(replaced: Replaced) {
    this.replaced = replaced;
  }

  /** Everything up to here is in the list, provided that it is complete. */
  get position(): Revision {
    return this.at;
  }

  /**
   * The newest write that gateways are to have. The position may lie beyond it: that of a node that was started later is
   * where its first listing stood.
   */
  get newest(): Revision {
    return this.log.at(-1)?.learned ?? NO_REVISION;
  }

  /** False until a listing has been merged, and after a gap until the next one. */
  get complete(): boolean {
    return this.whole;
  }

  get size(): number {
    return this.byPlace.size;
  }

  get(directory: Directory, id: string): Expectation | undefined {
    return this.byPlace.get(placeOf({ directory, id }));
  }

  stands(entry: Expectation): boolean {
    return this.byPlace.get(placeOf(entry)) === entry;
  }

  /** What was learned after a revision and still stands, oldest first. */
  *after(floor: Revision): Iterable<Expectation> {
    for (let i = this.indexAfter(floor); i < this.log.length; i++) {
      const entry = this.log[i];
      if (entry && this.stands(entry)) yield entry;
    }
  }

  /** A change wrote these objects; a change that wrote none moves the position all the same. */
  changed(writes: readonly ProjectedWrite[], revision: Revision): void {
    for (const { directory, id, op } of writes) {
      this.put({ directory, id, op, revision, learned: revision });
    }
    this.moveTo(revision);
    this.clearAway();
  }

  /** Some changes may have been missed: nothing is proved beyond the position until a listing is merged. */
  gap(): void {
    this.whole = false;
  }

  /** Another store, or one that went back: nothing of what was known counts. */
  reset(): void {
    this.byPlace = new Map();
    this.log = [];
    this.deletes = 0;
    this.at = NO_REVISION;
    this.sure = NO_REVISION;
    this.whole = false;
  }

  /**
   * Merges a complete listing as of `revision`, which the changes told so far have reached; what they have brought
   * from after that stands. @returns how many objects were not as expected
   */
  listed(found: readonly Listed[], revision: Revision): number {
    const late = Math.max(revision, this.log.at(-1)?.learned ?? 0) as Revision;
    // What nobody could have proved yet is learned as of its write; what was overlooked, only now.
    const learned = (at: Revision): Revision => (at > this.sure ? at : late);
    let surprises = 0;
    const places = new Set<string>();
    for (const { directory, id, revision: at } of found) {
      places.add(placeOf({ directory, id }));
      if (this.accords(this.get(directory, id), at, revision)) continue;
      this.put({ directory, id, op: 'put', revision: at, learned: learned(at) });
      surprises += 1;
    }
    for (const entry of [...this.byPlace.values()]) {
      if (entry.op === 'delete' || entry.learned > revision || places.has(placeOf(entry))) continue;
      this.put({ ...entry, op: 'delete', learned: late });
      surprises += 1;
    }
    this.log.sort((a, b) => a.learned - b.learned);
    const moves = !this.whole || surprises > 0;
    this.whole = true;
    this.moveTo(moves ? late : this.at);
    this.clearAway();
    return surprises;
  }

  /** Whether a listing has, or lacks, anything that is not expected. */
  differs(found: readonly Listed[], revision: Revision): boolean {
    let standing = 0;
    for (const entry of this.byPlace.values())
      if (entry.op === 'put' && entry.learned <= revision) standing += 1;
    let known = 0;
    for (const { directory, id, revision: at } of found) {
      const entry = this.get(directory, id);
      if (!this.accords(entry, at, revision)) return true;
      if (entry && entry.learned <= revision) known += 1;
    }
    return known !== standing;
  }

  /** One object was looked up in the store. `at`: what wrote it; `undefined` = it is not there. */
  found(entry: Expectation, at: Revision | undefined, revision: Revision): void {
    if (!this.stands(entry) || entry.learned > revision) return;
    const late = Math.max(revision, this.log.at(-1)?.learned ?? 0, this.at) as Revision;
    if (at === undefined) {
      if (entry.op === 'delete') return;
      this.put({ ...entry, op: 'delete', learned: late });
    } else {
      if (this.accords(entry, at, revision)) return;
      this.put({ ...entry, op: 'put', revision: at, learned: late });
    }
    this.moveTo(late);
  }

  private moveTo(revision: Revision): void {
    this.at = Math.max(this.at, revision) as Revision;
    if (this.whole) this.sure = this.at;
  }

  private accords(known: Expectation | undefined, at: Revision, asOf: Revision): boolean {
    if (!known) return false;
    return known.learned > asOf || (known.op === 'put' && known.revision === at);
  }

  private put(entry: Expectation): void {
    const place = placeOf(entry);
    const before = this.byPlace.get(place);
    // Deleting first keeps the map in the order of the log.
    if (before) this.byPlace.delete(place);
    this.byPlace.set(place, entry);
    this.log.push(entry);
    this.deletes += (entry.op === 'delete' ? 1 : 0) - (before?.op === 'delete' ? 1 : 0);
    if (before) this.replaced(before, entry);
  }

  private indexAfter(floor: Revision): number {
    let from = 0;
    let to = this.log.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.log[middle]?.learned ?? 0) > floor) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  private clearAway(): void {
    if (this.deletes > DELETES_MAX) this.forgetDeletes();
    if (this.log.length < 2 * this.byPlace.size + REPLACED_MIN) return;
    this.log = this.log.filter((entry) => this.stands(entry));
  }

  /** Some more than needed, so that it is not done again at the next delete. */
  private forgetDeletes(): void {
    for (const entry of this.log) {
      if (this.deletes <= 0.9 * DELETES_MAX) return;
      if (entry.op !== 'delete' || !this.stands(entry)) continue;
      this.byPlace.delete(placeOf(entry));
      this.deletes -= 1;
      this.replaced(entry, undefined);
    }
  }
}
