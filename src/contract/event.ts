/** What is published on the Redis channel `config:update`: the seed's three fields, and what orders and explains them. */
import type { Action } from './record.ts';

export const EVENT_CHANNEL = 'config:update';

/** One accepted write of one object. */
export interface ChangeEvent {
  /** The record's key in the store, such as `/cdn-defense/config/acme`. */
  readonly key: string;
  /** The record as written, without key material; `null` for a delete. */
  readonly value: Readonly<Record<string, unknown>> | null;
  /** When it was written, ISO 8601. */
  readonly timestamp: string;
  readonly cluster_id: string;
  /** The store's revision that carries it. Several events of one revision are one change, told apart by `key`. */
  readonly revision: number;
  readonly version: number;
  readonly action: Action;
  readonly tenant_id: string;
}

/**
 * Events of before may be missing: read everything anew. `rewound`: the store was restored from a backup, and what was
 * published after the backup did not happen. `compacted`: more happened than the store's history still tells.
 */
export interface ResyncEvent {
  /** The prefix of all records' keys. */
  readonly key: string;
  readonly value: null;
  readonly timestamp: string;
  readonly cluster_id: string;
  /** What is read now, at this revision or later, holds everything that may be missing. */
  readonly revision: number;
  readonly version: null;
  readonly action: 'resync';
  readonly tenant_id: null;
  readonly reason: 'rewound' | 'compacted';
  /** Up to where nothing is missing. */
  readonly from: { readonly cluster_id: string; readonly revision: number };
}

export type ConfigEvent = ChangeEvent | ResyncEvent;
