import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom } from '../../../test/support/change-room.ts';
import { until } from '../../../test/support/until.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/embedded/embedded-store.ts';
import type { Guard } from '../../store/port.ts';
import { listChanges } from './change-log.ts';
import type { ChangeRoom } from '../context.ts';
import { keepChangeLog, pruneChanges } from './prune-changes.ts';
import { setTenantConfig } from '../tenant-config.ts';

const LEADER = KEYS.leader('changes');
const HOLDS: Guard = { key: LEADER, modRevision: NO_REVISION };

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
  for (let i = 0; i < 250; i++) await setTenantConfig(room, changeRequest(), 'acme', {});
});

afterEach(() => store.close());

const versions = async (): Promise<number[]> => {
  const { changes } = await listChanges(room, { limit: 1_000 });
  return changes.map(({ edits }) => edits[0]?.version ?? 0);
};

test('the oldest entries beyond the number are forgotten, and nothing else', async () => {
  const { kvs: before } = await store.range({ prefix: KEYS.historyOf('config', 'acme') });
  expect(await pruneChanges(room, 30, HOLDS)).toBe(220);
  expect(await versions()).toEqual(Array.from({ length: 30 }, (_, i) => 250 - i));
  expect(await pruneChanges(room, 30, HOLDS)).toBe(0);
  expect((await store.range({ prefix: KEYS.historyOf('config', 'acme') })).kvs).toEqual(before);
});

test('a leader whose term is over forgets nothing', async () => {
  const puts = [{ key: LEADER, value: 'somebody else' }];
  await store.transact({ guards: [], puts, deletes: [] });
  expect(await pruneChanges(room, 30, HOLDS)).toBe(0);
  expect(await versions()).toHaveLength(250);
});

test('the leader does it at the start of its term, and ends with it', async () => {
  const term = new AbortController();
  const keeping = keepChangeLog(room, 10, { fence: HOLDS, signal: term.signal });
  await until('the log is short', async () => (await versions()).length === 10);
  term.abort();
  await keeping;
});
