import type { DefenseConfig } from '../contract/policy.ts';
import type { RouteRecord } from '../contract/record.ts';
import type { RouteSpec, RouteUpdates } from '../contract/route.ts';
import { mergePatch } from './merge-patch.ts';

/** The fields a caller set, without identity and provenance. */
export const routeSpecOf = (record: RouteRecord): RouteSpec => {
  const {
    tenant_id: _t,
    version: _v,
    updated_at: _a,
    updated_by: _b,
    created_at: _c,
    plugins: _p,
    ...spec
  } = record;
  return spec;
};

export const applyUpdates = (spec: RouteSpec, updates: RouteUpdates): RouteSpec => mergePatch(spec, updates);

export const defenseOf = (record: RouteRecord): DefenseConfig | undefined => record.plugins?.cdn_defense;
