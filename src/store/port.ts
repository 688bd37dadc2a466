/**
 * ConfigStore: the one port to the single source of truth. Two stores implement it, etcd and embedded,
 * and pass the same contract tests (`test/store/store-contract.ts`). Keys and values are text; values are JSON documents
 * by agreement of the rooms above, not of this port.
 *
 * Guarantees every implementation gives:
 * - `range` is linearizable unless it names a revision; all pages of one listing name the first page's.
 * - `transact` applies all of its puts and deletes at one new revision, or nothing.
 * - `watch` delivers every later change once, in order, whole revisions at a time.
 */
import type { Revision, Stamp } from '../shared/revision.ts';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Revision of the last put of this key. */
  readonly modRevision: Revision;
  /** Revision of the put that created this key; a deleted and re-created key gets a new one. */
  readonly createRevision: Revision;
  /** The lease that the key goes with; absent: it stays. */
  readonly lease?: LeaseId;
}

/** One key, or every key that starts with `prefix` (a non-empty string), from after `after` on. */
export type KeyRange = { readonly key: string } | { readonly prefix: string; readonly after?: string };

export interface RangeOptions {
  /** Read as of this revision; throws `CompactedError` when it is gone. */
  readonly revision?: Revision;
  /** Page size; all when absent. */
  readonly limit?: number;
  /** Leave the values empty. */
  readonly keysOnly?: boolean;
}

export interface RangePage extends Stamp {
  /** In byte order of their keys. */
  readonly kvs: readonly KeyValue[];
  /** More keys follow the last one. */
  readonly more: boolean;
}

/** A condition on the store; a transaction applies only when all of its guards hold. */
export type Guard =
  /** The key's mod revision is exactly this; `NO_REVISION` = the key does not exist. */
  | { readonly key: string; readonly modRevision: Revision }
  /** The key was created at exactly this revision (an election key: fences a deposed leader). */
  | { readonly key: string; readonly createRevision: Revision }
  /** No key under the prefix was put after this revision (deletes do not show). */
  | { readonly prefix: string; readonly unchangedSince: Revision };

export interface Put {
  readonly key: string;
  readonly value: string;
  /** The key goes when the lease ends. Absent: the key stays. */
  readonly lease?: LeaseId;
}

export interface Transaction {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
  /** Keys to delete; one that does not exist is no error. Disjoint from the puts. */
  readonly deletes: readonly string[];
}

/** `committed: false` = some guard did not hold and nothing changed; the revision is then the store's current. */
export interface TransactResult extends Stamp {
  readonly committed: boolean;
}

export type StoreEvent =
  | ({ readonly type: 'put' } & KeyValue)
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: Revision };

/** Everything one revision changed within the watched range. */
export interface Step extends Stamp {
  readonly events: readonly StoreEvent[];
}

/** Why a watch ended. The watcher decides what to do; a store never resumes by itself. */
export type WatchEnd =
  /** The start revision is compacted: list anew. */
  | { readonly reason: 'compacted' }
  /** The store answered with an older revision than the start, or another cluster id: list anew. */
  | { readonly reason: 'rewound' }
  /** The connection broke or the member was silent too long: watch again from the last applied step. */
  | { readonly reason: 'disconnected'; readonly detail: string }
  /** `stop()` was called. */
  | { readonly reason: 'stopped' };

/** Callbacks run synchronously, in order; `onEnd` is called exactly once and is the last call. */
export interface WatchSink {
  /** The store accepted the watch; later changes will arrive. */
  onOpen(): void;
  onStep(step: Step): void;
  /** The store was heard from without a change. Proves that the connection lives, nothing about revisions. */
  onAlive(): void;
  onEnd(end: WatchEnd): void;
}

export interface Watch {
  stop(): void;
}

declare const leaseBrand: unique symbol;
export type LeaseId = string & { readonly [leaseBrand]: true };

/** A lease that is kept alive until `revoke` or `lost`. */
export interface Lease {
  readonly id: LeaseId;
  readonly ttl_s: number;
  /**
   * Ours for sure: the monotonic time of the last good keepalive's sending + TTL − margin lies ahead.
   * False after that even if the store may still hold it.
   */
  held(): boolean;
  /** Resolves when the store no longer has the lease, or it can't be held any more. */
  readonly lost: Promise<void>;
  /** Gives the lease and its keys up. Best effort: throws `StoreUnavailableError` when the store is away. */
  revoke(): Promise<void>;
  /** Stops keeping it alive without telling the store; its keys go after the TTL. */
  abandon(): void;
}

export interface EndpointStatus {
  readonly endpoint: string;
  readonly healthy: boolean;
}

export interface ConfigStore {
  readonly kind: 'etcd' | 'embedded';
  /** @throws StoreUnavailableError | CompactedError */
  range(range: KeyRange, options?: RangeOptions): Promise<RangePage>;
  /** @throws StoreUnavailableError (certainly not applied) | OutcomeUnknownError (perhaps applied) */
  transact(transaction: Transaction): Promise<TransactResult>;
  /** Changes of the range from revision `after.revision + 1` on. `after` is the stamp last applied. */
  watch(prefix: string, after: Stamp, sink: WatchSink): Watch;
  /**
   * Grants a lease and keeps it alive; `keep: false` leaves it to run out by itself.
   * @throws StoreUnavailableError
   */
  lease(ttl_s: number, options?: { readonly keep?: boolean }): Promise<Lease>;
  /** What is known of the endpoints right now; one entry for the embedded store. */
  endpoints(): readonly EndpointStatus[];
  close(): Promise<void>;
}

/** The store did not answer, and what was asked was certainly not applied. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The store may or may not have applied the transaction. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** The store refused the request for good: bad credentials, no permission, too large. Not applied. */
export class StoreRefusedError extends Error {
  override readonly name: string = 'StoreRefusedError';
}

/** What was asked for is more than one answer can hold: ask for fewer keys. */
export class AnswerTooLargeError extends StoreRefusedError {
  override readonly name: string = 'AnswerTooLargeError';
}

/** The revision asked for is compacted. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
}
