import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { at, kv, tenantRecord } from '../../test/support/records.ts';
import { silentLog } from '../shared/log.ts';
import { NodeCache } from './cache.ts';
import { LastKnown } from './last-known.ts';

const TOKEN = {
  id: '3f9a0c51b7de',
  hash: 'ab'.repeat(32),
  role: 'editor',
  tenants: ['acme'],
  description: 'CI',
  created_at: '2026-05-01T00:00:00.000Z',
  created_by: 'root',
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-last-known-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const lastKnown = (cache: NodeCache): LastKnown =>
  new LastKnown(join(directory, 'data'), { keys: KEYS, cache, log: silentLog, heardAt: () => 77 });

const saved = async (): Promise<void> => {
  const cache = new NodeCache(KEYS);
  cache.replace(
    [kv(KEYS.record('config', 'acme'), tenantRecord('acme'), 3), kv(KEYS.token(TOKEN.id), TOKEN, 5)],
    at(6),
  );
  await lastKnown(cache).dispose();
};

test('a node that starts without the store knows the records, and the tokens of its callers', async () => {
  await saved();
  const cache = new NodeCache(KEYS);
  expect(await lastKnown(cache).load()).toBe(77);
  expect(cache.snapshot()?.config.get('acme')).toEqual({ value: tenantRecord('acme'), revision: 3 });
  expect(cache.snapshot()?.tokens.get(TOKEN.id)).toEqual({ value: TOKEN, revision: 5 });
  expect(cache.snapshot()?.stamp).toEqual(at(6));
});

test('the file is its owner’s only', async () => {
  await saved();
  const { mode } = await stat(join(directory, 'data', 'last-known.json'));
  expect(mode & 0o777).toBe(0o600);
});

test('a file that can not be read is as good as none', async () => {
  const file = join(directory, 'data', 'last-known.json');
  await saved();
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -5));
  const cache = new NodeCache(KEYS);
  expect(await lastKnown(cache).load()).toBeUndefined();
  expect(cache.snapshot()).toBeUndefined();
});
