import type { Cidr } from './address.ts';
import { parseCidr } from './address.ts';
import type { CounterScope } from './host.ts';

/** What `/apisix/cdn_defense/tenants/{id}` holds. Absent fields fall back to the defaults. */
export interface TenantDocument {
  readonly id?: unknown;
  readonly enabled_defense?: unknown;
  readonly threat_threshold?: unknown;
  readonly rate_limit?: unknown;
  readonly js_challenge?: unknown;
  readonly challenge_type?: unknown;
  readonly js_fingerprint?: unknown;
  readonly mode?: unknown;
  readonly allow?: unknown;
  readonly deny?: unknown;
  readonly challenge_all?: unknown;
}

/** What `/apisix/cdn_defense/policies/{route_id}` holds. Absent fields fall back to the tenant's. */
export interface RouteDocument {
  readonly id?: unknown;
  readonly tenant?: unknown;
  readonly enabled?: unknown;
  readonly threat_threshold?: unknown;
  readonly rate_limit?: unknown;
  readonly js_challenge?: unknown;
  readonly challenge_type?: unknown;
  readonly js_fingerprint?: unknown;
  readonly mode?: unknown;
  readonly allow?: unknown;
  readonly deny?: unknown;
  readonly challenge_all?: unknown;
}

export interface RateLimit {
  readonly count: number;
  readonly window_s: number;
  readonly scope: CounterScope;
}

/** Every parameter with a value: what one request is decided by, immutable. */
export interface Policy {
  readonly tenant: string;
  readonly route: string;
  readonly enabled: boolean;
  readonly threat_threshold: number;
  readonly rate_limit: RateLimit;
  readonly js_challenge: boolean;
  readonly challenge_type: 'js';
  readonly js_fingerprint: boolean;
  readonly mode: 'enforce' | 'observe';
  readonly allow: readonly Cidr[];
  readonly deny: readonly Cidr[];
  readonly challenge_all: boolean;
}

export const DEFAULT_THRESHOLD = 70;
export const DEFAULT_RATE_COUNT = 1000;
export const DEFAULT_RATE_WINDOW_S = 60;

function booleanOr(own: unknown, inherited: unknown, fallback: boolean): boolean {
  if (typeof own === 'boolean') return own;
  return typeof inherited === 'boolean' ? inherited : fallback;
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most && Math.floor(value) === value;
}

/** An object or a list; JSON's `null` is neither. */
function isRecord(value: unknown): boolean {
  // eslint-disable-next-line no-restricted-syntax -- `null` comes from JSON and becomes nil in Lua
  return typeof value === 'object' && value !== null;
}

function readRateLimit(value: unknown): RateLimit | undefined {
  if (isIntegerIn(value, 1, 1000000000)) {
    return { count: value, window_s: DEFAULT_RATE_WINDOW_S, scope: 'node' };
  }
  if (!isRecord(value)) return undefined;
  const limit = value as { readonly count?: unknown; readonly window_s?: unknown; readonly scope?: unknown };
  if (!isIntegerIn(limit.count, 1, 1000000000)) return undefined;
  const window_s = isIntegerIn(limit.window_s, 1, 86400) ? limit.window_s : DEFAULT_RATE_WINDOW_S;
  return { count: limit.count, window_s, scope: limit.scope === 'fleet' ? 'fleet' : 'node' };
}

function readCidrs(value: unknown): Cidr[] | undefined {
  if (!isRecord(value)) return undefined;
  const cidrs: Cidr[] = [];
  for (const text of value as readonly unknown[]) {
    const cidr = typeof text === 'string' ? parseCidr(text) : undefined;
    // The control plane validates; an entry it would have refused matches nobody.
    if (cidr !== undefined) cidrs.push(cidr);
  }
  return cidrs;
}

/**
 * defaults <- tenant <- route; either switch turned off turns the defense off. Values of a wrong type are as
 * if absent, so that a record written by hand can weaken nothing but its own field.
 * Compile once per change of either document, not per request.
 */
export function compilePolicy(tenant: TenantDocument | undefined, route: RouteDocument | undefined): Policy {
  const outer: TenantDocument = tenant ?? {};
  const own: RouteDocument = route ?? {};
  const threshold = isIntegerIn(own.threat_threshold, 0, 100) ? own.threat_threshold : outer.threat_threshold;
  const tenantId = typeof outer.id === 'string' ? outer.id : own.tenant;
  const mode = own.mode === 'observe' || own.mode === 'enforce' ? own.mode : outer.mode;
  return {
    tenant: typeof tenantId === 'string' ? tenantId : '',
    route: typeof own.id === 'string' ? own.id : '',
    enabled: booleanOr(outer.enabled_defense, undefined, true) && booleanOr(own.enabled, undefined, true),
    threat_threshold: isIntegerIn(threshold, 0, 100) ? threshold : DEFAULT_THRESHOLD,
    rate_limit: readRateLimit(own.rate_limit) ??
      readRateLimit(outer.rate_limit) ?? {
        count: DEFAULT_RATE_COUNT,
        window_s: DEFAULT_RATE_WINDOW_S,
        scope: 'node',
      },
    js_challenge: booleanOr(own.js_challenge, outer.js_challenge, true),
    challenge_type: 'js',
    js_fingerprint: booleanOr(own.js_fingerprint, outer.js_fingerprint, false),
    mode: mode === 'observe' ? 'observe' : 'enforce',
    allow: readCidrs(own.allow) ?? readCidrs(outer.allow) ?? [],
    deny: readCidrs(own.deny) ?? readCidrs(outer.deny) ?? [],
    challenge_all: booleanOr(own.challenge_all, outer.challenge_all, false),
  };
}
