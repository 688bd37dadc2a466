/**
 * How far one gateway has got: the revision up to which it has proved everything, and what it has proved, or has been
 * found to reject, ahead of that. The revision never passes an object that was due and is not proved, also when
 * the object has been written anew since. All of it is bounded, whatever the gateway does.
 */
import { placeOf } from '../contract/directory.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import type { Expectation, Expectations } from './expectations.ts';

/** How far ahead of the first object not proved a gateway is asked. */
const AHEAD_MAX = 1_000;
/** Most rejected objects kept apart; further ones hold the gateway up until it has fewer. */
const REJECTED_MAX = 200;
/** Most objects whose first unproved write is remembered one by one. */
const OVERDUE_MAX = 1_000;

/** An object that a gateway does not serve as written. */
export interface Rejected {
  readonly entry: Pick<Expectation, 'directory' | 'id' | 'op' | 'revision'>;
  readonly reason: string;
  /** The oldest write that a worker has in force in its place; 0 = none. */
  readonly live: number;
}

export class Proofs {
  private readonly expectations: Expectations;
  private floor: Revision;
  /** All that stands up to here is settled. Further than the floor while something older is overdue. */
  private cursor: Revision;
  private readonly ahead = new Set<Expectation>();
  private readonly turnedDown = new Map<string, Rejected>();
  /** Objects that were due, were not proved, and have been written anew: since when they are due. */
  private readonly overdue = new Map<string, Revision>();
  /** The floor moves no further before it can move to here: what was replaced before that is not remembered singly. */
  private heldUntil: Revision | undefined;

  /** @param floor what is proved already; `NO_REVISION` = nothing */
  constructor(expectations: Expectations, floor: Revision = NO_REVISION, rejected: readonly Rejected[] = []) {
    this.expectations = expectations;
    this.floor = floor;
    this.cursor = floor;
    for (const object of rejected.slice(0, REJECTED_MAX)) this.turnedDown.set(placeOf(object.entry), object);
    this.advance();
  }

  /** Everything as of this revision is proved; `NO_REVISION` before there was anything. */
  get proved(): Revision {
    return this.floor;
  }

  get rejected(): ReadonlyMap<string, Rejected> {
    return this.turnedDown;
  }

  /** What is to be proved, oldest first, and no more of it than can be kept track of. */
  *outstanding(): Iterable<Expectation> {
    let considered = 0;
    for (const entry of this.expectations.after(this.cursor)) {
      considered += 1;
      if (considered > AHEAD_MAX + this.turnedDown.size) return;
      if (!this.settled(entry)) yield entry;
    }
  }

  /**
   * What is to be asked: also rejected objects of which the gateway names a write that the store does not have. One that
   * has not noticed a restore yet names such, and has the right one once it has.
   */
  *questions(): Iterable<Expectation> {
    yield* this.outstanding();
    for (const { entry, live } of this.turnedDown.values()) {
      const current = live > entry.revision && this.expectations.get(entry.directory, entry.id);
      if (current && this.turnsDown(current)) yield current;
    }
  }

  get done(): boolean {
    for (const _entry of this.outstanding()) return false;
    return true;
  }

  /** @returns whether that was news */
  prove(entry: Expectation): boolean {
    if (!this.expectations.stands(entry)) return false;
    const place = placeOf(entry);
    const news = this.turnedDown.delete(place);
    if (entry.learned <= this.cursor || this.ahead.has(entry)) return news;
    if (this.ahead.size >= AHEAD_MAX && entry !== this.firstOutstanding()) return news;
    this.ahead.add(entry);
    this.overdue.delete(place);
    this.advance();
    return true;
  }

  /** The gateway has passed the object by. @returns whether that was news */
  reject(entry: Expectation, reason: string, live: number): boolean {
    if (!this.expectations.stands(entry)) return false;
    const place = placeOf(entry);
    const before = this.turnedDown.get(place);
    if (!before && this.turnedDown.size >= REJECTED_MAX) return false;
    const same =
      before?.entry.revision === entry.revision && before.reason === reason && before.live === live;
    // Newest last: where not all can be told, the newest are.
    this.turnedDown.delete(place);
    this.turnedDown.set(place, { entry, reason, live });
    this.ahead.delete(entry);
    this.overdue.delete(place);
    this.advance();
    return !same;
  }

  /** An object was written anew, or forgotten: what was due of it stays due. */
  replaced(before: Expectation, now: Expectation | undefined): void {
    if (this.ahead.delete(before) || !now || before.learned <= this.cursor || this.turnsDown(before)) return;
    const place = placeOf(before);
    if (this.overdue.has(place)) return;
    if (this.overdue.size < OVERDUE_MAX) this.overdue.set(place, before.learned);
    else this.heldUntil = now.learned;
  }

  /** Proofs start anew: other workers, or another store. */
  restart(): void {
    this.floor = NO_REVISION;
    this.cursor = NO_REVISION;
    this.ahead.clear();
    this.turnedDown.clear();
    this.overdue.clear();
    this.heldUntil = undefined;
  }

  /** Moves the floor as far as the proofs go. To be called when the expectations have moved. */
  advance(): void {
    if (!this.expectations.complete) return;
    const { position } = this.expectations;
    // Of what was written before this gateway came, only the newest is asked after.
    if (this.floor === NO_REVISION) this.heldUntil ??= position;
    const first = this.firstOutstanding();
    const next = first ? first.learned - 1 : position;
    if (next > this.cursor) {
      this.cursor = next as Revision;
      for (const entry of this.ahead) if (entry.learned <= next) this.ahead.delete(entry);
    }
    if (!first) this.overdue.clear();
    let floor: number = this.cursor;
    for (const since of this.overdue.values()) floor = Math.min(floor, since - 1);
    if (floor > this.floor && floor >= (this.heldUntil ?? NO_REVISION)) this.floor = floor as Revision;
  }

  private firstOutstanding(): Expectation | undefined {
    for (const entry of this.expectations.after(this.cursor)) if (!this.settled(entry)) return entry;
    return undefined;
  }

  private settled(entry: Expectation): boolean {
    return this.ahead.has(entry) || this.turnsDown(entry);
  }

  private turnsDown(entry: Expectation): boolean {
    const rejected = this.turnedDown.get(placeOf(entry))?.entry;
    return rejected?.revision === entry.revision && rejected.op === entry.op;
  }
}
