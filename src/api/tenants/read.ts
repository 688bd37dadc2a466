import { TenantAnswer, TenantList } from '../../contract/answer.ts';
import { Refusal } from '../../contract/errors.ts';
import { etagOf } from '../../domain/version.ts';
import { endpoint } from '../endpoint.ts';
import { PagedQuery, ReadQuery, freshness, paged, snapshotFor, tagged } from '../reading.ts';
import { quarantinedConfig, tenantView } from './view.ts';

export const getTenantConfig = endpoint({
  method: 'GET',
  url: '/global-config/tenant',
  access: 'tenant',
  tag: 'config',
  summary: 'The tenant’s config',
  schemas: { query: ReadQuery, response: { 200: TenantAnswer } },
  handle: async (call) => {
    const { node, tenant_id } = call;
    const snapshot = await snapshotFor(node, call.query);
    const cached = snapshot.config.get(tenant_id);
    if (!cached) {
      const about = { in: 'header', pointer: '/x-tenant-id', params: { tenant: tenant_id } } as const;
      const spoilt = quarantinedConfig(node, tenant_id);
      if (spoilt) {
        const params = { id: tenant_id, reason: spoilt.reason };
        throw new Refusal('record_unreadable', { ...about, params, extra: freshness(node) });
      }
      throw new Refusal('config_not_found', { ...about, extra: freshness(node) });
    }
    const body = { ...tenantView(node, cached), ...freshness(node) };
    return tagged(call, etagOf(cached.value.version, cached.revision), body);
  },
});

export const getAllConfigs = endpoint({
  method: 'GET',
  url: '/global-config/all',
  access: 'operator',
  sensitive: true,
  tag: 'config',
  summary: 'Every tenant’s config',
  schemas: {
    query: PagedQuery,
    response: { 200: TenantList },
  },
  handle: async ({ node, query }) => {
    const snapshot = await snapshotFor(node, query);
    const { page, ...rest } = paged([...snapshot.config.values()], ({ value }) => value.tenant_id, query);
    const tenants = page.map((cached) => tenantView(node, cached));
    return { status: 200, body: { ...rest, tenants, revision: snapshot.stamp.revision, ...freshness(node) } };
  },
});
