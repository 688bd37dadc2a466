import { beforeEach, describe, expect, test } from 'vitest';
import type { ProjectedWrite } from '../contract/directory.ts';
import { type Revision, revision } from '../shared/revision.ts';
import { type Expectation, Expectations, type Listed } from './expectations.ts';

let replaced: [before: string, now: string | undefined][];
let list: Expectations;

const shown = ({ op, id, revision: at, learned }: Expectation): string =>
  `${op} ${id}@${at}${learned === at ? '' : ` learned ${learned}`}`;

beforeEach(() => {
  replaced = [];
  list = new Expectations((before, now) => replaced.push([shown(before), now && shown(now)]));
});

const r = (n: number): Revision => revision(n);
const put = (id: string): ProjectedWrite => ({ directory: 'routes', id, op: 'put' });
const gone = (id: string): ProjectedWrite => ({ directory: 'routes', id, op: 'delete' });
const found = (id: string, at: number): Listed => ({ directory: 'routes', id, revision: r(at) });
const after = (floor = 0): string[] => [...list.after(r(floor))].map(shown);

describe('what gateways should have', () => {
  test('is not known before a listing, then is what the listing has, oldest first', () => {
    expect(list.complete).toBe(false);
    list.listed([found('b', 5), found('a', 9), found('c', 7)], r(10));
    expect(list.complete).toBe(true);
    expect(list.position).toBe(10);
    expect(after()).toEqual(['put b@5', 'put c@7', 'put a@9']);
    expect(after(7)).toEqual(['put a@9']);
  });

  test('follows the changes; of an object only the newest write stands', () => {
    list.listed([found('a', 5)], r(10));
    list.changed([put('b'), put('a')], r(11));
    list.changed([gone('b')], r(12));
    expect(after()).toEqual(['put a@11', 'delete b@12']);
    expect(after(11)).toEqual(['delete b@12']);
    expect(replaced).toEqual([
      ['put a@5', 'put a@11'],
      ['put b@11', 'delete b@12'],
    ]);
  });

  test('moves on with a change that wrote nothing for gateways', () => {
    list.listed([], r(10));
    list.changed([], r(14));
    expect(list.position).toBe(14);
  });

  test('keeps what it learned after the revision of a listing that arrives late', () => {
    list.changed([put('a')], r(12));
    list.changed([gone('b')], r(13));
    list.listed([found('a', 4), found('b', 5), found('c', 6)], r(11));
    expect(after()).toEqual(['put c@6', 'put a@12', 'delete b@13']);
    expect(list.position).toBe(13);
  });

  test('after a gap, learns what was missed as of when it was written', () => {
    list.listed([found('a', 5), found('b', 6)], r(10));
    list.gap();
    expect(list.complete).toBe(false);
    list.changed([put('z')], r(30));
    list.listed([found('a', 20), found('b', 6), found('n', 15)], r(25));
    expect(after(10)).toEqual(['put n@15', 'put a@20', 'put z@30']);
    expect(list.complete).toBe(true);
  });

  test('learns only now what was written past it and is found by listing', () => {
    list.listed([found('a', 5)], r(10));
    list.changed([put('b')], r(12));
    expect(list.listed([found('a', 11), found('b', 12), found('c', 8)], r(13))).toBe(2);
    expect(after(12)).toEqual(['put a@11 learned 13', 'put c@8 learned 13']);
    expect(list.position).toBe(13);
  });

  test('asks after an object that has vanished by the last write of it that was known', () => {
    list.listed([found('a', 5)], r(10));
    expect(list.listed([], r(20))).toBe(1);
    expect(after()).toEqual(['delete a@5 learned 20']);
    expect(list.listed([], r(21))).toBe(0);
    expect(list.position).toBe(20);
  });

  test('a listing without surprises moves nothing', () => {
    list.listed([found('a', 5)], r(10));
    expect(list.listed([found('a', 5)], r(20))).toBe(0);
    expect(list.position).toBe(10);
  });

  test('a listing differs when it has more, less, or something else', () => {
    list.listed([found('a', 5), found('b', 6)], r(10));
    list.changed([gone('x'), put('z')], r(12));
    const differs = (...of: Listed[]) => list.differs(of, r(11));
    expect(differs(found('b', 6), found('a', 5))).toBe(false);
    expect(differs(found('b', 6), found('a', 5), found('z', 3))).toBe(false);
    expect(differs(found('a', 5))).toBe(true);
    expect(differs(found('a', 5), found('b', 7))).toBe(true);
    expect(differs(found('a', 5), found('b', 6), found('c', 7))).toBe(true);
  });

  test('a look at one object corrects that object', () => {
    list.listed([found('a', 5), found('b', 6)], r(10));
    const entry = (id: string) => list.get('routes', id) as Expectation;
    list.found(entry('a'), r(5), r(11));
    expect(list.position).toBe(10);
    list.found(entry('a'), r(9), r(11));
    list.found(entry('b'), undefined, r(12));
    expect(after()).toEqual(['put a@9 learned 11', 'delete b@6 learned 12']);
    expect(list.position).toBe(12);
  });

  test('a look that is overtaken by a change corrects nothing', () => {
    list.listed([found('a', 5)], r(10));
    const before = list.get('routes', 'a') as Expectation;
    list.changed([put('a')], r(11));
    list.found(before, r(5), r(10));
    list.found(list.get('routes', 'a') as Expectation, r(5), r(10));
    expect(after()).toEqual(['put a@11']);
  });

  test('of another store is nothing of what it was', () => {
    list.listed([found('a', 5)], r(10));
    list.reset();
    expect(after()).toEqual([]);
    expect([list.position, list.complete]).toEqual([0, false]);
    list.listed([found('a', 3)], r(4));
    expect(after()).toEqual(['put a@3']);
  });

  test('stays small however often objects change and go', () => {
    list.listed([], r(1));
    for (let at = 2; at < 40_000; at += 2) {
      list.changed([put(`id-${at}`)], r(at));
      list.changed([gone(`id-${at}`), put('same')], r(at + 1));
    }
    expect(list.size).toBeLessThanOrEqual(10_001);
    expect(replaced.filter(([, now]) => now === undefined).length).toBeGreaterThan(9_000);
    expect([...list.after(r(39_990))].length).toBeLessThan(20);
  });
});
