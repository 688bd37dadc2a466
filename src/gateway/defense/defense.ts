/**
 * The place of the defense in the request path: behind the route match, before anything is sent upstream. The
 * gateway knows nothing of scores and challenges; it hands over the request and the defense's own objects and
 * does what the verdict says.
 */
import type { Json } from '../../shared/json.ts';
import type { Stamp } from '../../shared/revision.ts';

/** An object as stored, parsed. The same object until it is written again, so results may be kept by identity. */
export type DefenseObject = Readonly<Record<string, Json>>;

/** Everything under `cdn_defense/`, as of one revision; never changed. */
export interface DefenseObjects {
  readonly stamp: Stamp;
  readonly tenants: ReadonlyMap<string, DefenseObject>;
  readonly policies: ReadonlyMap<string, DefenseObject>;
  readonly keyring: ReadonlyMap<string, DefenseObject>;
}

/** A request that matched a route with the `cdn_defense` plugin. Texts are bytes (latin1). */
export interface DefenseRequest {
  /** What the plugin names: ids of `tenants` and `policies`. */
  readonly tenant: string;
  readonly route: string;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  /** The request target exactly as sent, query included. */
  readonly target: string;
  /** nginx's `$uri`: decoded, dot segments resolved, no query. */
  readonly uri: string;
  /** The host asked for: lower case, no port. */
  readonly host: string;
  /** Names as sent, in their order, duplicates and all. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The client: the connection's peer, or what a trusted proxy says in X-Real-IP. */
  readonly remoteAddress: string;
  /** The connection's peer. */
  readonly peerAddress: string;
  /** Wall time of the request's arrival, ms. */
  readonly at_ms: number;
  readonly objects: DefenseObjects;
  /**
   * The first bytes of the body, at most `max_bytes`; the upstream still gets all of it. Waits until so many have
   * arrived or the body is over. Asking for none costs nothing. @throws when the client goes away
   */
  body(max_bytes: number): Promise<Uint8Array>;
}

/** What is to be done. Headers are `[name, value]`; a name may come twice. */
export type Verdict =
  | {
      readonly action: 'pass';
      /** Set on the request to the upstream; the client's own headers of these names are dropped. */
      readonly upstreamHeaders?: readonly (readonly [string, string])[];
      /** Added to the answer. */
      readonly responseHeaders?: readonly (readonly [string, string])[];
      /** For the access log: signals, points, event id. */
      readonly explanation?: object;
    }
  | {
      readonly action: 'respond';
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string | Uint8Array;
      readonly explanation?: object;
    };

/** Directories under `cdn_defense/`. */
export const DEFENSE_KINDS = ['tenants', 'policies', 'keyring'] as const;
export type DefenseKind = (typeof DEFENSE_KINDS)[number];

export interface Defense {
  /** A verdict that throws or rejects counts as `pass` and is logged: the defense must not take a site down. */
  decide(request: DefenseRequest): Verdict | Promise<Verdict>;
  /**
   * What is wrong with an object, if anything; such an object is rejected and the one before stays. Stands for
   * the `checker` of the plugin's directories in APISIX, `apisix/plugins/cdn_defense/check.lua`.
   */
  check?(kind: DefenseKind, id: string, object: DefenseObject): string | undefined;
}
