/**
 * Source records: the JSON documents under the source prefix (the seed's layout). What is written here is
 * the truth; everything else is derived.
 */
import type { CertificateFacts } from './certificate.ts';
import type { ProjectedWrite } from './directory.ts';
import type { DefenseConfig, TenantConfig } from './policy.ts';
import type { Origin } from './principal.ts';
import type { RouteSpec } from './route.ts';

/** The kinds of source records, named as their directories are. */
export const KINDS = ['config', 'routes', 'ssl'] as const;
export type Kind = (typeof KINDS)[number];

export const isKind = (name: string): name is Kind => KINDS.some((kind) => kind === name);

/** Who changed a record, when; `version` counts its accepted writes, deletes included. */
export interface Provenance {
  readonly version: number;
  /** ISO 8601. */
  readonly updated_at: string;
  readonly updated_by: string;
}

/** `config/{tenant_id}`: the parameters, flat, and their provenance. */
export type TenantRecord = TenantConfig & Provenance & { readonly tenant_id: string };

/** `routes/{route_id}` */
export type RouteRecord = RouteSpec &
  Provenance & {
    readonly tenant_id: string;
    readonly created_at: string;
    readonly plugins?: { readonly cdn_defense: DefenseConfig };
  };

/** Something under AES-256-GCM. All parts in base64; what it is bound to is rebuilt by the reader, never stored. */
export interface Box {
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

/** A secret in an envelope: under a data key of its own, which is under a master key. */
export interface Sealed extends Box {
  readonly alg: 'A256GCM';
  /** Which master key the data key is under. */
  readonly kid: string;
  readonly data_key: Box;
}

/**
 * When the data key of what this holds was last put under another master key. Nothing else changed then: a put that
 * brings a new time here is no change of the object.
 */
export interface Resealed {
  readonly resealed_at?: string;
}

/** `ssl/{tenant_id}:{domain}` */
export type CertificateRecord = Provenance &
  Resealed & {
    readonly id: string;
    readonly tenant_id: string;
    readonly domain: string;
    readonly cert: string;
    readonly sealed_key: Sealed;
    readonly expires_at: string;
    readonly facts: CertificateFacts;
    readonly created_at: string;
  };

export interface RecordOf {
  readonly config: TenantRecord;
  readonly routes: RouteRecord;
  readonly ssl: CertificateRecord;
}

export const ACTIONS = ['create', 'update', 'delete'] as const;
export type Action = (typeof ACTIONS)[number];

/** `versions/{kind}/{id}/{version}`: one accepted write. */
export interface HistoryEntry<K extends Kind = Kind> extends Resealed {
  readonly kind: K;
  readonly id: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly action: Action;
  readonly at: string;
  readonly by: string;
  readonly origin?: Origin;
  readonly reason?: string;
  /** Names the one request that wrote it, so an unclear commit can be told apart from somebody else's. */
  readonly request_id: string;
  /** What gateways read of it that the same transaction wrote. Absent in entries of earlier releases. */
  readonly projected?: readonly ProjectedWrite[];
  /** The record as written; the last one for a delete. */
  readonly record: RecordOf[K];
}

/** `repairs/projection`: what the last repair wrote in the same transaction, so that nodes learn of each from the source. */
export interface RepairNote {
  readonly projected: readonly ProjectedWrite[];
  readonly at: string;
}

/** `keyring/{kid}`: a key that signs challenges and clearances. No history: a secret is not kept longer than it lives. */
export interface KeyRecord extends Resealed {
  readonly id: string;
  readonly state: 'verify-first' | 'signing' | 'verify-only' | 'retired';
  /** When it entered that state, ISO 8601. */
  readonly since: string;
  readonly created_at: string;
  readonly sealed: Sealed;
}

/** `nodes/{node_id}`, leased: what a node says it has applied. */
export interface NodeReceipt {
  readonly node_id: string;
  readonly cluster_id: string;
  /** The newest change applied by this node's cache. */
  readonly revision: number;
  readonly at: string;
  readonly started_at: string;
  readonly version: string;
  /** Tells two processes with one node id apart. */
  readonly instance: string;
  /** The names of the master keys it has, the one it seals with first; empty without any. */
  readonly master_keys?: readonly string[];
  /** It also keeps `pulses/{node_id}`: without that it has stopped, and its lease has not run out yet. */
  readonly pulse?: true;
}

/** `requests/…`, leased: what an `Idempotency-Key` led to. The key's mod revision is the change's. */
export interface RequestReceipt {
  /** Hash of method, path and body: the same key with another request is refused. */
  readonly fingerprint: string;
  readonly request_id: string;
  readonly edits: readonly EditSummary[];
  /** Of an update of many objects in one transaction: how many it looked at. */
  readonly considered?: number | undefined;
  /** Of an update in several transactions: what it answered. */
  readonly fleet?: FleetSummary;
}

/** What an update of all defense configs did. */
export interface FleetSummary {
  /** The last revision written; absent when everything was so already. */
  readonly revision?: number;
  readonly tenants_updated: number;
  readonly routes_updated: number;
  readonly unchanged: number;
  readonly batches: number;
  /** Everything committed in one transaction. Decided before the first is submitted. */
  readonly atomic: boolean;
}

/** One object changed by one accepted write. */
export interface EditSummary {
  readonly kind: Kind;
  readonly id: string;
  readonly action: Action;
  readonly version: number;
}
