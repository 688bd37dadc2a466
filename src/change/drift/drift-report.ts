/** The report of the last comparison, kept in the store so that every node can show it and no leader forgets it. */
import type { Drift, DriftReport } from '../../contract/drift.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import { type Guard, type KeyValue, StoreUnavailableError } from '../../store/port.ts';
import type { ChangeRoom } from '../context.ts';
import { storeRefusal } from '../store-refusal.ts';

const LEFT_MAX = 200;
const REPAIRED_MAX = 100;
/** Of the differences together: a report has to fit into a transaction. */
const DIFFERENCES_CHARS_MAX = 400_000;
const ATTEMPTS = 5;

/** A comparison's result before it is known what was found before. */
export type DriftFindings = Omit<DriftReport, 'left' | 'left_total' | 'repaired'> & {
  readonly drifts: readonly Omit<Drift, 'since' | 'repaired_at'>[];
};

/** @returns `undefined` before the first, `unavailable` when the store does not answer */
export const readDriftReport = async (room: ChangeRoom): Promise<DriftReport | undefined | 'unavailable'> => {
  try {
    return (await load(room)).report;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return 'unavailable';
    throw storeRefusal(error);
  }
};

const load = async ({
  store,
  keys,
}: ChangeRoom): Promise<{ kv: KeyValue | undefined; report: DriftReport | undefined }> => {
  const { kvs } = await store.range({ key: keys.driftReport() });
  const kv = kvs[0];
  const value = kv && parseJson(kv.value);
  const known = isObject(value) && Array.isArray(value['left']) && Array.isArray(value['repaired']);
  return { kv, report: known ? (value as unknown as DriftReport) : undefined };
};

/**
 * Stores a comparison's findings; what was found before keeps its time.
 * @param fence the leader's term, when it is the leader who compared
 * @returns the report, or `undefined` when the term is over or others went on writing reports
 * @throws StoreUnavailableError | OutcomeUnknownError
 */
export const publishDriftReport = async (
  room: ChangeRoom,
  findings: DriftFindings,
  fence: Guard | undefined,
): Promise<DriftReport | undefined> => {
  const key = room.keys.driftReport();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { kv, report: before } = await load(room);
    const report = merge(before, findings);
    const guards: Guard[] = [...(fence ? [fence] : []), { key, modRevision: kv?.modRevision ?? NO_REVISION }];
    const puts = [{ key, value: JSON.stringify(report) }];
    if ((await room.store.transact({ guards, puts, deletes: [] })).committed) return report;
  }
  return undefined;
};

const merge = (before: DriftReport | undefined, { drifts, ...findings }: DriftFindings): DriftReport => {
  const since = new Map((before?.left ?? []).map((drift) => [nameOf(drift), drift.since]));
  const dated = drifts.map((drift): Drift => ({ ...drift, since: since.get(nameOf(drift)) ?? findings.at }));
  const left = dated.filter(({ state }) => state === 'left');
  const repaired = dated
    .filter(({ state }) => state === 'repaired')
    .map((drift): Drift => ({ ...drift, repaired_at: findings.at }));
  const kept = [...(before?.repaired ?? []), ...repaired].slice(-REPAIRED_MAX);
  const shown = bounded([...left.slice(0, LEFT_MAX), ...kept.reverse()]);
  return {
    ...findings,
    left: shown.filter(({ state }) => state === 'left'),
    left_total: left.length,
    repaired: shown.filter(({ state }) => state === 'repaired').reverse(),
  };
};

const nameOf = ({ key, found }: Pick<Drift, 'key' | 'found'>): string => `${found} ${key}`;

/** Leaves out differences once there are too many, the later ones first. */
const bounded = (drifts: readonly Drift[]): Drift[] => {
  let room = DIFFERENCES_CHARS_MAX;
  return drifts.map((drift) => {
    const size = JSON.stringify(drift.differences).length;
    if (size > room) return { ...drift, differences: [] };
    room -= size;
    return drift;
  });
};
