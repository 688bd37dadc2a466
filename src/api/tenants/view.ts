import type { TenantRecord } from '../../contract/record.ts';
import { effectivePolicy, tenantConfigOf } from '../../domain/policy.ts';
import type { Cached, Quarantined } from '../../reflector/cache.ts';
import type { Node } from '../node.ts';
import { isLive } from '../reading.ts';

/** What is stored of a tenant now and can't be used, if so. */
export const quarantinedConfig = (node: Node, tenant_id: string): Quarantined | undefined =>
  node.cache.snapshot()?.quarantined.get(node.changes.keys.record('config', tenant_id));

export const tenantView = (node: Node, { value, revision }: Cached<TenantRecord>) => {
  const quarantined = quarantinedConfig(node, value.tenant_id);
  const config = tenantConfigOf(value);
  const pending = node.convergence.pending(revision);
  // A last good value is served, but it is not what is stored. What is pending under this node's id is another process's say
  // where two have it.
  const synced = pending.length === 0 && isLive(node) && !node.presence.hasRival() && !quarantined;
  return {
    tenant_id: value.tenant_id,
    config,
    synced,
    ...(pending.length === 0 ? {} : { pending }),
    ...(quarantined ? { quarantined: quarantined.reason } : {}),
    effective: effectivePolicy(config),
    version: value.version,
    revision,
    updated_at: value.updated_at,
    updated_by: value.updated_by,
  };
};
