import { Type } from '@sinclair/typebox';
import { TenantConfig } from '../../contract/policy.ts';
import type { TenantRecord } from '../../contract/record.ts';
import { effectivePolicy, tenantConfigOf } from '../../domain/policy.ts';
import type { Cached } from '../../reflector/cache.ts';
import type { Node } from '../endpoint.ts';
import { Freshness, isLive } from '../reading.ts';

const fields = {
  tenant_id: Type.String(),
  config: TenantConfig,
  synced: Type.Boolean({ description: 'Every live node has reported the revision that wrote this config.' }),
  pending: Type.Optional(Type.Array(Type.String(), { description: 'The nodes that have not.' })),
  effective: Type.Unknown({ description: 'The config with every default filled in.' }),
  version: Type.Integer(),
  revision: Type.Integer(),
  updated_at: Type.String(),
  updated_by: Type.String(),
};

export const TenantView = Type.Object({ ...fields, ...Freshness });
export const TenantItem = Type.Object(fields);

export const tenantView = (node: Node, { value, revision }: Cached<TenantRecord>) => {
  const config = tenantConfigOf(value);
  const pending = node.convergence.pending(revision);
  const synced = pending.length === 0 && isLive(node);
  return {
    tenant_id: value.tenant_id,
    config,
    synced,
    ...(pending.length === 0 ? {} : { pending }),
    effective: effectivePolicy(config),
    version: value.version,
    revision,
    updated_at: value.updated_at,
    updated_by: value.updated_by,
  };
};
