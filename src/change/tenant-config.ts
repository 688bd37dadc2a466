import { Refusal } from '../contract/errors.ts';
import type { TenantConfig, TenantConfigPatch } from '../contract/policy.ts';
import { mergePatch } from '../domain/merge-patch.ts';
import { tenantConfigOf } from '../domain/policy.ts';
import { type Receipt, commitChange } from './commit.ts';
import type { ChangeRequest, ChangeRoom } from './context.ts';
import type { Loaded } from './reader.ts';

const lockKey = (tenant_id: string): string => `config/${tenant_id}`;

const notFound = (tenant: string): Refusal =>
  new Refusal('config_not_found', { in: 'header', pointer: '/x-tenant-id', params: { tenant } });

/** What a tenant's config is to become; `null` deletes it. @throws Refusal when it can't be */
type Next = (before: Loaded<'config'> | undefined) => TenantConfig | null;

const change = (room: ChangeRoom, request: ChangeRequest, tenant_id: string, next: Next): Promise<Receipt> =>
  commitChange(room, request, lockKey(tenant_id), async (reader) => {
    const before = await reader.record('config', tenant_id);
    const config = next(before);
    return [{ kind: 'config', id: tenant_id, before, draft: config && (() => ({ ...config, tenant_id })) }];
  });

/** Sets a tenant's config: what is not in it falls back to the defaults. */
export const setTenantConfig = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  config: TenantConfig,
): Promise<Receipt> => change(room, request, tenant_id, () => config);

/** Changes some fields of a tenant's config. @throws Refusal config_not_found */
export const patchTenantConfig = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  patch: TenantConfigPatch,
): Promise<Receipt> =>
  change(room, request, tenant_id, (before) => {
    if (!before) throw notFound(tenant_id);
    return mergePatch<TenantConfig>(tenantConfigOf(before.record), patch);
  });

/** @throws Refusal config_not_found */
export const deleteTenantConfig = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
): Promise<Receipt> =>
  change(room, request, tenant_id, (before) => {
    if (!before) throw notFound(tenant_id);
    return null;
  });
