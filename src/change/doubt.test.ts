/** Commits whose outcome is unknown, and stores that do not answer. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeRequest, changeRoom, contentsOf, historyOf } from '../../test/support/change-room.ts';
import { FlakyStore, type TransactFault } from '../../test/support/flaky-store.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { StoreRefusedError } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';
import { createRoute } from './route.ts';
import { setTenantConfig } from './tenant-config.ts';

let store: EmbeddedStore;
let flaky: FlakyStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  flaky = new FlakyStore(store);
  room = changeRoom(flaky);
});

afterEach(() => store.close());

/** The first transactions meet these faults, all later ones none. */
const faults = (...planned: TransactFault[]): void => {
  flaky.transactFault = (_, n) => planned[n] ?? 'none';
};

const write = (threat_threshold: number, through = room) =>
  setTenantConfig(through, changeRequest(), 'acme', { threat_threshold });

/** A room whose time flies, so that it gives up soon. */
const hasty = (): ChangeRoom => {
  let now = 0;
  return changeRoom(flaky, { clock: { now: () => Date.now(), monotonic: () => (now += 1_500) } });
};

describe('a commit whose outcome is unknown', () => {
  test.each<[name: string, ...TransactFault[]]>([
    ['was applied', 'lost-after'],
    ['was not applied', 'lost-before'],
    ['was not applied, twice', 'lost-before', 'lost-before'],
    ['was not applied, then was', 'lost-before', 'lost-after'],
    ['was applied, and the next answers are lost too', 'lost-after', 'lost-after', 'lost-before'],
    ['was applied, and then the store is away for a while', 'lost-after', 'unavailable', 'unavailable'],
  ])('and %s ends in exactly one write', async (_, ...planned) => {
    faults(...planned);
    const receipt = await write(1);
    expect(receipt).toMatchObject({ edits: [{ action: 'create', version: 1 }] });
    const { kvs } = await store.range({ prefix: room.keys.historyOf('config', 'acme') });
    expect(kvs.map(({ modRevision }) => modRevision)).toEqual([receipt.revision]);
    faults();
    expect(await write(2)).toMatchObject({ edits: [{ version: 2 }] });
  });

  test('that lost to somebody else meanwhile is planned anew on top of theirs', async () => {
    flaky.transactFault = async (_, n) => {
      if (n > 0) return 'none';
      await write(50, changeRoom(store));
      return 'lost-before';
    };
    expect(await write(51)).toMatchObject({ edits: [{ action: 'update', version: 2 }] });
    expect(await historyOf(store, 'config', 'acme')).toEqual([1, 2]);
    expect((await contentsOf(store)).get('/cdn-defense/config/acme')).toContain('"threat_threshold":51');
  });

  test('that was applied and then written over by somebody else is not written again', async () => {
    flaky.transactFault = (_, n) => (n === 0 ? 'lost-after' : 'none');
    flaky.afterTransact = async (_, n) => {
      if (n === 0) await write(60, changeRoom(store));
    };
    expect(await write(59)).toMatchObject({ edits: [{ version: 1 }] });
    expect(await historyOf(store, 'config', 'acme')).toEqual([1, 2]);
    expect((await contentsOf(store)).get('/cdn-defense/config/acme')).toContain('"threat_threshold":60');
  });

  test('that never becomes known is refused as outcome_unknown with the request’s id', async () => {
    flaky.transactFault = () => 'lost-before';
    const request = changeRequest();
    await expect(setTenantConfig(hasty(), request, 'acme', {})).rejects.toMatchObject({
      code: 'outcome_unknown',
      extra: { change_request_id: request.request_id },
    });
  });

  test('can be repeated with its Idempotency-Key and is carried out once', async () => {
    const idempotency = { key: 'k', scope: 'acme', fingerprint: 'f' };
    const spec = { id: 'r', path: '/a', upstream: 'http://backend' };
    let lost = true;
    flaky.transactFault = (_, n) => (!lost ? 'none' : n === 0 ? 'lost-after' : 'lost-before');
    const first = createRoute(hasty(), changeRequest({ idempotency }), 'acme', spec);
    await expect(first).rejects.toMatchObject({ code: 'outcome_unknown' });
    lost = false;
    const again = await createRoute(room, changeRequest({ idempotency }), 'acme', spec);
    expect(again).toMatchObject({ replayed: true, edits: [{ action: 'create', version: 1 }] });
    expect(await historyOf(store, 'routes', 'r')).toEqual([1]);
  });
});

describe('a store that is away', () => {
  test.each(['at once', 'only for commits'])(
    '(%s) refuses as etcd_unavailable, and nothing is written',
    async (when) => {
      await write(1);
      const before = await contentsOf(store);
      if (when === 'at once') flaky.fail();
      else flaky.transactFault = () => 'unavailable';
      await expect(write(2)).rejects.toMatchObject({ code: 'etcd_unavailable', status: 503 });
      expect(await contentsOf(store)).toEqual(before);
      flaky.recover();
      flaky.transactFault = () => 'none';
      expect(await write(3)).toMatchObject({ edits: [{ version: 2 }] });
    },
  );

  test('that refuses for good is named, without a retry', async () => {
    flaky.transactFault = () => {
      throw new StoreRefusedError('permission denied');
    };
    await expect(write(1)).rejects.toMatchObject({
      code: 'etcd_refused',
      params: { reason: 'permission denied' },
    });
    expect(flaky.transactions).toBe(1);
  });
});

describe('idempotency', () => {
  const idempotency = { key: 'once', scope: 'acme', fingerprint: 'f' };

  test('30 concurrent requests with one key through three nodes are one write, and all get its answer', async () => {
    const nodes = [changeRoom(store), changeRoom(store), changeRoom(store)];
    const receipts = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        setTenantConfig(nodes[n % 3] as ChangeRoom, changeRequest({ idempotency }), 'acme', {
          threat_threshold: 5,
        }),
      ),
    );
    expect(new Set(receipts.map(({ revision }) => revision)).size).toBe(1);
    expect(new Set(receipts.map(({ edits }) => JSON.stringify(edits))).size).toBe(1);
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await historyOf(store, 'config', 'acme')).toEqual([1]);
  });

  test('another request with the key is refused, also when both come at once', async () => {
    const outcomes = await Promise.allSettled(
      ['f', 'g'].map((fingerprint) =>
        setTenantConfig(
          changeRoom(store),
          changeRequest({ idempotency: { ...idempotency, fingerprint } }),
          'acme',
          {},
        ),
      ),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect(await historyOf(store, 'config', 'acme')).toEqual([1]);
  });

  test('a refused request uses no key up', async () => {
    const bad = { id: 'r', path: '/a', upstream: 'http://backend' };
    await createRoute(room, changeRequest(), 'other', bad);
    const request = changeRequest({ idempotency });
    await expect(createRoute(room, request, 'acme', bad)).rejects.toMatchObject({ code: 'route_id_taken' });
    const good = { ...bad, id: 's', hosts: ['s.example.com'] };
    const other = changeRequest({ idempotency: { ...idempotency, fingerprint: 'g' } });
    expect(await createRoute(room, other, 'acme', good)).toMatchObject({ replayed: false });
  });

  test('a lease that the store has forgotten is taken anew', async () => {
    await setTenantConfig(room, changeRequest({ idempotency }), 'acme', {});
    const lease = await room.requestLease.id();
    const { kvs } = await store.range({ prefix: `${room.keys.source}requests/` });
    expect(kvs).toHaveLength(1);
    flaky.transactFault = ({ puts }) => {
      if (puts.some((put) => put.lease === lease)) throw new StoreRefusedError('the lease has ended');
      return 'none';
    };
    const request = changeRequest({ idempotency: { ...idempotency, key: 'twice' } });
    expect(await setTenantConfig(room, request, 'acme', {})).toMatchObject({ edits: [{ version: 2 }] });
  });
});
