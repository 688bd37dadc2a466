/**
 * Anti-entropy: holds everything in the store that has to agree against each other at one revision, and puts right what
 * does not. In this order: records that nobody versioned are adopted, so that the projection follows them in the same
 * transaction; then the projection and the claims follow the records. What follows from a record that was not adopted is
 * left as it is: nobody's rules have let that record in.
 *
 * Guarantee: each repair is one transaction that applies only while everything it rests on is as it was found, and, for
 * a leader, while its term lasts.
 */
import type { Drift, DriftKind, DriftReport, OnDrift } from '../../contract/drift.ts';
import { differencesOf } from '../../domain/difference.ts';
import { withoutTimes } from '../../projection/object.ts';
import { turn } from '../../shared/async.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import type { Revision } from '../../shared/revision.ts';
import { SetDigest } from '../../store/digest.ts';
import type { Guard } from '../../store/port.ts';
import { type Adoption, adopt } from './adopt.ts';
import { type ClaimDrift, compareClaims } from './claim-drift.ts';
import type { ChangeRoom } from '../context.ts';
import { publishDriftReport } from './drift-report.ts';
import { type ProjectionDrift, compareProjection } from './projection-drift.ts';
import { type ProvenVersions, type RecordDrift, compareRecords, deletedRecords } from './record-drift.ts';
import { type Repair, ensureDirectories, repairObject } from './repair.ts';
import { type StoredState, readState } from '../stored-state.ts';

export interface DriftCheckOptions {
  readonly nodeId: string;
  readonly onDrift: OnDrift;
  /** The leader's term, when it is the leader who looks. */
  readonly fence?: Guard | undefined;
  /** What earlier looks of the same caller have proved. */
  readonly proven?: ProvenVersions;
}

export interface DriftCheck {
  /** `undefined` when the term was over. */
  readonly report: DriftReport | undefined;
  /** What was done about the projection. */
  readonly repairs: readonly Repair[];
  /** Records that were adopted as new versions. */
  readonly adopted: number;
  /** What was found and left, in the order of the report and without its bound. */
  readonly left: readonly DriftKind[];
}

/** Records looked at before others have their turn. */
const CHUNK = 200;

type Finding = Omit<Drift, 'since' | 'repaired_at'>;

/**
 * Looks once, and puts right what it finds if that is wanted.
 * @throws StoreUnavailableError | OutcomeUnknownError, or CompactedError when compaction overtakes it
 */
export const checkDrift = async (room: ChangeRoom, options: DriftCheckOptions): Promise<DriftCheck> => {
  const { onDrift, fence, proven = new Map<string, Revision>() } = options;
  if (onDrift === 'repair') await ensureDirectories(room, fence);
  const state = await readState(room);
  const projection = await compareProjection(room, state);
  const records = [
    ...(await compareRecords(room, state, proven)),
    ...(await deletedRecords(room, state, projection.drifts)),
  ];
  const claims = await compareClaims(room, state);
  const found: Found = { records, projection: projection.drifts, claims };
  const outcome =
    onDrift === 'repair'
      ? await repairAll(room, found, fence)
      : { ...leaveAll(found), repairs: [], adopted: 0 };
  const { clusterId: cluster_id, revision } = state.stamp;
  const report = await publishDriftReport(
    room,
    {
      node_id: options.nodeId,
      at: new Date(room.clock.now()).toISOString(),
      cluster_id,
      revision,
      records: state.records.size,
      digest: { sources: await sourceDigest(state), ...projection.digest },
      drifts: outcome.findings,
    },
    fence,
  );
  const left = outcome.findings.filter(({ state: is }) => is === 'left').map(({ found: kind }) => kind);
  return { report, repairs: outcome.repairs, adopted: outcome.adopted, left };
};

interface Found {
  readonly records: readonly RecordDrift[];
  readonly projection: readonly ProjectionDrift[];
  readonly claims: readonly ClaimDrift[];
}

const sourceDigest = async ({ records }: StoredState): Promise<string> => {
  const digest = new SetDigest();
  let n = 0;
  for (const [key, { kv }] of records) {
    digest.add(`${key}\0${kv.modRevision}\0${kv.value}`);
    if (++n % CHUNK === 0) await turn();
  }
  return digest.hex();
};

const leaveAll = ({ records, projection, claims }: Found): { findings: Finding[] } => ({
  findings: [
    ...records.map((drift) => recordFinding(drift, { kind: 'refused', reason: drift.reason })),
    ...projection.map((drift) => projectionFinding(drift, 'left')),
    ...claims.map((drift) => claimFinding(drift, 'left')),
  ],
});

const repairAll = async (
  room: ChangeRoom,
  { records, projection, claims }: Found,
  fence: Guard | undefined,
): Promise<{ findings: Finding[]; repairs: Repair[]; adopted: number }> => {
  const findings: Finding[] = [];
  const repairs: Repair[] = [];
  const settled = new Map<string, Adoption['kind']>();
  for (const drift of records) {
    const adoption = await adopt(room, drift, fence);
    room.log.warn(
      { key: drift.key, found: drift.found, adoption },
      'a record is not as its last version says',
    );
    if (drift.found === 'unversioned') settled.set(drift.key, adoption.kind);
    if (adoption.kind !== 'moved') findings.push(recordFinding(drift, adoption));
  }
  for (const drift of projection) {
    const record = drift.recordKey === undefined ? undefined : settled.get(drift.recordKey);
    if (record === 'refused') findings.push(projectionFinding(drift, 'left', NOT_ADOPTED));
    if (record !== undefined) continue;
    const repair = await repairObject(room, drift, fence);
    repairs.push(repair);
    if (repair.repaired) findings.push(projectionFinding(drift, 'repaired'));
  }
  for (const drift of claims) {
    const record = settled.get(drift.recordKey);
    if (record === 'refused') findings.push(claimFinding(drift, 'left', NOT_ADOPTED));
    if (record !== undefined) continue;
    const guards = [...(fence ? [fence] : []), ...drift.repair.guards];
    const { committed } = await room.store.transact({ ...drift.repair, guards });
    room.log.warn(
      { key: drift.key, found: drift.found, repaired: committed },
      'a claim was not of its record',
    );
    if (committed) findings.push(claimFinding(drift, 'repaired'));
  }
  const adopted = [...settled.values()].filter((kind) => kind === 'adopted').length;
  return { findings, repairs, adopted };
};

const NOT_ADOPTED = 'its record was not adopted';

const recordFinding = (
  { key, found, stored, newest }: RecordDrift,
  adoption: Exclude<Adoption, { kind: 'moved' }> | { kind: 'refused'; reason: string | undefined },
): Finding => {
  const expected = newest && newest.action !== 'delete' ? newest.record : undefined;
  const readable = stored && parseJson(stored.value);
  const reason = adoption.kind === 'refused' ? adoption.reason : undefined;
  return {
    key,
    object: 'record',
    found,
    state: adoption.kind === 'adopted' ? 'repaired' : 'left',
    ...(reason === undefined ? {} : { reason }),
    // What can't be read may hold anything, a secret too.
    differences: found === 'unreadable' ? [] : differencesOf(expected, readable),
  };
};

/** The members of objects with secrets that may be shown. */
const OPEN_MEMBERS = new Map<string, ReadonlySet<string>>([
  ['ssls', new Set(['id', 'labels', 'snis', 'sni', 'cert', 'status'])],
  ['cdn_defense/keyring', new Set(['id', 'state'])],
]);

const projectionFinding = (
  { key, directory, found, expected, stored }: ProjectionDrift,
  state: Finding['state'],
  reason?: string,
): Finding => ({
  key,
  object: 'projection',
  found,
  state,
  ...(reason === undefined ? {} : { reason }),
  differences: differencesOf(expected?.body, shownBody(stored?.value), OPEN_MEMBERS.get(directory)),
});

const shownBody = (text: string | undefined): unknown => {
  if (text === undefined) return undefined;
  const value = parseJson(text);
  return isObject(value) ? withoutTimes(value) : `[${text.length} characters that are no JSON object]`;
};

const claimFinding = ({ key, found }: ClaimDrift, state: Finding['state'], reason?: string): Finding => ({
  key,
  object: 'claim',
  found,
  state,
  ...(reason === undefined ? {} : { reason }),
  differences: [],
});
