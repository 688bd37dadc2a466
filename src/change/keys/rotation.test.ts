/** A change of the master key: everything sealed is put under it, and nothing else changes. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../../test/support/certificates.ts';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../../test/support/change-room.ts';
import { FlakyStore, type TransactFault } from '../../../test/support/flaky-store.ts';
import { until } from '../../../test/support/until.ts';
import type { CertificateRecord, HistoryEntry, KeyRecord, NodeReceipt } from '../../contract/record.ts';
import { KEYRING_TIMES } from '../../domain/keyring.ts';
import { Leader } from '../../fleet/leader.ts';
import { silentLog } from '../../shared/log.ts';
import { NO_REVISION, revision } from '../../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/embedded/embedded-store.ts';
import type { ConfigStore, Guard } from '../../store/port.ts';
import { deleteCertificate, uploadCertificate } from '../certificate.ts';
import type { ChangeRoom } from '../context.ts';
import { checkDrift } from '../drift/drift.ts';
import { readHistory } from '../history/history.ts';
import { advanceKeyring, openKey } from './keyring.ts';
import { countSealed, resealAll } from './reseal.ts';
import { Rotation, type RotationStatus } from './rotation.ts';
import { Sealer, keyBinding } from './sealer.ts';

const [OLD, NEW] = [randomBytes(32), randomBytes(32)];
const before = new Sealer(OLD);
const both = new Sealer(NEW, [OLD]);
const after = new Sealer(NEW);

type Sealing = ChangeRoom & { readonly sealer: Sealer };
const roomWith = (sealer: Sealer, through: ConfigStore = store): Sealing => ({
  ...changeRoom(through),
  sealer,
});

let store: EmbeddedStore;
let room: Sealing;
let keys: readonly string[];

const NO_FENCE: Guard = { key: KEYS.leader('rotation'), modRevision: NO_REVISION };
const term = (fence: Guard = NO_FENCE, signal = new AbortController().signal) => ({ fence, signal });

/** Three certificates of two tenants, one of them replaced, one deleted; challenge keys. */
beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = roomWith(before);
  const made: string[] = [];
  for (const [tenant, domain] of [
    ['acme', 'a.example.com'],
    ['acme', 'a.example.com'],
    ['acme', 'b.example.com'],
    ['other', 'c.example.com'],
  ] as const) {
    const { cert, key } = await makeCertificate({ names: [domain] });
    await uploadCertificate(room, changeRequest(), tenant, { domain, cert, key });
    made.push(key);
  }
  await deleteCertificate(room, changeRequest(), 'acme', 'acme:b.example.com');
  await advanceKeyring(room, KEYRING_TIMES, NO_FENCE);
  keys = made;
});
afterEach(() => store.close());

const sourceOf = async (): Promise<Map<string, string>> =>
  new Map([...(await contentsOf(store))].filter(([key]) => key.startsWith(KEYS.source)));
const projectionOf = async () => {
  const { kvs } = await store.range({ prefix: KEYS.projection });
  return kvs.map(({ key, value, modRevision }) => [key, value, modRevision]);
};

/** A document without what a rotation may touch. */
const unsealed = (text: string): unknown =>
  JSON.parse(text, (name, value: unknown) =>
    name === 'resealed_at' || name === 'kid' || name === 'data_key' ? undefined : value,
  );

/** Opens every secret in the store with a sealer. */
const openAll = async (sealer: Sealer): Promise<string[]> => {
  const opened: string[] = [];
  for (const [key, value] of await sourceOf()) {
    const place = KEYS.parse(key);
    if (place?.family === 'ssl' || (place?.family === 'versions' && place.kind === 'ssl')) {
      const document = JSON.parse(value) as CertificateRecord & HistoryEntry<'ssl'>;
      const record = document.record ?? document;
      opened.push(sealer.open(record.sealed_key, keyBinding(record)));
    }
    if (KEYS.parseKey(key) !== undefined) openKey(sealer, JSON.parse(value) as KeyRecord);
  }
  return opened;
};

describe('sealing everything anew', () => {
  test('puts records, all their versions, deleted ones too, and challenge keys under the new key', async () => {
    const told: number[] = [];
    expect(await countSealed(room)).toEqual(new Map([[before.kid, 8]]));
    const complete = await resealAll(roomWith(both), term(), ({ resealed }) => told.push(resealed));
    expect(complete).toBe(true);
    expect(told.at(-1)).toBe(8);
    expect(await countSealed(room)).toEqual(new Map([[after.kid, 8]]));
    const opened = await openAll(after);
    expect(new Set(opened)).toEqual(new Set(keys));
    await expect(openAll(before)).rejects.toMatchObject({ code: 'sealed_with_other_key' });
  });

  test('changes no version, no history, no ciphertext and nothing that gateways read', async () => {
    const [source, projection] = [await sourceOf(), await projectionOf()];
    const query = { tenant_id: 'acme', kind: 'ssl', id: 'acme:a.example.com', limit: 10 } as const;
    const shown = await readHistory(room, query);
    await resealAll(roomWith(both), term(), () => {});
    const now = await sourceOf();
    expect([...now.keys()]).toEqual([...source.keys()]);
    for (const [key, value] of now) expect(unsealed(value), key).toEqual(unsealed(source.get(key) ?? ''));
    expect(await projectionOf()).toEqual(projection);
    expect(await readHistory(room, query)).toEqual(shown);
  });

  test('is no drift: nothing is found to repair or adopt after it, with the new key alone', async () => {
    await resealAll(roomWith(both), term(), () => {});
    const check = await checkDrift(roomWith(after), { nodeId: 'node-1', onDrift: 'repair' });
    expect(check.repairs).toEqual([]);
  });

  test('does nothing, without a write, when everything is under the key already', async () => {
    await resealAll(roomWith(both), term(), () => {});
    const { revision } = await store.range({ key: KEYS.source });
    await resealAll(roomWith(after), term(), () => {});
    expect((await store.range({ key: KEYS.source })).revision).toBe(revision);
  });

  test('leaves alone what it can not open, and names it', async () => {
    const stranger = roomWith(new Sealer(randomBytes(32)));
    const { cert, key } = await makeCertificate({ names: ['x.example.com'] });
    await uploadCertificate(stranger, changeRequest(), 'acme', { domain: 'x.example.com', cert, key });
    const record = KEYS.record('ssl', 'acme:x.example.com');
    const stored = (await sourceOf()).get(record);
    let unreadable: readonly string[] = [];
    expect(await resealAll(roomWith(both), term(), (progress) => ({ unreadable } = progress))).toBe(true);
    expect(unreadable).toEqual([record, KEYS.history('ssl', 'acme:x.example.com', 1)]);
    expect((await sourceOf()).get(record)).toBe(stored);
    expect((await countSealed(room)).get(stranger.sealer.kid)).toBe(2);
  });

  test('writes nothing once its term is over, even when it does not know yet', async () => {
    const source = await sourceOf();
    const ended = new AbortController();
    const deposed: Guard = { key: KEYS.leader('rotation'), createRevision: revision(7) };
    const flaky = new FlakyStore(store);
    const run = resealAll(roomWith(both, flaky), term(deposed, ended.signal), () => {});
    await until('it has tried twice', () => flaky.transactions > 1);
    ended.abort();
    expect(await run).toBe(false);
    expect(await sourceOf()).toEqual(source);
  });

  test('loses no upload that comes in between, and leaves its version alone', async () => {
    const flaky = new FlakyStore(store);
    const { cert, key } = await makeCertificate({ names: ['a.example.com'] });
    flaky.transactFault = async (_, n): Promise<TransactFault> => {
      const upload = { domain: 'a.example.com', cert, key };
      if (n === 0) await uploadCertificate(roomWith(both), changeRequest(), 'acme', upload);
      return 'none';
    };
    expect(await resealAll(roomWith(both, flaky), term(), () => {})).toBe(true);
    const stored = (await sourceOf()).get(KEYS.record('ssl', 'acme:a.example.com')) ?? '';
    const record = JSON.parse(stored) as CertificateRecord;
    expect(record).toMatchObject({ version: 3 });
    expect(record.resealed_at).toBeUndefined();
    expect(after.open(record.sealed_key, keyBinding(record))).toBe(key);
    expect(await countSealed(room)).toEqual(new Map([[after.kid, 9]]));
  });
});

describe('a rotation', () => {
  const electWith = (work: Parameters<ConstructorParameters<typeof Rotation>[0]['elect']>[0]) =>
    new Leader({ store, key: KEYS.leader('rotation'), nodeId: 'node-1', log: silentLog, work });
  const rotationOf = (through: Sealing) => new Rotation({ room: through, elect: electWith });
  const present = async (node_id: string, master_keys: readonly string[] | undefined): Promise<void> => {
    const receipt: NodeReceipt = {
      node_id,
      cluster_id: 'c',
      revision: 1,
      at: '',
      started_at: '',
      version: '',
      instance: node_id,
      ...(master_keys ? { master_keys } : {}),
    };
    const lease = await store.lease(60);
    await store.transact({
      guards: [],
      puts: [{ key: KEYS.node(node_id), value: JSON.stringify(receipt), lease: lease.id }],
      deletes: [],
    });
  };
  const ended = async (rotation: Rotation): Promise<RotationStatus> => {
    await until('the rotation has ended', () => rotation.status().ended_at !== undefined);
    return rotation.status();
  };

  test('runs to its end, says so, and leaves in the change log who had it done', async () => {
    await present('node-1', both.kids);
    await present('keyless', []);
    const rotation = rotationOf(roomWith(both));
    expect(rotation.status()).toMatchObject({ state: 'idle' });
    const request = changeRequest({ actor: 'olga' });
    expect(await rotation.start(request)).toMatchObject({ state: 'waiting', kid: after.kid });
    expect(await ended(rotation)).toMatchObject({ state: 'done', resealed: 8, unreadable: 0 });
    const { kvs } = await store.range({ prefix: KEYS.changes() });
    const entry = kvs.map(({ value }) => value).find((value) => value.includes(request.request_id));
    expect(JSON.parse(entry ?? '')).toMatchObject({
      by: 'olga',
      edits: [{ kind: 'master_keys', id: after.kid, action: 'update', written: { resealed: 8 } }],
    });
    expect(await rotation.start(changeRequest())).toMatchObject({ state: 'waiting' });
    expect(await ended(rotation)).toMatchObject({ state: 'done', resealed: 0 });
    await rotation.dispose();
  });

  test('begins only when every node that has a master key seals with the same, and names the others', async () => {
    await present('node-1', both.kids);
    await present('node-2', before.kids);
    await present('node-3', [before.kid, after.kid]);
    await present('node-4', undefined);
    const source = await sourceOf();
    const rotation = rotationOf(roomWith(both));
    await expect(rotation.start(changeRequest())).rejects.toMatchObject({
      code: 'master_key_not_everywhere',
      params: { kid: after.kid, nodes: 'node-2, node-4, node-3' },
      extra: { lacking: ['node-2', 'node-4'], sealing_with_another: ['node-3'] },
    });
    expect(rotation.status()).toMatchObject({ state: 'idle' });
    expect(await sourceOf()).toEqual(source);
  });

  test('is one, however often it is asked for, on however many nodes', async () => {
    await present('node-1', both.kids);
    const rotations = [rotationOf(roomWith(both)), rotationOf(roomWith(both))];
    await Promise.all([...rotations, ...rotations].map((rotation) => rotation.start(changeRequest())));
    const statuses = await Promise.all(rotations.map(ended));
    expect(statuses.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(statuses.reduce((sum, { resealed }) => sum + resealed, 0)).toBe(8);
  });

  test('that is cut off is finished by the next', async () => {
    await present('node-1', both.kids);
    const flaky = new FlakyStore(store);
    const first = rotationOf(roomWith(both, flaky));
    let held: (() => void) | undefined;
    flaky.afterTransact = () => new Promise<void>((resolve) => (held = resolve));
    await first.start(changeRequest());
    await until('a batch is in', () => held !== undefined);
    const disposed = first.dispose();
    held?.();
    await disposed;
    expect(first.status()).toMatchObject({ state: 'interrupted' });
    const second = rotationOf(roomWith(both));
    await second.start(changeRequest());
    expect(await ended(second)).toMatchObject({ state: 'done' });
    expect(await countSealed(room)).toEqual(new Map([[after.kid, 8]]));
  });

  test('goes on through lost answers and outages of the store', async () => {
    await present('node-1', both.kids);
    const flaky = new FlakyStore(store);
    const faults = ['unavailable', 'lost-before', 'lost-after', 'unavailable'] as const;
    flaky.transactFault = (_, n) => faults[n] ?? 'none';
    const rotation = rotationOf(roomWith(both, flaky));
    await rotation.start(changeRequest());
    expect(await ended(rotation)).toMatchObject({ state: 'done', unreadable: 0 });
    expect(flaky.transactions).toBeGreaterThan(faults.length - 1);
    expect(await countSealed(room)).toEqual(new Map([[after.kid, 8]]));
  });
});
