import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { FlakyStore } from '../../test/support/flaky-store.ts';
import { until } from '../../test/support/until.ts';
import type { Revision, Stamp } from '../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { ChangeStream } from './change-stream.ts';

let store: EmbeddedStore;
let flaky: FlakyStore;
let stream: ChangeStream;
const never = new AbortController().signal;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  flaky = new FlakyStore(store);
  stream = new ChangeStream(flaky, KEYS.allHistory(), await now());
});
afterEach(async () => {
  stream.stop();
  await store.close();
});

const now = async (): Promise<Stamp> => {
  const { clusterId, revision } = await store.range({ key: 'x' });
  return { clusterId, revision };
};
const write = async (...versions: number[]): Promise<Revision> => {
  const puts = versions.map((version) => ({ key: KEYS.history('config', 'a', version), value: '{}' }));
  return (await store.transact({ guards: [], puts, deletes: [] })).revision;
};

test('gives whole revisions in order, each with the entries that it made', async () => {
  const first = await write(1);
  const second = await write(2, 3);
  expect(await stream.next(1_000, never)).toMatchObject({ revision: first, entries: [{}] });
  expect(await stream.next(1_000, never)).toMatchObject({
    revision: second,
    entries: [{ key: KEYS.history('config', 'a', 2) }, { key: KEYS.history('config', 'a', 3) }],
  });
  expect(await stream.next(0, never)).toBeUndefined();
});

test('passes over what was sealed anew or pruned', async () => {
  const first = await write(1);
  await write(1);
  await store.transact({ guards: [], puts: [], deletes: [KEYS.history('config', 'a', 1)] });
  const last = await write(2);
  expect((await stream.next(1_000, never))?.revision).toBe(first);
  expect((await stream.next(1_000, never))?.revision).toBe(last);
});

test('gives out everything that came before it says that it has ended', async () => {
  const revision = await write(1);
  await until('it has come', () => stream.waiting === 1);
  flaky.cutWatches();
  expect((await stream.next(1_000, never))?.revision).toBe(revision);
  await expect(stream.next(1_000, never)).rejects.toMatchObject({
    name: 'StreamEndedError',
    reason: 'disconnected',
  });
});

test('is cut when nobody takes what comes, and holds no more than its bound', async () => {
  for (let n = 1; n <= 2_100; n++) await write(n);
  await until('it is cut', () => stream.waiting === 2_000);
  for (let n = 1; n <= 2_000; n++) expect(await stream.next(0, never)).toBeDefined();
  await expect(stream.next(0, never)).rejects.toMatchObject({ reason: 'disconnected' });
});

test('of a revision that is compacted ends so', async () => {
  const from = await now();
  for (let n = 1; n <= 5; n++) await write(n);
  store.compact((await now()).revision);
  const late = new ChangeStream(store, KEYS.allHistory(), from);
  await expect(late.next(1_000, never)).rejects.toMatchObject({ reason: 'compacted' });
});
