import type { TenantRecord } from '../../contract/record.ts';
import { effectivePolicy, tenantConfigOf } from '../../domain/policy.ts';
import type { Cached } from '../../reflector/cache.ts';
import type { Node } from '../endpoint.ts';
import { isLive } from '../reading.ts';

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
