/**
 * From a plan to a transaction: versions and provenance are stamped, history, projection and claims derived,
 * preconditions checked. Reads only through the guarded reader.
 */
import { Refusal, type Text } from '../contract/errors.ts';
import type { EditSummary, Kind, RecordOf } from '../contract/record.ts';
import { parseCertificateId } from '../domain/certificate.ts';
import { type Authorship, etagOf, historyEntry, nextVersion, prunedVersion } from '../domain/version.ts';
import { type Projection, isManaged, render } from '../projection/object.ts';
import { placesOf } from '../projection/place.ts';
import { assertReadable } from '../projection/schema.ts';
import { parseJson } from '../shared/json.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import type { Guard, Put, Transaction } from '../store/port.ts';
import { callerGuards } from './caller.ts';
import { changePut } from './history/change-log.ts';
import type { ChangeRequest, ChangeRoom, Preconditions } from './context.ts';
import { type Edit, type ProjectedEdit, actionOf, projectionsOf } from './edit.ts';
import { requestPut } from './idempotency.ts';
import { prepareClaims } from './prepare-claims.ts';
import type { GuardedReader } from './reader.ts';

/** etcd takes requests up to 1.5 MiB. */
const RECORD_BYTES_MAX = 1_000_000;

/** What a change led to. */
export interface Receipt {
  /** The revision that carries it; `undefined` where nothing was written: for a dry run, or with nothing to change. */
  readonly revision: Revision | undefined;
  readonly edits: readonly EditSummary[];
  /** The records as written; `null` where one was deleted, and absent for a replayed answer. */
  readonly records: readonly (RecordOf[Kind] | null)[];
  readonly projected: readonly ProjectedEdit[];
  /** An earlier request with the same `Idempotency-Key` did it. */
  readonly replayed: boolean;
  readonly dry_run: boolean;
}

export type Planner = (reader: GuardedReader) => Promise<readonly Edit[]>;

export interface Prepared {
  readonly transaction: Transaction;
  readonly receipt: Receipt;
}

export const prepare = async (
  room: ChangeRoom,
  request: ChangeRequest,
  reader: GuardedReader,
  edits: readonly Edit[],
): Promise<Prepared> => {
  if (edits[0]) checkPreconditions(edits[0], request.preconditions);
  const now = room.clock.now();
  const author = {
    actor: request.actor,
    origin: request.origin,
    request_id: request.request_id,
    reason: request.reason,
    at: new Date(now).toISOString(),
  };
  const parts = await Promise.all(edits.map((edit) => prepareEdit(room, reader, edit, author, now)));
  const summaries = parts.map((part) => part.summary);
  const puts = parts.flatMap((part) => part.puts);
  if (edits.length > 0) {
    const logged = parts.map((part) => ({ ...part.summary, tenant_id: part.tenant_id }));
    puts.push(changePut(room.keys, reader.revision, author, logged));
  }
  if (request.idempotency && !request.dry_run) {
    puts.push(
      await requestPut(room, request.idempotency, {
        request_id: request.request_id,
        edits: summaries,
        considered: request.considered,
      }),
    );
  }
  const fence = request.fence ? [request.fence] : [];
  const guards = [
    ...fence,
    ...callerGuards(room, request),
    ...reader.guards(),
    ...parts.flatMap((part) => part.guards),
  ];
  return {
    transaction: { guards, puts, deletes: parts.flatMap((part) => part.deletes) },
    receipt: {
      revision: undefined,
      edits: summaries,
      records: parts.map((part) => part.record),
      projected: parts.flatMap((part) => part.projected),
      replayed: false,
      dry_run: request.dry_run ?? false,
    },
  };
};

const checkPreconditions = (edit: Edit, preconditions: Preconditions | undefined): void => {
  if (!preconditions) return;
  const { ifMatch, ifNoneMatch } = preconditions;
  const etag = edit.before ? etagOf(edit.before.record.version, edit.before.revision) : undefined;
  const matches = (tags: readonly string[]) =>
    etag !== undefined && (tags.includes('*') || tags.includes(etag));
  const pointer =
    ifMatch && !matches(ifMatch)
      ? '/if-match'
      : ifNoneMatch && matches(ifNoneMatch)
        ? '/if-none-match'
        : undefined;
  if (pointer === undefined) return;
  throw new Refusal('precondition_failed', {
    in: 'header',
    pointer,
    params: { etag: etag ?? '-' },
    extra: { etag },
  });
};

interface PreparedEdit {
  readonly summary: EditSummary;
  readonly tenant_id: string;
  readonly record: RecordOf[Kind] | null;
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
  readonly deletes: readonly string[];
  readonly projected: readonly ProjectedEdit[];
}

const prepareEdit = async (
  room: ChangeRoom,
  reader: GuardedReader,
  edit: Edit,
  author: Authorship,
  now_ms: number,
): Promise<PreparedEdit> => {
  const { kind, id, before } = edit;
  const { keys } = room;
  const version = nextVersion(await reader.newestVersion(kind, id, before));
  const record = stamped(edit, version, author);
  const entryOf = record ?? before?.record;
  if (!entryOf) throw new Error(`nothing to delete at ${kind}/${id}`);
  const action = actionOf(edit);
  const projections = record
    ? projectionsOf(kind, record, room)
    : placesOf(kind, id).map((place) => ({ ...place, body: null }));
  const projected = await prepareProjections(room, reader, projections, Math.floor(now_ms / 1000), edit);
  const written = projected.edits.map(({ directory, id: at, action: op }) => ({ directory, id: at, op }));
  const entry = JSON.stringify(historyEntry(kind, id, action, entryOf, version, author, written));
  if (Buffer.byteLength(entry) > RECORD_BYTES_MAX) throw new Refusal('record_too_large');
  const claims = await prepareClaims(room, reader, edit, record);
  const pruned = prunedVersion(version);
  return {
    summary: { kind, id, action, version },
    tenant_id: entryOf.tenant_id,
    record,
    guards: [{ key: keys.history(kind, id, version), modRevision: NO_REVISION }],
    puts: [
      ...(record ? [{ key: keys.record(kind, id), value: JSON.stringify(record) }] : []),
      { key: keys.history(kind, id, version), value: entry },
      ...projected.puts,
      ...claims.puts,
    ],
    deletes: [
      ...(record ? [] : [keys.record(kind, id)]),
      ...(pruned === undefined ? [] : [keys.history(kind, id, pruned)]),
      ...projected.deletes,
      ...claims.deletes,
    ],
    projected: projected.edits,
  };
};

const stamped = (edit: Edit, version: number, author: Authorship): RecordOf[Kind] | null =>
  edit.draft === null
    ? null
    : {
        ...edit.draft(version),
        version,
        updated_at: author.at,
        updated_by: author.actor,
      };

const prepareProjections = async (
  room: ChangeRoom,
  reader: GuardedReader,
  projections: readonly Projection[],
  now_s: number,
  edit: Edit,
): Promise<{ puts: Put[]; deletes: string[]; edits: ProjectedEdit[] }> => {
  const puts: Put[] = [];
  const deletes: string[] = [];
  const edits: ProjectedEdit[] = [];
  for (const projection of projections) {
    const { directory } = projection;
    const existing = await reader.projected(directory, projection.id);
    // Nobody else's object is overwritten by a new one. Where ours has been, whatever is there is ours again.
    const foreign =
      !edit.before &&
      existing !== undefined &&
      parseJson(existing) !== undefined &&
      !isManaged(directory, existing);
    const key = room.keys.projected(directory, projection.id);
    if (projection.body === null) {
      if (existing === undefined || foreign) continue;
      deletes.push(key);
      edits.push({ directory, id: projection.id, action: 'delete' });
      continue;
    }
    if (foreign) throw taken(edit);
    assertReadable(projection);
    const value = render(projection, existing, now_s);
    if (value === undefined) continue;
    puts.push({ key, value });
    edits.push({ directory, id: projection.id, action: 'put' });
  }
  return { puts, deletes, edits };
};

const FOREIGN: Text = {
  zh: '网关中已有不由 Lockstep 管理的同名证书',
  en: 'the gateways have a certificate of that name that Lockstep does not manage',
};

const taken = ({ kind, id, pointer = '' }: Edit): Refusal =>
  kind === 'ssl'
    ? new Refusal('domain_taken', {
        pointer: `${pointer}/domain`,
        params: { domain: parseCertificateId(id).domain, reason: FOREIGN },
      })
    : new Refusal('route_id_taken', { pointer: `${pointer}/id`, params: { id } });
