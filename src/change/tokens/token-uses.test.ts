import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../../../test/support/control-plane.ts';
import { until } from '../../../test/support/until.ts';
import type { Clock } from '../../shared/clock.ts';
import { createToken, revokeToken } from './token.ts';
import { TokenUses } from './token-uses.ts';

const MINUTE_MS = 60_000;
const AUTHOR = { actor: 'root', request_id: 'r' };

let ahead_ms: number;
const clock: Clock = { now: () => Date.now() + ahead_ms, monotonic: () => performance.now() };
let fleet: Fleet;
let uses: TokenUses;

const plane = () => {
  const [first] = fleet.nodes;
  if (!first) throw new Error('no node');
  return first.node;
};

const make = async (): Promise<string> => {
  const spec = { role: 'operator', description: 'x' } as const;
  const { record } = await createToken(plane().changes, AUTHOR, spec);
  await fleet.quiet();
  return record.id;
};

const stored = async (id: string): Promise<string | undefined> =>
  (await fleet.contents()).get(fleet.keys.tokenUse(id));

beforeEach(async () => {
  ahead_ms = 0;
  fleet = await startFleet({ clock });
  uses = new TokenUses({ room: plane().changes, cache: plane().cache, look_ms: 2 });
  uses.start();
});

afterEach(async () => {
  await uses.dispose();
  await fleet.dispose();
});

test('a use is known here at once, and in the store soon', async () => {
  const id = await make();
  expect(uses.last(id)).toBeUndefined();
  uses.note(id);
  expect(Date.parse(uses.last(id) ?? '')).toBeGreaterThan(Date.now() - MINUTE_MS);
  await until('it is stored', async () => (await stored(id)) !== undefined);
  const elsewhere = new TokenUses({ room: plane().changes, cache: plane().cache });
  await until('another node knows', () => elsewhere.last(id) !== undefined);
});

test('however often it is used, the store hears of it every ten minutes', async () => {
  const id = await make();
  uses.note(id);
  await until('it is stored', async () => (await stored(id)) !== undefined);
  await until('it is cached', () => plane().cache.snapshot()?.token_uses.has(id) ?? false);
  const first = await stored(id);
  ahead_ms = 9 * MINUTE_MS;
  for (let n = 0; n < 1_000; n++) uses.note(id);
  const written = fleet.seen[0]?.transactions ?? 0;
  const other = await make();
  uses.note(other);
  await until('a later look has been', async () => (await stored(other)) !== undefined);
  expect(await stored(id)).toBe(first);
  // One made the other token, one noted its use.
  expect((fleet.seen[0]?.transactions ?? 0) - written).toBeLessThan(10);
  ahead_ms = 11 * MINUTE_MS;
  uses.note(id);
  await until('it is stored anew', async () => (await stored(id)) !== first);
});

test('a use is no change of the configuration: no node is behind for it', async () => {
  const id = await make();
  const changed = plane().cache.snapshot()?.changed;
  uses.note(id);
  await until('it is cached', () => plane().cache.snapshot()?.token_uses.has(id) ?? false);
  expect(plane().cache.snapshot()?.changed).toBe(changed);
});

test('a revoked token leaves no use behind, also when it was used until the end', async () => {
  const ids = [await make(), await make()];
  const [first = '', second = ''] = ids;
  for (const id of ids) uses.note(id);
  await until('both are stored', async () => (await Promise.all(ids.map(stored))).every(Boolean));
  await revokeToken(plane().changes, AUTHOR, first);
  uses.note(first);
  await fleet.quiet();
  ahead_ms = 11 * MINUTE_MS;
  const before = await stored(second);
  uses.note(second);
  await until('a later look has been', async () => (await stored(second)) !== before);
  expect(await stored(first)).toBeUndefined();
  expect(uses.last(first)).toBeUndefined();
});
