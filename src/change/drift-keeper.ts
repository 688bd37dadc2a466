import type { DriftKind, DriftReport, OnDrift } from '../contract/drift.ts';
import { jittered, pause } from '../shared/async.ts';
import type { Guard } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';
import { type DriftCheck, checkDrift } from './drift.ts';
import type { ProvenVersions } from './record-drift.ts';

/** A new leader looks soon: nobody knows how long ago the last one did. */
const FIRST_MS = 10_000;

/** What this node's looks have come to, for metrics. */
export class DriftLedger {
  private report: DriftReport | undefined;
  private count = 0;

  /** A look was taken. */
  note({ report, repairs, adopted }: DriftCheck): void {
    this.report = report;
    this.count += repairs.filter(({ repaired }) => repaired).length + adopted;
  }

  /** This node leads no longer: what is there now, another knows. */
  forget(): void {
    this.report = undefined;
  }

  /** What the last look left; 0 where this node does not look. */
  left(found: DriftKind): number {
    return this.report?.left.filter((drift) => drift.found === found).length ?? 0;
  }

  /** Objects put right since the start. */
  get repairs(): number {
    return this.count;
  }
}

export interface DriftKeeperOptions {
  readonly nodeId: string;
  readonly interval_ms: number;
  readonly onDrift: OnDrift;
  readonly onChecked: (check: DriftCheck) => void;
}

/** Looks for drift while the term lasts. Never rejects. */
export const keepDrift = async (
  room: ChangeRoom,
  { nodeId, interval_ms, onDrift, onChecked }: DriftKeeperOptions,
  { fence, signal }: { readonly fence: Guard; readonly signal: AbortSignal },
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
