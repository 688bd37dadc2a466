/** Source records as they stand in the store. */
import type { NodeReceipt, RouteRecord, TenantRecord } from '../../src/contract/record.ts';
import { type Stamp, revision } from '../../src/shared/revision.ts';
import type { KeyValue, LeaseId, StoreEvent } from '../../src/store/port.ts';

const provenance = { version: 1, updated_at: '2026-01-01T00:00:00.000Z', updated_by: 'tester' };

export const tenantRecord = (tenant_id: string, fields: Partial<TenantRecord> = {}): TenantRecord => ({
  tenant_id,
  ...provenance,
  ...fields,
});

export const routeRecord = (id: string, fields: Partial<RouteRecord> = {}): RouteRecord => ({
  id,
  tenant_id: 'acme',
  path: '/a',
  upstream: 'http://backend',
  created_at: provenance.updated_at,
  ...provenance,
  ...fields,
});

export const nodeReceipt = (node_id: string, fields: Partial<NodeReceipt> = {}): NodeReceipt => ({
  node_id,
  cluster_id: 'c',
  revision: 1,
  at: provenance.updated_at,
  started_at: provenance.updated_at,
  version: '0',
  instance: 'i',
  ...fields,
});

export const at = (n: number, clusterId = 'c'): Stamp => ({ clusterId, revision: revision(n) });

/** What nodes say of themselves, they say under a lease. */
const OF_NODES = /\/(nodes|pulses|gateways)\//;

export const kv = (key: string, value: unknown, n: number): KeyValue => ({
  key,
  value: typeof value === 'string' ? value : JSON.stringify(value),
  modRevision: revision(n),
  createRevision: revision(n),
  ...(OF_NODES.test(key) ? { lease: 'l' as LeaseId } : {}),
});

export const put = (key: string, value: unknown, n: number): StoreEvent => ({
  type: 'put',
  ...kv(key, value, n),
});

export const gone = (key: string, n: number): StoreEvent => ({
  type: 'delete',
  key,
  modRevision: revision(n),
});
