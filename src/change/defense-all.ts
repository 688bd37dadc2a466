import { Refusal } from '../contract/errors.ts';
import type { DefenseConfig, FleetDefenseConfig, TenantConfig } from '../contract/policy.ts';
import type { EditSummary, FleetSummary } from '../contract/record.ts';
import { tenantConfigOf } from '../domain/policy.ts';
import { decodeRecord } from '../domain/record.ts';
import { defenseOf } from '../domain/route.ts';
import { sameJson } from '../shared/json.ts';
import { NO_REVISION } from '../shared/revision.ts';
import { list } from '../store/listing.ts';
import { type Receipt, commitChange } from './commit.ts';
import type { ChangeRequest, ChangeRoom } from './context.ts';
import type { Edit } from './edit.ts';
import { earlierReceipt, requestKey, requestPut } from './idempotency.ts';
import type { GuardedReader } from './reader.ts';
import { defenseEdit } from './route.ts';
import { storeRefusal } from './store-refusal.ts';

/**
 * Edits in one transaction: a route as large as it may be takes 115 KB with its history and projection, and twelve of
 * these stay below etcd's 1.5 MiB. Five operations each stay below its 128, with room for guards.
 */
const BATCH_EDITS = 12;

interface Target {
  readonly kind: 'config' | 'routes';
  readonly id: string;
}

/** What an update of all defense configs did, and how it came about. */
export interface FleetUpdate extends FleetSummary {
  /** Of its batches, in order; empty for a replayed answer. */
  readonly receipts: readonly Receipt[];
  readonly dry_run: boolean;
  readonly replayed: boolean;
}

/**
 * Makes these parameters the effective ones of one tenant, or of all: they are set in every tenant's config, and
 * on protected routes wherever the route has a value of its own that would win over the tenant's. Objects that
 * say so already are left alone, so an interrupted run is finished by repeating it.
 * @throws Refusal; once a batch is in, with `completed` and `total` batches
 */
export const updateAllDefense = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string | undefined,
  config: FleetDefenseConfig,
): Promise<FleetUpdate> =>
  // One after the other, so that two of this node's never mix batch by batch.
  room.lock.run('defense/update-all', async () => {
    const earlier = await earlierUpdate(room, request);
    if (earlier) return { ...earlier, receipts: [], dry_run: false, replayed: true };
    return update(room, request, tenant_id, config);
  });

const update = async (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string | undefined,
  config: FleetDefenseConfig,
): Promise<FleetUpdate> => {
  const targets = await findTargets(room, tenant_id);
  const batches = chunks(targets, BATCH_EDITS);
  const atomic = batches.length <= 1;
  const receipts: Receipt[] = [];
  for (const [i, batch] of batches.entries()) {
    // A receipt of its own for each batch would say too early that the request is done.
    const part: ChangeRequest = atomic
      ? { ...request, considered: targets.length }
      : { ...request, idempotency: undefined };
    try {
      receipts.push(
        await commitChange(room, part, 'defense/all', (reader) => planBatch(reader, batch, config)),
      );
    } catch (error) {
      throw cutShort(error, i, batches.length);
    }
  }
  const edits = receipts.flatMap((receipt) => receipt.edits);
  const last = receipts.findLast((receipt) => receipt.revision !== undefined);
  const done = summary(targets.length, edits, last?.revision, batches.length);
  if (!atomic && !request.dry_run) await remember(room, request, done);
  return {
    ...done,
    receipts,
    dry_run: request.dry_run ?? false,
    replayed: receipts.some((receipt) => receipt.replayed),
  };
};

/** An error after some batches are in says how many. */
const cutShort = (error: unknown, completed: number, total: number): unknown => {
  if (completed === 0 || !(error instanceof Refusal)) return error;
  const { code, params, extra } = error;
  return new Refusal(code, { params, cause: error, extra: { ...extra, completed, total } });
};

/** What the same request led to before. @throws Refusal */
const earlierUpdate = async (room: ChangeRoom, request: ChangeRequest): Promise<FleetSummary | undefined> => {
  const { idempotency, dry_run } = request;
  if (!idempotency || dry_run) return undefined;
  try {
    const { kvs } = await room.store.range({ key: requestKey(room.keys, idempotency) });
    const earlier = earlierReceipt(kvs[0], idempotency);
    if (!earlier) return undefined;
    const { edits, fleet, considered = edits.length } = earlier.receipt;
    return fleet ?? summary(considered, edits, edits.length === 0 ? undefined : earlier.revision, 1);
  } catch (error) {
    throw storeRefusal(error);
  }
};

/**
 * Notes that a request in several batches is done, after its last batch. Cut off before, it is not noted, and
 * repeating it finishes it.
 */
const remember = async (room: ChangeRoom, request: ChangeRequest, fleet: FleetSummary): Promise<void> => {
  const { idempotency, request_id } = request;
  if (!idempotency) return;
  try {
    await room.requestLease.renewing(async () => {
      const put = await requestPut(room, idempotency, { request_id, edits: [], fleet });
      await room.store.transact({
        guards: [{ key: put.key, modRevision: NO_REVISION }],
        puts: [put],
        deletes: [],
      });
    });
  } catch (error) {
    throw cutShort(storeRefusal(error, request_id), fleet.batches, fleet.batches);
  }
};

const summary = (
  targets: number,
  edits: readonly EditSummary[],
  revision: number | undefined,
  batches: number,
): FleetSummary => {
  const count = (kind: Target['kind']) => edits.filter((edit) => edit.kind === kind).length;
  return {
    ...(revision === undefined ? {} : { revision }),
    tenants_updated: count('config'),
    routes_updated: count('routes'),
    unchanged: Math.max(0, targets - edits.length),
    batches,
    atomic: batches <= 1,
  };
};

/** Tenants with a config or a protected route, then protected routes; in a fixed order. */
const findTargets = async (room: ChangeRoom, tenant_id: string | undefined): Promise<Target[]> => {
  const listing = await list(room.store, [room.keys.records('config'), room.keys.records('routes')]).catch(
    (error: unknown) => {
      throw storeRefusal(error);
    },
  );
  const tenants = new Set<string>(tenant_id === undefined ? [] : [tenant_id]);
  const routes: Target[] = [];
  for (const kv of listing.kvs) {
    const place = room.keys.parse(kv.key);
    if (place?.family === 'config') tenants.add(place.id);
    if (place?.family !== 'routes') continue;
    const decoded = decodeRecord('routes', place.id, kv.value);
    if (!decoded.ok || !defenseOf(decoded.value)) continue;
    if (tenant_id !== undefined && decoded.value.tenant_id !== tenant_id) continue;
    tenants.add(decoded.value.tenant_id);
    routes.push({ kind: 'routes', id: place.id });
  }
  const wanted = [...tenants].filter((tenant) => tenant_id === undefined || tenant === tenant_id).sort();
  return [...wanted.map((id): Target => ({ kind: 'config', id })), ...routes];
};

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

const planBatch = async (
  reader: GuardedReader,
  batch: readonly Target[],
  config: FleetDefenseConfig,
): Promise<Edit[]> => {
  const edits = await Promise.all(
    batch.map((target) =>
      target.kind === 'config' ? tenantEdit(reader, target.id, config) : routeEdit(reader, target.id, config),
    ),
  );
  return edits.filter((edit) => edit !== undefined);
};

const tenantEdit = async (
  reader: GuardedReader,
  id: string,
  { enabled: _routesOnly, ...config }: FleetDefenseConfig,
): Promise<Edit<'config'> | undefined> => {
  const before = await reader.record('config', id);
  const current: TenantConfig = before ? tenantConfigOf(before.record) : {};
  const next = { ...current, ...config };
  if (sameJson(current, next)) return undefined;
  return { kind: 'config', id, before, draft: () => ({ ...next, tenant_id: id }) };
};

const routeEdit = async (
  reader: GuardedReader,
  id: string,
  { enabled_defense: _tenantsOnly, ...config }: FleetDefenseConfig,
): Promise<Edit<'routes'> | undefined> => {
  const before = await reader.record('routes', id);
  const current = before && defenseOf(before.record);
  if (!before || !current) return undefined;
  const winning = Object.entries(config).filter(
    ([name]) => name === 'enabled' || Object.hasOwn(current, name),
  );
  const next: DefenseConfig = { ...current, ...Object.fromEntries(winning) };
  return sameJson(current, next) ? undefined : defenseEdit(before, next);
};
