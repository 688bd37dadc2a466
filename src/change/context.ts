import type { Origin } from '../contract/principal.ts';
import type { HostlessRoutes } from '../domain/claim.ts';
import type { UpstreamRules } from '../domain/upstream-rules.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Revision } from '../shared/revision.ts';
import type { SslKeyring } from '../shared/ssl-keyring.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore, Guard } from '../store/port.ts';
import type { RequestLease } from './request-lease.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Sealer } from './keys/sealer.ts';

/** What changes need of the world; built once by the composition root. */
export interface ChangeRoom {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent without a master key: certificates are then refused. */
  readonly sealer: Sealer | undefined;
  /** What APISIX's private keys are encrypted with; absent: APISIX reads them in the clear. */
  readonly sslKeyring?: SslKeyring | undefined;
  readonly upstreams: UpstreamRules;
  readonly hostlessRoutes: HostlessRoutes;
  /** Addresses of host names as seen from here, none of one that does not resolve; those that can't be told now are left out. */
  readonly resolve: (
    tenant_id: string,
    hosts: readonly string[],
  ) => Promise<ReadonlyMap<string, readonly string[]>>;
  readonly lock: KeyedLock;
  readonly requestLease: RequestLease;
  readonly random: () => number;
  /** Told of each change committed here, and of the monotonic time at which it began. */
  readonly committed?: (revision: Revision, began_ms: number) => void;
}

/** What the caller requires of the object before the change. Entity tags with their quotes, or `*`. */
export interface Preconditions {
  readonly ifMatch?: readonly string[] | undefined;
  readonly ifNoneMatch?: readonly string[] | undefined;
}

/** Who asks for a change. */
export interface ChangeAuthor {
  readonly actor: string;
  readonly origin?: Origin | undefined;
  /** The API token that was shown, and the revision that wrote it: without it there the change is not carried out. */
  readonly token?: { readonly id: string; readonly revision: Revision } | undefined;
  readonly request_id: string;
  /** Why, in the caller's words. */
  readonly reason?: string | undefined;
}

/** One request for a change. */
export interface ChangeRequest extends ChangeAuthor {
  readonly preconditions?: Preconditions | undefined;
  readonly idempotency?:
    | { readonly key: string; readonly scope: string; readonly fingerprint: string }
    | undefined;
  /** How many objects a change of many looks at; kept with what its idempotency key led to. */
  readonly considered?: number | undefined;
  /** Commit only while this holds, beside what was read: a leader's term. */
  readonly fence?: Guard | undefined;
  /** Decide and check everything, commit nothing. */
  readonly dry_run?: boolean | undefined;
}
