import { Type } from '@sinclair/typebox';
import { deleteTenantConfig, patchTenantConfig, setTenantConfig } from '../../change/tenant-config.ts';
import { TenantChanged } from '../../contract/answer.ts';
import { TenantConfig, TenantConfigPatch, type TenantConfigPatch as Patch } from '../../contract/policy.ts';
import { endpoint } from '../endpoint.ts';
import { WriteQuery, type Wording, answerChange, changeRequest } from '../writing.ts';

const url = '/global-config/tenant';

const wording = (message: Wording['message'], id: string): Wording => ({
  message,
  id,
  underway: 'broadcasting_to_all_nodes',
});

export const postTenantConfig = endpoint({
  method: 'POST',
  url,
  access: 'tenant',
  tag: 'config',
  summary: 'Set the tenant’s config',
  writes: true,
  schemas: {
    query: WriteQuery,
    body: Type.Object({ config: TenantConfig }, { additionalProperties: false }),
    response: { 200: TenantChanged, 202: TenantChanged },
  },
  handle: async (call) => {
    const { tenant_id } = call;
    const receipt = await setTenantConfig(
      call.node.changes,
      changeRequest(call),
      tenant_id,
      call.body.config,
    );
    return answerChange(call, receipt, wording('config_updated', tenant_id), { tenant_id });
  },
});

export const patchTenantConfigEndpoint = endpoint({
  method: 'PATCH',
  url,
  access: 'tenant',
  tag: 'config',
  summary: 'Change some fields of the tenant’s config; null takes one away',
  writes: true,
  schemas: {
    query: WriteQuery,
    body: Type.Object({ config: TenantConfigPatch }, { additionalProperties: false }),
    response: { 200: TenantChanged, 202: TenantChanged },
  },
  handle: async (call) => {
    const { tenant_id } = call;
    const patch = call.body.config as Patch;
    const receipt = await patchTenantConfig(call.node.changes, changeRequest(call), tenant_id, patch);
    return answerChange(call, receipt, wording('config_updated', tenant_id), { tenant_id });
  },
});

export const deleteTenantConfigEndpoint = endpoint({
  method: 'DELETE',
  url,
  access: 'tenant',
  tag: 'config',
  summary: 'Delete the tenant’s config; the defaults hold from then on',
  writes: true,
  schemas: { query: WriteQuery, response: { 200: TenantChanged, 202: TenantChanged } },
  handle: async (call) => {
    const { tenant_id } = call;
    const receipt = await deleteTenantConfig(call.node.changes, changeRequest(call), tenant_id);
    return answerChange(call, receipt, wording('config_deleted', tenant_id), { tenant_id });
  },
});
