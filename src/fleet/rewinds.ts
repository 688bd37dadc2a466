import type { Clock } from '../shared/clock.ts';
import type { Stamp } from '../shared/revision.ts';

const KEPT = 20;

/** The store did not go on from where this node's cache stood: a backup was restored, or it is another store. */
export interface Rewind {
  /** When this node noticed, ISO 8601. */
  readonly at: string;
  readonly from: Stamp;
  readonly to: Stamp;
}

/** What this node has noticed of its store being rewound, since it was started. */
export class Rewinds {
  private readonly clock: Clock;
  private readonly noticed: Rewind[] = [];
  private count = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  note(from: Stamp, to: Stamp): void {
    this.count += 1;
    this.noticed.push({ at: new Date(this.clock.now()).toISOString(), from, to });
    if (this.noticed.length > KEPT) this.noticed.shift();
  }

  /** The newest ones, oldest first. */
  list(): readonly Rewind[] {
    return this.noticed;
  }

  get total(): number {
    return this.count;
  }
}
