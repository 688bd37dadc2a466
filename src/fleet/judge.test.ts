import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectState, WorkerFacts } from '../contract/fleet.ts';
import { judge, judgeWorker } from './judge.ts';

const R = 20;

test.each<[op: 'put' | 'delete', loaded: number, seen: number, ObjectState]>([
  ['put', 20, 20, 'applied'],
  ['put', 20, 99, 'applied'],
  // A plugin that never saw the directory's own revision still has the object: listing, not watching, brought it.
  ['put', 20, 0, 'applied'],
  ['put', 21, 21, 'superseded'],
  ['put', 99, 20, 'superseded'],
  ['put', 0, 19, 'pending'],
  ['put', 19, 19, 'pending'],
  ['put', 0, 20, 'rejected'],
  ['put', 19, 20, 'rejected'],
  ['put', 19, 99, 'rejected'],
  ['put', 0, 0, 'pending'],
  ['delete', 0, 20, 'deleted'],
  ['delete', 0, 99, 'deleted'],
  ['delete', 0, 19, 'pending'],
  ['delete', 19, 19, 'pending'],
  // It says it has passed the delete and still has the object.
  ['delete', 19, 20, 'pending'],
  ['delete', 20, 20, 'pending'],
  ['delete', 21, 21, 'superseded'],
])(
  'a worker asked for the %s of revision 20 with %i loaded that has seen %i: %s',
  (op, loaded, seen, state) => {
    expect(judgeWorker({ op, revision: R }, { loaded, seen })).toBe(state);
  },
);

const worker = (id: number, loaded: number, seen = 30): WorkerFacts => ({ id, pid: id + 100, loaded, seen });
const live = [
  { id: 0, pid: 100 },
  { id: 1, pid: 101 },
];

describe('a gateway of two workers', () => {
  test.each<[string, WorkerFacts[], ObjectState]>([
    ['both have it', [worker(0, R), worker(1, R)], 'applied'],
    ['one has it, one a newer one', [worker(0, R), worker(1, R + 1)], 'superseded'],
    ['one has it, one is silent', [worker(0, R)], 'pending'],
    ['one has it, one has not got there', [worker(0, R), worker(1, 0, R - 1)], 'pending'],
    ['one has it, one rejected it', [worker(0, R), worker(1, 0, R)], 'rejected'],
    ['one rejected it, one has not got there', [worker(0, 0), worker(1, 0, R - 1)], 'pending'],
    ['one speaks with an old pid', [worker(0, R), { ...worker(1, R), pid: 7 }], 'pending'],
    ['one says two things', [worker(0, R), worker(1, R), worker(1, 0, 0)], 'pending'],
    ['a stranger speaks', [worker(0, R), worker(1, R), worker(2, 0, 99)], 'applied'],
    ['nobody speaks', [], 'pending'],
  ])('%s: the put is %s', (_what, facts, state) => {
    expect(judge({ op: 'put', revision: R }, live, facts)).toBe(state);
  });

  test('a delete is done when both are without it and past it', () => {
    const expected = { op: 'delete', revision: R } as const;
    expect(judge(expected, live, [worker(0, 0), worker(1, 0)])).toBe('deleted');
    expect(judge(expected, live, [worker(0, 0), worker(1, R - 1)])).toBe('pending');
  });

  test('without live workers nothing is proved', () => {
    expect(judge({ op: 'put', revision: R }, [], [worker(0, R)])).toBe('pending');
  });
});

/** A worker that really processes a directory's events in order; it rejects some puts and keeps what it had. */
interface Event {
  readonly op: 'put' | 'delete';
  readonly rejects: boolean;
}
const factsAfter = (events: readonly Event[], processed: number, id: number): WorkerFacts => {
  let loaded = 0;
  for (const [i, { op, rejects }] of events.slice(0, processed).entries()) {
    if (op === 'delete') loaded = 0;
    else if (!rejects) loaded = i + 1;
  }
  return { id, pid: id, loaded, seen: processed };
};

test('no sequence of truthful, partial receipts yields applied before every worker has the object', () => {
  const event = fc.record({ op: fc.constantFrom('put' as const, 'delete' as const), rejects: fc.boolean() });
  const world = fc.array(event, { minLength: 1, maxLength: 8 }).chain((events) =>
    fc.record({
      events: fc.constant(events),
      target: fc.integer({ min: 1, max: events.length }),
      progress: fc.array(fc.integer({ min: 0, max: events.length }), { minLength: 1, maxLength: 4 }),
      reports: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    }),
  );
  fc.assert(
    fc.property(world, ({ events, target, progress, reports }) => {
      const op = events[target - 1]?.op ?? 'put';
      const truth = progress.map((processed, id) => factsAfter(events, processed, id));
      const workers = truth.map(({ id, pid }) => ({ id, pid }));
      const told = truth.filter((_, id) => reports[id]);
      const state = judge({ op, revision: target }, workers, told);
      const everyone = (holds: (facts: WorkerFacts) => boolean) => truth.every(holds);
      if (state === 'applied') expect(everyone(({ loaded }) => loaded === target)).toBe(true);
      const gone = ({ loaded, seen }: WorkerFacts) => op === 'delete' && loaded === 0 && seen >= target;
      if (state === 'superseded')
        expect(everyone((facts) => facts.loaded >= target || gone(facts))).toBe(true);
      if (state === 'deleted') expect(everyone(gone)).toBe(true);
      if (state === 'rejected')
        expect(truth.some(({ loaded, seen }) => loaded < target && seen >= target)).toBe(true);
      if (state !== 'pending') expect(told).toHaveLength(truth.length);
    }),
    { numRuns: 2_000 },
  );
});

test('who says seen ≥ R with loaded < R is never taken for having it, whatever else is said', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.record({ loaded: fc.nat(60), seen: fc.nat(60) }), { minLength: 1, maxLength: 4 }),
      fc.nat(3),
      (revision, others, liar) => {
        const facts = others.map((fact, id) => ({ id, pid: id, ...fact }));
        const at = liar % facts.length;
        facts[at] = { id: at, pid: at, loaded: revision - 1, seen: revision + 5 };
        const workers = facts.map(({ id, pid }) => ({ id, pid }));
        expect(['pending', 'rejected']).toContain(judge({ op: 'put', revision }, workers, facts));
      },
    ),
  );
});
