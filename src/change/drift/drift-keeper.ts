import type { DriftKind, OnDrift } from '../../contract/drift.ts';
import { jittered, pause } from '../../shared/async.ts';
import type { Term } from '../../store/term.ts';
import type { ChangeRoom } from '../context.ts';
import { type DriftCheck, checkDrift } from './drift.ts';
import type { ProvenVersions } from './record-drift.ts';

/** A new leader looks soon: nobody knows how long ago the last one did. */
const FIRST_MS = 10_000;

/** How often is looked, and what is done then. */
export interface DriftSettings {
  readonly interval_ms: number;
  readonly onDrift: OnDrift;
}

export const DRIFT_SETTINGS: DriftSettings = { interval_ms: 60_000, onDrift: 'repair' };

/** What this node's looks have come to, for metrics. */
export class DriftLedger {
  readonly settings: DriftSettings;
  private found: readonly DriftKind[] = [];
  private count = 0;

  constructor(settings: DriftSettings) {
    this.settings = settings;
  }

  /** A look was taken, on schedule or because somebody asked. */
  note({ repairs, adopted }: DriftCheck): void {
    this.count += repairs.filter(({ repaired }) => repaired).length + adopted;
  }

  /** What this node, leading, has left where it was; nothing once it leads no longer, because then another knows. */
  lead(left: readonly DriftKind[]): void {
    this.found = left;
  }

  /** What the last look left; 0 where this node does not look. */
  left(found: DriftKind): number {
    return this.found.filter((kind) => kind === found).length;
  }

  /** Objects put right since the start. */
  get repairs(): number {
    return this.count;
  }
}

export interface DriftKeeperOptions extends DriftSettings {
  readonly nodeId: string;
  readonly onChecked: (check: DriftCheck) => void;
}

/** Looks for drift while the term lasts. Never rejects. */
export const keepDrift = async (
  room: ChangeRoom,
  { nodeId, interval_ms, onDrift, onChecked }: DriftKeeperOptions,
  { fence, signal }: Term,
): Promise<void> => {
  const proven: ProvenVersions = new Map();
  for (let wait_ms = Math.min(FIRST_MS, interval_ms); ; wait_ms = interval_ms) {
    await pause(jittered(0, wait_ms, wait_ms, room.random), signal);
    if (signal.aborted) return;
    try {
      const check = await checkDrift(room, { nodeId, onDrift, fence, proven });
      onChecked(check);
      if (!check.report) return;
    } catch (error) {
      room.log.warn({ err: error }, 'the store could not be compared with itself');
    }
  }
};
