import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ProjectedWrite } from '../contract/directory.ts';
import { type Revision, revision } from '../shared/revision.ts';
import { type Expectation, Expectations } from './expectations.ts';
import { Proofs, type Rejected } from './proofs.ts';

const r = (n: number): Revision => revision(n);
const put = (id: string): ProjectedWrite => ({ directory: 'routes', id, op: 'put' });
const gone = (id: string): ProjectedWrite => ({ directory: 'routes', id, op: 'delete' });

let proofs: Proofs[];
let list: Expectations;

const join = (floor?: number, rejected?: Rejected[]): Proofs => {
  const joined = new Proofs(list, floor === undefined ? undefined : r(floor), rejected);
  proofs.push(joined);
  return joined;
};
const changed = (at: number, ...writes: ProjectedWrite[]): void => {
  list.changed(writes, r(at));
  for (const one of proofs) one.advance();
};
const entry = (id: string): Expectation => {
  const found = list.get('routes', id);
  if (!found) throw new Error(`${id} is not expected`);
  return found;
};
const due = (of: Proofs): string[] => [...of.outstanding()].map(({ id, revision: at }) => `${id}@${at}`);

beforeEach(() => {
  proofs = [];
  list = new Expectations((before, now) => {
    for (const one of proofs) one.replaced(before, now);
  });
  const found = ['a', 'b', 'c'].map((id, i) => ({ directory: 'routes' as const, id, revision: r(i + 3) }));
  list.listed(found, r(10));
});

describe('a gateway that comes for the first time', () => {
  test('has everything to prove, and nothing is proved before all of it is', () => {
    const gateway = join();
    expect(due(gateway)).toEqual(['a@3', 'b@4', 'c@5']);
    gateway.prove(entry('a'));
    gateway.prove(entry('c'));
    expect([due(gateway), gateway.proved]).toEqual([['b@4'], 0]);
    gateway.prove(entry('b'));
    expect([due(gateway), gateway.proved, gateway.done]).toEqual([[], 10, true]);
  });

  test('gets a floor although changes never pause', () => {
    const gateway = join();
    changed(11, put('x'));
    for (const id of ['a', 'b', 'c']) gateway.prove(entry(id));
    expect(gateway.proved).toBe(10);
    changed(12, put('y'));
    gateway.prove(entry('x'));
    expect(gateway.proved).toBe(11);
  });

  test('is not believed to have what was replaced before it had it', () => {
    const gateway = join();
    changed(11, put('a'));
    for (const id of ['b', 'c']) gateway.prove(entry(id));
    expect([due(gateway), gateway.proved]).toEqual([['a@11'], 0]);
    gateway.prove(entry('a'));
    expect(gateway.proved).toBe(11);
  });
});

describe('a gateway that has everything', () => {
  test('keeps up with a change that wrote nothing it reads', () => {
    const gateway = join(10);
    changed(14);
    expect(gateway.proved).toBe(14);
  });

  test('stands before the oldest thing it has not proved, whatever it has proved after that', () => {
    const gateway = join(10);
    changed(11, put('a'), put('x'));
    changed(12, put('y'));
    changed(13, gone('b'));
    gateway.prove(entry('y'));
    gateway.prove(entry('b'));
    gateway.prove(entry('a'));
    expect([due(gateway), gateway.proved]).toEqual([['x@11'], 10]);
    gateway.prove(entry('x'));
    expect(gateway.proved).toBe(13);
  });

  test('owes an object as of the first write it missed, until it proves the newest', () => {
    const gateway = join(10);
    changed(11, put('a'));
    changed(12, put('b'));
    changed(13, put('a'));
    gateway.prove(entry('b'));
    expect([due(gateway), gateway.proved]).toEqual([['a@13'], 10]);
    gateway.prove(entry('a'));
    expect(gateway.proved).toBe(13);
  });

  test('owes only the newer write of an object whose older one it proved', () => {
    const gateway = join(10);
    changed(11, put('a'));
    changed(12, put('b'));
    gateway.prove(entry('a'));
    changed(13, put('a'));
    gateway.prove(entry('b'));
    expect(gateway.proved).toBe(12);
  });

  test('proves nothing by what has been replaced meanwhile', () => {
    const gateway = join(10);
    changed(11, put('a'));
    const old = entry('a');
    changed(12, put('a'));
    expect(gateway.prove(old)).toBe(false);
    expect(gateway.proved).toBe(10);
  });

  test('gets no further during a gap', () => {
    const gateway = join(10);
    list.gap();
    changed(20, put('a'));
    gateway.prove(entry('a'));
    expect(gateway.proved).toBe(10);
    list.listed([{ directory: 'routes', id: 'b', revision: r(15) }], r(18));
    gateway.advance();
    expect(due(gateway)).toEqual(['b@15', 'c@5']);
  });
});

describe('a rejected object', () => {
  test('holds up nothing, and is told until a newer write of it is applied', () => {
    const gateway = join(10);
    changed(11, put('a'));
    changed(12, put('b'));
    gateway.reject(entry('a'), 'uris is missing', 3);
    gateway.prove(entry('b'));
    expect([due(gateway), gateway.proved]).toEqual([[], 12]);
    expect([...gateway.rejected.values()]).toMatchObject([{ reason: 'uris is missing', live: 3 }]);
    changed(13, put('a'));
    expect([due(gateway), gateway.rejected.size]).toEqual([['a@13'], 1]);
    gateway.prove(entry('a'));
    expect([gateway.proved, gateway.rejected.size]).toEqual([13, 0]);
  });

  test('is forgotten when it is deleted', () => {
    const gateway = join(10);
    changed(11, put('a'));
    gateway.reject(entry('a'), 'no', 0);
    changed(12, gone('a'));
    gateway.prove(entry('a'));
    expect([gateway.proved, gateway.rejected.size]).toEqual([12, 0]);
  });

  test('is news once', () => {
    const gateway = join(10);
    changed(11, put('a'));
    expect(gateway.reject(entry('a'), 'no', 0)).toBe(true);
    expect(gateway.reject(entry('a'), 'no', 0)).toBe(false);
    expect(gateway.reject(entry('a'), 'other', 0)).toBe(true);
  });

  test('moves with a gateway to another node, and is not asked after there', () => {
    const rejected = {
      entry: { directory: 'routes', id: 'c', op: 'put', revision: r(5) },
      reason: 'no',
      live: 0,
    } as const;
    const gateway = join(4, [rejected]);
    expect([due(gateway), gateway.proved, gateway.rejected.size]).toEqual([[], 10, 1]);
  });
});

test('other workers have everything to prove', () => {
  const gateway = join(10);
  changed(11, put('a'));
  gateway.reject(entry('a'), 'no', 0);
  gateway.restart();
  gateway.advance();
  expect([due(gateway), gateway.proved, gateway.rejected.size]).toEqual([['b@4', 'c@5', 'a@11'], 0, 0]);
});

test('a first listing of any size is proved through', () => {
  const found = Array.from({ length: 5_000 }, (_, i) => ({
    directory: 'routes' as const,
    id: `r${i}`,
    revision: r(i + 20),
  }));
  list.reset();
  list.listed(found, r(9_000));
  const gateway = join();
  let asked = 0;
  while (!gateway.done) {
    expect(gateway.proved).toBe(0);
    for (const one of [...gateway.outstanding()].slice(0, 500)) {
      gateway.prove(one);
      asked += 1;
    }
  }
  expect([asked, gateway.proved]).toEqual([5_000, 9_000]);
});

test('a gateway that never proves one object costs a bounded memory', () => {
  const gateway = join(10);
  changed(11, put('stuck'));
  for (let at = 12; at < 12_000; at++) {
    changed(at, put(`id-${at % 3_000}`));
    // The newest is proved only while there is room ahead of the one that is stuck.
    gateway.prove(entry(`id-${at % 3_000}`));
  }
  expect(gateway.proved).toBe(10);
  expect([...gateway.outstanding()].length).toBeLessThanOrEqual(1_200);
  const kept = Object.values(gateway).filter((part) => part instanceof Map || part instanceof Set);
  for (const part of kept as (Map<unknown, unknown> | Set<unknown>)[])
    expect(part.size).toBeLessThanOrEqual(1_000);
  for (let rounds = 0; !gateway.done && rounds < 100; rounds++)
    for (const one of [...gateway.outstanding()]) gateway.prove(one);
  expect(gateway.proved).toBe(11_999);
});

/** One step of a world in which a gateway really applies some of the changes, in any order. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('change' as const),
    id: fc.constantFrom('a', 'b', 'x', 'y'),
    gone: fc.boolean(),
  }),
  fc.record({ do: fc.constant('prove' as const), nth: fc.nat(5) }),
  fc.record({ do: fc.constant('reject' as const), nth: fc.nat(5) }),
);

test('the floor never covers a write that the gateway has neither proved, nor rejected, nor a newer one of', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 40 }), (fresh, steps) => {
      proofs = [];
      list = new Expectations((before, now) => {
        for (const one of proofs) one.replaced(before, now);
      });
      list.listed([{ directory: 'routes', id: 'a', revision: r(3) }], r(10));
      const gateway = join(fresh ? undefined : 10);
      /** Newest revision of each object that the gateway is settled about. */
      const settled = new Map<string, number>(fresh ? [] : [['a', 3]]);
      const written: { id: string; at: number }[] = [{ id: 'a', at: 3 }];
      let at = 10;
      for (const one of steps) {
        if (one.do === 'change') {
          at += 1;
          written.push({ id: one.id, at });
          changed(at, one.gone ? gone(one.id) : put(one.id));
        } else {
          const open = [...gateway.outstanding()];
          const target = open[one.nth % Math.max(1, open.length)];
          if (!target) continue;
          settled.set(target.id, target.revision);
          if (one.do === 'prove') gateway.prove(target);
          else gateway.reject(target, 'no', 0);
        }
        for (const { id, at: when } of written) {
          if (when <= gateway.proved) expect(settled.get(id) ?? 0).toBeGreaterThanOrEqual(when);
        }
      }
      for (const open of [...gateway.outstanding()]) gateway.prove(open);
      expect(gateway.proved).toBe(at);
    }),
    { numRuns: 1_000 },
  );
});
