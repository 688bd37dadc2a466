import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEYS, changeRoom, contentsOf } from '../../../test/support/change-room.ts';
import { FlakyStore, type TransactFault } from '../../../test/support/flaky-store.ts';
import { until } from '../../../test/support/until.ts';
import type { KeyRecord } from '../../contract/record.ts';
import type { KeyringTimes } from '../../domain/keyring.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/embedded/embedded-store.ts';
import type { ConfigStore, Guard } from '../../store/port.ts';
import { type KeyringRoom, advanceKeyring, keepKeyring } from './keyring.ts';
import type { ChangeRoom } from '../context.ts';
import { checkDrift } from '../drift/drift.ts';
import type { Repair } from '../drift/repair.ts';
import { Sealer } from './sealer.ts';

const TIMES: KeyringTimes = { signing_ms: 1_000, grace_ms: 100, verify_ms: 300, retired_ms: 200 };
const MASTER_KEY = randomBytes(32);
const LEADER = KEYS.leader('keyring');

let store: EmbeddedStore;
let fence: Guard;
let now_ms: number;
let logged: string;
const clock = { now: () => now_ms, monotonic: () => now_ms };
const write = (fields: object, message: string): void => {
  logged += JSON.stringify(fields) + message;
};
const log: Log = { debug: write, info: write, warn: write, error: write };

beforeEach(async () => {
  store = await openEmbeddedStore({});
  now_ms = 1_790_000_000_000;
  logged = '';
  const { revision: at } = await store.transact({
    guards: [],
    puts: [{ key: LEADER, value: '{}' }],
    deletes: [],
  });
  fence = { key: LEADER, createRevision: at };
});
afterEach(() => store.close());

const roomOn = (view: ConfigStore = store, sealer = new Sealer(MASTER_KEY)): KeyringRoom => ({
  ...changeRoom(view, { clock, log }),
  sealer,
});

/** Takes every step that is due now. */
const settle = async (room: KeyringRoom = roomOn()): Promise<void> => {
  while ((await advanceKeyring(room, TIMES, fence)).kind === 'stepped');
};

const records = async (): Promise<KeyRecord[]> => {
  const { kvs } = await store.range({ prefix: KEYS.keyring() });
  return kvs.map((kv) => JSON.parse(kv.value) as KeyRecord);
};

interface Projected {
  readonly id: string;
  readonly secret: string;
  readonly state: string;
}

const projected = async (): Promise<Projected[]> => {
  const { kvs } = await store.range({ prefix: KEYS.projectedIn('cdn_defense/keyring') });
  return kvs.filter(({ value }) => value !== 'init_dir').map((kv) => JSON.parse(kv.value) as Projected);
};

const put = (key: string, value: string) =>
  store.transact({ guards: [], puts: [{ key, value }], deletes: [] });
const remove = (key: string) => store.transact({ guards: [], puts: [], deletes: [key] });

describe('the keyring in the store', () => {
  it('begins with one key that signs, sealed in the source and in the clear for the gateways, in one revision', async () => {
    await settle();
    const [record] = await records();
    const [object] = await projected();
    expect(record).toMatchObject({ state: 'signing', since: new Date(now_ms).toISOString() });
    expect(object).toMatchObject({ id: record?.id, state: 'signing' });
    expect(object?.secret).toMatch(/^[0-9a-f]{64}$/);
    const source = await store.range({ prefix: KEYS.keyring() });
    const target = await store.range({ prefix: KEYS.projectedIn('cdn_defense/keyring') });
    expect(source.kvs[0]?.modRevision).toBe(target.kvs[0]?.modRevision);
  });

  it('shows a secret to gateways only: not in the source, the history, or the log', async () => {
    await settle();
    now_ms += 950;
    await settle();
    const secrets = (await projected()).map(({ secret }) => secret);
    expect(secrets).toHaveLength(2);
    for (const [key, value] of await contentsOf(store)) {
      if (key.startsWith(KEYS.projectedIn('cdn_defense/keyring'))) continue;
      for (const secret of secrets) expect(value).not.toContain(secret);
      expect(key).not.toContain('/versions/');
    }
    expect(logged).not.toBe('');
    for (const secret of secrets) expect(logged).not.toContain(secret);
  });

  it('walks a key through its life, and its secret stays the same', async () => {
    await settle();
    const [first] = await projected();
    const states = async () => Object.fromEntries((await projected()).map(({ id, state }) => [id, state]));
    const life: (string | undefined)[] = [];
    for (let i = 0; i < 18; i++) {
      now_ms += 100;
      await settle();
      const state = (await states())[first?.id ?? ''];
      if (life.at(-1) !== state) life.push(state);
      const same = (await projected()).find(({ id }) => id === first?.id);
      if (same) expect(same.secret).toBe(first?.secret);
      expect((await projected()).filter(({ state: each }) => each === 'signing')).toHaveLength(1);
    }
    expect(life).toEqual(['signing', 'verify', 'retired', undefined]);
    expect(await records()).toHaveLength((await projected()).length);
  });

  it('is not written by a leader whose term is over', async () => {
    await settle();
    const before = await contentsOf(store);
    await remove(LEADER);
    now_ms += 950;
    expect(await advanceKeyring(roomOn(), TIMES, fence)).toEqual({ kind: 'lost' });
    await put(LEADER, '{"node_id":"another"}');
    expect(await advanceKeyring(roomOn(), TIMES, fence)).toEqual({ kind: 'lost' });
    const after = await contentsOf(store);
    after.set(LEADER, before.get(LEADER) ?? '');
    expect(after).toEqual(before);
  });

  it('gets one key when two believe to be the leader', async () => {
    await Promise.all([advanceKeyring(roomOn(), TIMES, fence), advanceKeyring(roomOn(), TIMES, fence)]);
    expect(await records()).toHaveLength(1);
  });

  it('gets one key through lost answers', async () => {
    const view = new FlakyStore(store);
    view.transactFault = (_transaction, n) => (['lost-after', 'lost-before', 'none'] as const)[n] ?? 'none';
    const stop = new AbortController();
    const keeping = keepKeyring(roomOn(view), TIMES, { fence, signal: stop.signal });
    await until('a key is there', async () => (await records()).length > 0);
    stop.abort();
    await keeping;
    expect(await records()).toHaveLength(1);
  });

  it('is made anew when somebody deletes it, and two signing keys become one', async () => {
    await settle();
    const [record] = await records();
    await remove(KEYS.key(record?.id ?? ''));
    await settle();
    expect((await records()).map(({ state }) => state)).toEqual(['signing']);
    const [second] = await records();
    now_ms += 950;
    await settle();
    for (const each of await records())
      await put(KEYS.key(each.id), JSON.stringify({ ...each, state: 'signing' }));
    await settle();
    expect((await records()).filter(({ state }) => state === 'signing').map(({ id }) => id)).not.toContain(
      second?.id,
    );
  });

  it('leaves a key alone that it can not read', async () => {
    await put(KEYS.key('kbad'), 'not JSON');
    await settle();
    const { kvs } = await store.range({ key: KEYS.key('kbad') });
    expect(kvs[0]?.value).toBe('not JSON');
    expect(await projected()).toHaveLength(1);
  });

  it('goes on under a new master key: old keys live out by what the gateways hold', async () => {
    await settle();
    const [old] = await projected();
    const renewed = roomOn(store, new Sealer(randomBytes(32)));
    now_ms += 950;
    await settle(renewed);
    now_ms += 100;
    await settle(renewed);
    expect(
      (await projected()).map(({ id, state, secret }) => [id === old?.id, state, secret === old?.secret]),
    ).toEqual([
      [true, 'verify', true],
      [false, 'signing', false],
    ]);
  });

  it('is kept until the term is over', async () => {
    const stop = new AbortController();
    const keeping = keepKeyring(roomOn(), TIMES, { fence, signal: stop.signal });
    await until('a key is there', async () => (await records()).length > 0);
    stop.abort();
    await keeping;
  });
});

const repairsOf = async (room: ChangeRoom): Promise<readonly Repair[]> =>
  (await checkDrift(room, { nodeId: 'n', onDrift: 'repair' })).repairs;

describe('repairing the keyring', () => {
  const repair = () =>
    repairsOf(changeRoom(store, { clock, log: silentLog, sealer: new Sealer(MASTER_KEY) }));

  it('finds nothing to do in a keyring as it was written', async () => {
    await settle();
    now_ms += 950;
    await settle();
    expect(await repair()).toEqual([]);
  });

  it('puts edits by hand right: another secret, another state, a lost key, a key of nobody’s', async () => {
    await settle();
    now_ms += 950;
    await settle();
    const before = await projected();
    const [a, b] = before;
    const at = (id: string | undefined) => KEYS.projected('cdn_defense/keyring', id ?? '');
    await put(at(a?.id), JSON.stringify({ ...a, secret: 'f'.repeat(64) }));
    await remove(at(b?.id));
    await put(at('planted'), JSON.stringify({ id: 'planted', secret: 'e'.repeat(64), state: 'signing' }));
    const repairs = await repair();
    expect(repairs.map(({ id, found, repaired }) => [id, found, repaired])).toEqual([
      [a?.id, 'different', true],
      [b?.id, 'missing', true],
      ['planted', 'orphan', true],
    ]);
    expect(JSON.stringify(repairs)).not.toMatch(/[0-9a-f]{64}/);
    expect((await projected()).map(({ id, secret, state }) => ({ id, secret, state }))).toEqual(
      before.map(({ id, secret, state }) => ({ id, secret, state })),
    );
  });

  it('takes no key for an orphan when it can not open its source', async () => {
    await settle();
    const before = await projected();
    for (const sealer of [undefined, new Sealer(randomBytes(32))]) {
      expect(await repairsOf(changeRoom(store, { clock, sealer }))).toEqual([]);
    }
    expect(await projected()).toEqual(before);
  });

  it('does not take a key for an orphan that has just been made', async () => {
    await settle();
    const view = new FlakyStore(store);
    const [record] = await records();
    const text = JSON.stringify(record);
    await remove(KEYS.key(record?.id ?? ''));
    view.transactFault = async (transaction): Promise<TransactFault> => {
      if (transaction.deletes.length > 0) await put(KEYS.key(record?.id ?? ''), text);
      return 'none';
    };
    const repairs = await repairsOf(changeRoom(view, { clock, sealer: new Sealer(MASTER_KEY) }));
    expect(repairs.at(-1)).toMatchObject({ found: 'orphan', repaired: false });
    expect(await projected()).toHaveLength(1);
  });
});
