import { Type } from '@sinclair/typebox';
import { updateAllDefense } from '../../change/defense-all.ts';
import { applyDefense, removeDefense } from '../../change/route.ts';
import { FleetDefenseChanged, RouteChanged } from '../../contract/answer.ts';
import { RouteId } from '../../contract/identifier.ts';
import { message } from '../../contract/message.ts';
import { DefenseConfig, FleetDefenseConfig } from '../../contract/policy.ts';
import { revision as toRevision } from '../../shared/revision.ts';
import { endpoint } from '../endpoint.ts';
import { checkCapability, withWarnings } from './capability.ts';
import { settle } from '../settle.ts';
import {
  WriteQuery,
  type Wording,
  answerChange,
  changeRequest,
  changeRequestOfMany,
  plannedChanges,
  revisionHeader,
} from '../writing.ts';

const wording = (message: Wording['message'], id: string): Wording => ({
  message,
  id,
  underway: 'syncing_to_apisix_and_nodes',
  waits: true,
});

export const applyDefenseEndpoint = endpoint({
  method: 'POST',
  url: '/defense-plugin/apply',
  access: 'tenant',
  tag: 'defense',
  summary: 'Put the defense on a route, with parameters of its own',
  writes: true,
  schemas: {
    query: WriteQuery,
    body: Type.Object({ route_id: RouteId, defense_config: DefenseConfig }, { additionalProperties: false }),
    response: { 200: RouteChanged, 202: RouteChanged },
  },
  handle: async (call) => {
    const { route_id, defense_config } = call.body;
    const warnings = defense_config.enabled === false ? [] : checkCapability(call);
    const receipt = await applyDefense(
      call.node.changes,
      changeRequest(call),
      call.tenant_id,
      route_id,
      defense_config,
    );
    const answer = await answerChange(call, receipt, wording('defense_applied', route_id), { route_id });
    return withWarnings(answer, warnings);
  },
});

export const removeDefenseEndpoint = endpoint({
  method: 'DELETE',
  url: '/defense-plugin/:route_id',
  access: 'tenant',
  tag: 'defense',
  summary: 'Take the defense off a route',
  writes: true,
  schemas: {
    params: Type.Object({ route_id: RouteId }),
    query: WriteQuery,
    response: { 200: RouteChanged, 202: RouteChanged },
  },
  handle: async (call) => {
    const { route_id } = call.params;
    const receipt = await removeDefense(call.node.changes, changeRequest(call), call.tenant_id, route_id);
    return answerChange(call, receipt, wording('defense_removed', route_id), { route_id });
  },
});

export const updateAllDefenseEndpoint = endpoint({
  method: 'POST',
  url: '/defense-plugin/update-all',
  access: 'operator',
  tag: 'defense',
  summary: 'Set defense parameters for every tenant and protected route, or with X-Tenant-ID for one tenant',
  writes: true,
  many: true,
  schemas: {
    query: WriteQuery,
    body: Type.Object({ defense_config: FleetDefenseConfig }, { additionalProperties: false }),
    response: { 200: FleetDefenseChanged, 202: FleetDefenseChanged },
  },
  handle: async (call) => {
    const { node, tenant_id, language } = call;
    const tenant = tenant_id === '' ? undefined : tenant_id;
    const { enabled, enabled_defense } = call.body.defense_config;
    // To switch the defense off is safe anywhere.
    const warnings = enabled === false || enabled_defense === false ? [] : checkCapability(call);
    const update = await updateAllDefense(
      node.changes,
      changeRequestOfMany(call),
      tenant,
      call.body.defense_config,
    );
    const { dry_run, replayed, receipts, ...counts } = update;
    const text = message('defense_updated_all', language);
    if (dry_run) {
      const changes = plannedChanges(receipts);
      const body = { message: text, ...counts, sync_status: 'dry_run', dry_run, changes };
      return withWarnings({ status: 200, body }, warnings);
    }
    // Where nothing had to change, the question left is whether every node has what was there.
    const revision = toRevision(update.revision ?? node.cache.snapshot()?.changed ?? 0);
    const settling = { underway: 'syncing_to_all_nodes', waits: true } as const;
    const earlier = receipts.flatMap((receipt) => receipt.revision ?? []);
    const { status, ...sync } = await settle(call, revision, settling, earlier);
    const body = { message: text, ...counts, ...sync, revision };
    const headers = {
      ...revisionHeader(update.revision === undefined ? undefined : revision),
      ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
    };
    return withWarnings({ status, body, headers }, warnings);
  },
});
