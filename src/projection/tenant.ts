import type { TenantRecord } from '../contract/record.ts';
import { tenantConfigOf } from '../domain/policy.ts';
import type { Projection } from './object.ts';

/** A tenant's parameters as the gateways' plugin reads them; defaults are the engine's. */
export const projectTenant = (record: TenantRecord): Projection[] => [
  {
    directory: 'cdn_defense/tenants',
    id: record.tenant_id,
    body: { id: record.tenant_id, ...tenantConfigOf(record) },
  },
];
