/** What a node tells of its gateways, and what another makes of it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { at, gone, kv, put } from '../../test/support/records.ts';
import type { Heartbeat } from '../contract/fleet.ts';
import type { Progress, Roster } from '../contract/fleet-summary.ts';
import { decodeProgress, decodeRoster } from '../domain/fleet-summary.ts';
import { type Revision, revision } from '../shared/revision.ts';
import { Expectations } from './expectations.ts';
import { Session } from './session.ts';
import { Summaries, type ToldGateway } from './summaries.ts';
import { progressOf, rosterOf } from './summary.ts';

const r = (n: number): Revision => revision(n);
let list: Expectations;
let now_ms: number;

beforeEach(() => {
  now_ms = 1_000;
  const known: Session[] = [];
  list = new Expectations((before, now) => {
    for (const one of known) one.proofs.replaced(before, now);
  });
  list.listed([], r(10));
});

const heartbeat = (id: string): Heartbeat => ({
  gateway_id: id,
  instance: `instance-of-${id}`,
  kind: 'apisix',
  version: '3.18.0',
  plugin: { loaded: true },
  workers: [{ id: 0, pid: 1 }],
  proved: null,
  hold_ms: 0,
});
const session = (id: string, floor = 10, rank = 1): Session =>
  new Session(list, heartbeat(id), { rank, floor: r(floor), rejected: [], predecessors: [] }, now_ms);

const roster = (sessions: readonly Session[], process = 'p1', number = 1): Roster =>
  rosterOf(sessions, { cluster_id: 'c', process, number });
const progress = (sessions: readonly (Session | undefined)[], number = 1): Progress =>
  progressOf({
    sessions,
    roster: { cluster_id: 'c', number },
    position: list.position,
    changes: [],
    quarantined: [],
    now_ms,
    wall_ms: Date.parse('2026-01-01T00:00:00Z'),
  });

describe('a summary', () => {
  test('is small when all is well, whatever the number of gateways', () => {
    const all = Array.from({ length: 1_000 }, (_, i) => session(`edge-${i}`));
    const said = progress(all);
    expect(said).toMatchObject({ floor: 10, apart: [] });
    expect(said.states).toBe('s'.repeat(1_000));
    expect(JSON.stringify(said).length).toBeLessThan(1_300);
  });

  test('survives being written and read', () => {
    const all = [session('a'), session('b')];
    expect(decodeRoster(JSON.stringify(roster(all)))).toEqual(roster(all));
    expect(decodeProgress(JSON.stringify(progress(all)))).toEqual(progress(all));
  });

  test('with more gateways behind than it lists has a floor below the others, never above anybody', () => {
    const all = Array.from({ length: 300 }, (_, i) => session(`edge-${i}`, 10));
    for (let n = 11; n <= 310; n++) {
      list.changed([{ directory: 'routes', id: `r${n}`, op: 'put' }], r(n));
      const entry = list.get('routes', `r${n}`);
      for (const [i, one] of all.entries()) if (entry && i >= n - 10) one.proofs.prove(entry);
    }
    const said = progress(all);
    expect(said.apart).toHaveLength(200);
    const listed = new Set(said.apart.map(({ id }) => id));
    for (const one of all)
      if (!listed.has(one.id)) expect(one.proofs.proved).toBeGreaterThanOrEqual(said.floor);
    expect(JSON.stringify(said).length).toBeLessThan(30_000);
  });

  test('of a gateway that rejects much tells the newest, and how much', () => {
    const one = session('edge');
    for (let n = 11; n < 40; n++) {
      list.changed([{ directory: 'routes', id: `r${n}`, op: 'put' }], r(n));
      const entry = list.get('routes', `r${n}`);
      if (entry) one.proofs.reject(entry, 'x'.repeat(500), 0);
    }
    const [apart] = progress([one]).apart;
    expect(apart).toMatchObject({ rejected_total: 29 });
    expect(apart?.rejected.map(({ revision: of, reason }) => [of, reason.length])).toEqual([
      [37, 200],
      [38, 200],
      [39, 200],
    ]);
  });

  test('says of a gateway that has just gone that it has', () => {
    const [a, b] = [session('a'), session('b')];
    expect(progress([a, undefined, b]).states).toBe('sds');
  });
});

describe('what is told of gateways', () => {
  let told: Summaries;
  let changes: string[];
  let removed: string[];
  const clock = { now: () => now_ms, monotonic: () => now_ms };

  beforeEach(() => {
    changes = [];
    removed = [];
    told = new Summaries({
      keys: KEYS,
      clock,
      changed: (what) => changes.push(what),
      removed: (node) => removed.push(node),
    });
    told.replace([], at(11));
  });

  const say = (n: number, node: string, sessions: readonly Session[], process = node, number = 1): void =>
    told.apply(
      [
        put(KEYS.pulse(node), {}, n),
        put(KEYS.progress(node), progress(sessions, number), n),
        put(KEYS.roster(node), roster(sessions, process, number), n),
      ],
      at(n),
    );
  const find = (id: string): Partial<ToldGateway> | undefined => told.find(id);

  test('is what the node that took a gateway up last says', () => {
    say(20, 'n1', [session('edge', 5, 1)]);
    say(21, 'n2', [session('edge', 7, 2)]);
    expect(find('edge')).toMatchObject({ node_id: 'n2', revision: 10, rank: 2, orphaned: false });
    expect([...told.told('n1')].map(({ node_id }) => node_id)).toEqual(['n2']);
  });

  test('is unknown while progress and roster do not belong together', () => {
    say(20, 'n1', [session('edge')]);
    told.apply([put(KEYS.roster('n1'), roster([session('edge')], 'n1', 2), 21)], at(21));
    expect(find('edge')).toMatchObject({ state: 'unknown', revision: 0 });
  });

  test('counts for nothing when it is of another store, or of what was not written yet', () => {
    const other = { ...progress([session('edge')]), cluster_id: 'other' };
    told.apply(
      [put(KEYS.roster('n1'), roster([session('edge')]), 20), put(KEYS.progress('n1'), other, 20)],
      at(20),
    );
    expect(find('edge')).toMatchObject({ state: 'unknown', revision: 0 });
    const ahead = { ...progress([session('edge')]), floor: 500 };
    told.apply([put(KEYS.progress('n1'), ahead, 21)], at(21));
    expect(find('edge')?.revision).toBe(0);
  });

  test('without the pulse of its node is orphaned', () => {
    say(20, 'n1', [session('edge')]);
    told.apply([gone(KEYS.pulse('n1'), 21)], at(21));
    expect(find('edge')).toMatchObject({ orphaned: true, revision: 10 });
    expect([told.hasPulse('n1'), told.silent_ms('n1')]).toEqual([false, 3_000]);
  });

  test('is remembered for 30 s after its node is gone', () => {
    say(20, 'n1', [session('edge')]);
    told.apply(
      [gone(KEYS.roster('n1'), 21), gone(KEYS.progress('n1'), 21), gone(KEYS.pulse('n1'), 21)],
      at(21),
    );
    expect(removed).toEqual(['n1', 'n1']);
    expect([...told.told('x')]).toMatchObject([{ id: 'edge', orphaned: true, revision: 10 }]);
    now_ms += 30_001;
    expect([...told.told('x')]).toEqual([]);
  });

  test('is remembered of a node that was started anew and does not hear all of them yet', () => {
    say(20, 'n1', [session('a'), session('b')], 'first');
    say(21, 'n1', [session('a', 10, 2)], 'second');
    expect(find('a')).toMatchObject({ rank: 2, orphaned: false });
    expect(find('b')).toMatchObject({ revision: 10, orphaned: true });
    expect([...told.told('second')].map(({ id }) => id).sort()).toEqual(['a', 'b']);
  });

  test('outlives a listing that does not have it any more, and none of another store', () => {
    say(20, 'n1', [session('edge')]);
    told.replace([], at(30));
    expect(find('edge')).toMatchObject({ orphaned: true });
    say(31, 'n1', [session('edge')]);
    told.replace([], at(40, 'another'));
    expect(find('edge')).toBeUndefined();
  });

  test('is read from a listing', () => {
    const all = [session('edge')];
    told.replace(
      [
        kv(KEYS.progress('n1'), progress(all), 20),
        kv(KEYS.pulse('n1'), {}, 19),
        kv(KEYS.roster('n1'), roster(all), 20),
      ],
      at(25),
    );
    expect(find('edge')).toMatchObject({ state: 'synced', orphaned: false });
  });

  test('that can not be read is nothing', () => {
    say(20, 'n1', [session('edge')]);
    told.apply([put(KEYS.roster('n1'), 'x', 21), put(KEYS.progress('n1'), '{}', 21)], at(21));
    expect(find('edge')).toBeUndefined();
  });

  test('is news only when it is about the fleet', () => {
    changes = [];
    told.apply([put(KEYS.record('config', 'acme'), {}, 20)], at(20));
    told.apply([put(KEYS.progress('n1'), progress([]), 21)], at(21));
    told.apply([put(KEYS.roster('n1'), roster([]), 22)], at(22));
    expect(changes).toEqual(['progress', 'roster']);
  });
});
