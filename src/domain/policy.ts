import type { DefenseConfig, EffectivePolicy, TenantConfig } from '../contract/policy.ts';
import type { TenantRecord } from '../contract/record.ts';

/** What holds where neither tenant nor route says anything. The engine's own defaults are tested to agree. */
export const DEFAULT_POLICY: EffectivePolicy = {
  enabled: true,
  threat_threshold: 70,
  rate_limit: 1000,
  js_challenge: true,
  challenge_type: 'js',
  js_fingerprint: false,
  mode: 'enforce',
  allow: [],
  deny: [],
  challenge_all: false,
};

/** defaults ← tenant ← route. Either switch turned off turns the defense off. */
export const effectivePolicy = (tenant: TenantConfig, route: DefenseConfig = {}): EffectivePolicy => {
  const { enabled_defense = true, ...fromTenant } = tenant;
  const { enabled = true, ...fromRoute } = route;
  return { ...DEFAULT_POLICY, ...fromTenant, ...fromRoute, enabled: enabled_defense && enabled };
};

/** The parameters of a record, without its provenance. */
export const tenantConfigOf = (record: TenantRecord): TenantConfig => {
  const { tenant_id: _tenant, version: _version, updated_at: _at, updated_by: _by, ...config } = record;
  return config;
};
