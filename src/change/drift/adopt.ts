import { randomUUID } from 'node:crypto';
import { Refusal } from '../../contract/errors.ts';
import type { HistoryEntry, Kind, RecordOf } from '../../contract/record.ts';
import { storedHosts } from '../../domain/host.ts';
import { tenantConfigOf } from '../../domain/policy.ts';
import { defenseOf, routeSpecOf } from '../../domain/route.ts';
import { type Revision, NO_REVISION } from '../../shared/revision.ts';
import type { Guard } from '../../store/port.ts';
import { commitChange } from '../commit.ts';
import type { ChangeRequest, ChangeRoom } from '../context.ts';
import type { DraftOf, Edit } from '../edit.ts';
import { newestEntry } from '../history/newest-entry.ts';
import type { RecordDrift } from './record-drift.ts';
import type { GuardedReader } from '../reader.ts';
import { routeDraft } from '../route.ts';
import { checkUpstreams } from '../upstream.ts';

/** Who it was that wrote it past Lockstep, nobody knows. */
const ACTOR = 'lockstep-drift';
const REASON = 'written in the store past Lockstep, and adopted';

/** What became of a record that nobody versioned. */
export type Adoption =
  | { readonly kind: 'adopted'; readonly revision: Revision }
  /** Somebody changed it meanwhile; the next look decides anew. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): Adoption => ({ kind: 'refused', reason });

/**
 * Makes what stands in the store a version, as if it had been asked for through the API: under the same rules, with
 * history, projection and claims in one transaction. A record that was deleted gets the delete its history lacks. What
 * the rules refuse is not adopted, nor is what changes hands between tenants; a certificate's key is bound to its version,
 * so a certificate has to be uploaded.
 * @param fence the leader's term, when it is the leader who does it
 * @throws StoreUnavailableError | OutcomeUnknownError
 */
export const adopt = async (
  room: ChangeRoom,
  drift: RecordDrift,
  fence: Guard | undefined,
): Promise<Adoption> => {
  const { kind, id, found, stored } = drift;
  if (kind === undefined || found !== 'unversioned') return refused(drift.reason ?? 'it can not be read');
  if (kind === 'ssl' && stored) return refused('its key is bound to a version: upload the certificate');
  const request: ChangeRequest = { actor: ACTOR, reason: REASON, request_id: randomUUID(), fence };
  let planned = 0;
  try {
    const receipt = await commitChange(room, request, `${kind}/${id}`, async (reader) => {
      // Whoever loses a race against the store or the fence leaves it to the next look.
      if (planned++ > 0) return [];
      const edit = await editOf(room, reader, kind, id, stored?.modRevision ?? NO_REVISION);
      return edit ? [edit] : [];
    });
    return receipt.revision === undefined
      ? { kind: 'moved' }
      : { kind: 'adopted', revision: receipt.revision };
  } catch (error) {
    if (error instanceof Refusal && error.status < 500) return refused(`${error.code}: ${error.message}`);
    throw error;
  }
};

const editOf = async (
  room: ChangeRoom,
  reader: GuardedReader,
  kind: Kind,
  id: string,
  foundAt: Revision,
): Promise<Edit | undefined> => {
  const current = await reader.record(kind, id);
  if ((current?.revision ?? NO_REVISION) !== foundAt) return undefined;
  const newest = await newestEntry(room, kind, id);
  const last = newest && newest.action !== 'delete' ? newest.record : undefined;
  const before = last && { record: last, revision: foundAt };
  if (!current) return before && { kind, id, before, draft: null };
  checkOwner(newest, current.record, id);
  const draft = await draftOf(room, kind, current.record);
  return { kind, id, before, draft: () => draft };
};

/** A tenant must not get another's object by somebody's slip. @throws Refusal route_id_taken */
const checkOwner = (newest: HistoryEntry | undefined, current: RecordOf[Kind], id: string): void => {
  if (newest && newest.action !== 'delete' && newest.tenant_id !== current.tenant_id) {
    throw new Refusal('route_id_taken', { pointer: '/tenant_id', params: { id } });
  }
};

const draftOf = async (room: ChangeRoom, kind: Kind, record: RecordOf[Kind]): Promise<DraftOf<Kind>> => {
  if (kind === 'config') {
    const config = record as RecordOf['config'];
    return { ...tenantConfigOf(config), tenant_id: config.tenant_id };
  }
  const route = record as RecordOf['routes'];
  const spec = routeSpecOf(route);
  await checkUpstreams(room, route.tenant_id, spec.upstream, '/upstream');
  const stored = spec.hosts ? { ...spec, hosts: storedHosts(spec.hosts, '/hosts') } : spec;
  return routeDraft(route, stored, defenseOf(route));
};
