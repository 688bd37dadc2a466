/**
 * What facts of a gateway's workers prove about one object. Pure: the same for every gateway that speaks the protocol.
 *
 * A worker has a put when the revision it has in force is that of the put; a newer one in force means the put was
 * superseded. A worker that has processed a newer revision of the directory and has neither has passed the object
 * by: it rejected it. How far a worker has got in a directory proves nothing else.
 */
import type { ObjectState, Worker, WorkerFacts } from '../contract/fleet.ts';

export interface ExpectedWrite {
  readonly op: 'put' | 'delete';
  readonly revision: number;
}

export const judgeWorker = (
  { op, revision }: ExpectedWrite,
  { loaded, seen }: Pick<WorkerFacts, 'loaded' | 'seen'>,
): ObjectState => {
  if (loaded > revision) return 'superseded';
  if (op === 'delete') return loaded === 0 && seen >= revision ? 'deleted' : 'pending';
  if (loaded === revision) return 'applied';
  return seen >= revision ? 'rejected' : 'pending';
};

/** The least that any worker proves is what the gateway has proved. */
const WORST_FIRST: readonly ObjectState[] = ['pending', 'rejected', 'superseded', 'applied', 'deleted'];

/** All live workers must agree; one that is not heard of, by its id and pid, is pending. */
export const judge = (
  expected: ExpectedWrite,
  live: readonly Worker[],
  facts: readonly WorkerFacts[],
): ObjectState => {
  const states = live.flatMap(({ id, pid }): ObjectState[] => {
    const own = facts.filter((fact) => fact.id === id && fact.pid === pid);
    return own.length === 0 ? ['pending'] : own.map((fact) => judgeWorker(expected, fact));
  });
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'pending';
};
