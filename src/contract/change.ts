import type { Origin } from './principal.ts';
import type { Action } from './record.ts';

/** `changes/{planned}-{request_id}`: one transaction, and who asked for it. Its mod revision is the change's. */
export interface ChangeEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly origin?: Origin;
  readonly reason?: string;
  readonly request_id: string;
  /** Never empty. */
  readonly edits: readonly LoggedEdit[];
}

/** One object that a change touched. */
export interface LoggedEdit {
  /** A kind of source records, or another kind of thing that only operators change. */
  readonly kind: string;
  readonly id: string;
  readonly action: Action;
  /** Of a source record: its history has the record as written. */
  readonly version?: number;
  /** Whose it is; absent for what belongs to no tenant. */
  readonly tenant_id?: string;
  /** Of other things: what was written, as far as it may be shown. */
  readonly written?: Readonly<Record<string, unknown>>;
}
