import { Refusal, type RefusalOptions } from '../contract/errors.ts';
import type { DefenseConfig } from '../contract/policy.ts';
import type { RouteRecord } from '../contract/record.ts';
import type { RouteSpec, RouteUpdates } from '../contract/route.ts';
import { storedHosts } from '../domain/host.ts';
import { applyUpdates, defenseOf, routeSpecOf } from '../domain/route.ts';
import { type Receipt, commitChange } from './commit.ts';
import type { ChangeRequest, ChangeRoom } from './context.ts';
import type { DraftOf, Edit } from './edit.ts';
import type { GuardedReader, Loaded } from './reader.ts';
import { checkUpstreams } from './upstream.ts';

const lockKey = (id: string): string => `routes/${id}`;

/** Where the request names the route. */
type Named = Pick<RefusalOptions, 'in' | 'pointer'>;
const BY_PATH: Named = { in: 'path', pointer: '/id' };
const BY_DEFENSE_PATH: Named = { in: 'path', pointer: '/route_id' };
const BY_BODY: Named = { in: 'body', pointer: '/route_id' };

/** Another tenant's route is, to everybody else, not there. @throws Refusal route_not_found */
const ownRoute = async (
  reader: GuardedReader,
  tenant_id: string,
  id: string,
  named: Named,
): Promise<Loaded<'routes'>> => {
  const loaded = await reader.record('routes', id);
  if (loaded?.record.tenant_id !== tenant_id)
    throw new Refusal('route_not_found', { ...named, params: { id } });
  return loaded;
};

/** What a route is to become; whose it is and since when stay. */
export const routeDraft = (
  before: RouteRecord,
  spec: RouteSpec,
  defense: DefenseConfig | undefined,
): DraftOf<'routes'> => ({
  ...spec,
  tenant_id: before.tenant_id,
  created_at: before.created_at,
  ...(defense ? { plugins: { cdn_defense: defense } } : {}),
});

/**
 * @throws Refusal route_id_taken, domain_taken, path_taken, hosts_required, hostless_conflict, wildcard_too_wide,
 * upstream_invalid, upstream_forbidden, names_unresolvable_now
 */
export const createRoute = async (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  given: RouteSpec,
): Promise<Receipt> => {
  await checkUpstreams(room, tenant_id, given.upstream, '/route/upstream');
  const spec = given.hosts ? { ...given, hosts: storedHosts(given.hosts, '/route/hosts') } : given;
  const created_at = new Date(room.clock.now()).toISOString();
  return commitChange(room, request, lockKey(spec.id), async (reader) => {
    const before = await reader.record('routes', spec.id);
    if (before) throw new Refusal('route_id_taken', { pointer: '/route/id', params: { id: spec.id } });
    const draft = () => ({ ...spec, tenant_id, created_at });
    return [{ kind: 'routes', id: spec.id, before, draft, pointer: '/route' }];
  });
};

/** @throws Refusal route_not_found and those of `createRoute` */
export const updateRoute = async (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  id: string,
  given: RouteUpdates,
): Promise<Receipt> => {
  const updates = given.hosts ? { ...given, hosts: storedHosts(given.hosts, '/updates/hosts') } : given;
  if (updates.upstream !== undefined && updates.upstream !== null) {
    await checkUpstreams(room, tenant_id, updates.upstream, '/updates/upstream');
  }
  return commitChange(room, request, lockKey(id), async (reader) => {
    const before = await ownRoute(reader, tenant_id, id, BY_PATH);
    const spec = applyUpdates(routeSpecOf(before.record), updates);
    const draft = () => routeDraft(before.record, spec, defenseOf(before.record));
    return [{ kind: 'routes', id, before, draft, pointer: '/updates' }];
  });
};

/** @throws Refusal route_not_found */
export const deleteRoute = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  id: string,
): Promise<Receipt> =>
  commitChange(room, request, lockKey(id), async (reader) => [
    { kind: 'routes', id, before: await ownRoute(reader, tenant_id, id, BY_PATH), draft: null },
  ]);

/** The edit that gives a route these defense parameters. */
export const defenseEdit = (
  before: Loaded<'routes'>,
  defense: DefenseConfig | undefined,
): Edit<'routes'> => ({
  kind: 'routes',
  id: before.record.id,
  before,
  draft: () => routeDraft(before.record, routeSpecOf(before.record), defense),
});

/**
 * Puts the defense plugin on a route with these parameters of its own; what is not in them falls back to the
 * tenant's. @throws Refusal route_not_found
 */
export const applyDefense = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  id: string,
  defense: DefenseConfig,
): Promise<Receipt> =>
  commitChange(room, request, lockKey(id), async (reader) => [
    defenseEdit(await ownRoute(reader, tenant_id, id, BY_BODY), defense),
  ]);

/** Takes the defense plugin off a route. @throws Refusal route_not_found, defense_not_applied */
export const removeDefense = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  id: string,
): Promise<Receipt> =>
  commitChange(room, request, lockKey(id), async (reader) => {
    const before = await ownRoute(reader, tenant_id, id, BY_DEFENSE_PATH);
    if (!defenseOf(before.record)) {
      throw new Refusal('defense_not_applied', { ...BY_DEFENSE_PATH, params: { id } });
    }
    return [defenseEdit(before, undefined)];
  });
