import type { Revision } from '../../shared/revision.ts';
import type { Reading } from '../stored/reading.ts';

/** Why a stored object is not served as written, and what is served in its place. */
export interface Rejection {
  readonly id: string;
  /** The write that was not taken. */
  readonly modRevision: Revision;
  /** One sentence. Never quotes a value. */
  readonly reason: string;
  /**
   * `previous`: the version before it. `nothing`: there was none, or the text was not JSON, which also takes the
   * one before away. `refusing`: it is loaded, and what it matches is answered with 503 (a route) or with a
   * failed handshake (a certificate). `partly`: it is loaded; part of it never matches.
   */
  readonly live: 'previous' | 'nothing' | 'refusing' | 'partly';
}

export interface Loaded<T> {
  readonly value: T;
  readonly modRevision: Revision;
}

export interface ShelfRules<T> {
  read(id: string, text: string): Reading<T>;
  /** Told of each change, in order: what was in force and what is now. */
  changed(id: string, before: T | undefined, now: T | undefined): void;
}

/** One directory's objects: what was read, what is in force, what was turned down. */
export class Shelf<T> {
  private readonly items = new Map<string, Loaded<T>>();
  private readonly turnedDown = new Map<string, Rejection>();
  private readonly rules: ShelfRules<T>;

  constructor(rules: ShelfRules<T>) {
    this.rules = rules;
  }

  get size(): number {
    return this.items.size;
  }

  get rejections(): Iterable<Rejection> {
    return this.turnedDown.values();
  }

  get loaded(): Iterable<readonly [id: string, item: Loaded<T>]> {
    return this.items.entries();
  }

  get(id: string): Loaded<T> | undefined {
    return this.items.get(id);
  }

  rejection(id: string): Rejection | undefined {
    return this.turnedDown.get(id);
  }

  put(id: string, text: string, modRevision: Revision): void {
    const reading = this.rules.read(id, text);
    this.turnedDown.delete(id);
    if (reading.kind === 'loaded') {
      this.place(id, { value: reading.value, modRevision });
      const { refusal, note } = reading;
      const reason = refusal ?? note;
      const live = refusal === undefined ? 'partly' : 'refusing';
      if (reason !== undefined) this.turnedDown.set(id, { id, modRevision, reason, live });
      return;
    }
    if (reading.kind === 'garbage') this.take(id);
    const reason = reading.kind === 'garbage' ? 'it is not JSON' : reading.reason;
    this.turnedDown.set(id, { id, modRevision, reason, live: this.items.has(id) ? 'previous' : 'nothing' });
  }

  delete(id: string): void {
    this.turnedDown.delete(id);
    this.take(id);
  }

  /**
   * Makes the shelf hold what a listing says. What is unchanged stays as it is.
   * @param sameStore whether equal revisions mean equal objects
   */
  replace(listed: ReadonlyMap<string, { text: string; modRevision: Revision }>, sameStore: boolean): void {
    for (const id of [...this.items.keys(), ...this.turnedDown.keys()]) if (!listed.has(id)) this.delete(id);
    for (const [id, { text, modRevision }] of listed) {
      const known = this.turnedDown.get(id)?.modRevision ?? this.items.get(id)?.modRevision;
      if (!sameStore || known !== modRevision) this.put(id, text, modRevision);
    }
  }

  private place(id: string, item: Loaded<T>): void {
    const before = this.items.get(id);
    this.items.set(id, item);
    this.rules.changed(id, before?.value, item.value);
  }

  private take(id: string): void {
    const before = this.items.get(id);
    if (!before) return;
    this.items.delete(id);
    this.rules.changed(id, before.value, undefined);
  }
}
