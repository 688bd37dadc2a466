/** Events on a real Redis, one leader after another on one store, without processes. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uploadCertificate } from '../../src/change/certificate.ts';
import type { ChangeRoom } from '../../src/change/context.ts';
import { createRoute, deleteRoute } from '../../src/change/route.ts';
import { deleteTenantConfig, setTenantConfig } from '../../src/change/tenant-config.ts';
import type { ChangeEvent, ResyncEvent } from '../../src/contract/event.ts';
import { EventPublisher } from '../../src/events/publisher.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import { type Revision, revision as toRevision } from '../../src/shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import type { ConfigStore, Guard } from '../../src/store/port.ts';
import { makeCertificate } from '../support/certificates.ts';
import { KEYS, changeRequest, changeRoom } from '../support/change-room.ts';
import { FlakyStore } from '../support/flaky-store.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { Subscriber } from '../support/subscriber.ts';
import { until } from '../support/until.ts';

const LEADER = KEYS.leader('events');
const PASSWORD = 'a password/with:signs';

let redis: RedisServer;
let directory: string;
let store: EmbeddedStore;
let room: ChangeRoom;
let subscriber: Subscriber;
let terms: { publisher: EventPublisher; end: () => Promise<void> }[];

/** No more than docs/events.md says that a user needs. */
const USER = `user publisher reset on >least ~lockstep:events:* &config:update -@all +eval +hmget +hset +publish +ping +select`;

beforeAll(async () => {
  redis = await startRedis({ password: PASSWORD, users: [USER] });
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await redis.ask(['FLUSHALL']);
  directory = await mkdtemp(join(tmpdir(), 'lockstep-events-'));
  store = await openEmbeddedStore({ directory: join(directory, 'store') });
  room = changeRoom(store);
  subscriber = await Subscriber.on(redis);
  terms = [];
});
afterEach(async () => {
  for (const term of terms) await term.end();
  subscriber.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

/** A leader's term of its own. The one before it is deposed. */
const elect = async (of: ConfigStore = store): Promise<Guard> => {
  await of.transact({ guards: [], puts: [], deletes: [LEADER] });
  const { revision } = await of.transact({ guards: [], puts: [{ key: LEADER, value: '{}' }], deletes: [] });
  return { key: LEADER, createRevision: revision };
};

/** Publishes from now on, and says so once it has begun. */
const lead = async (of: ConfigStore = store, fence?: Guard) => {
  const publisher = new EventPublisher({
    store: of,
    keys: KEYS,
    redis: { ...redis.address, username: 'publisher', password: 'least' },
    clock: systemClock,
    log: silentLog,
    random: () => 0,
  });
  const over = new AbortController();
  const term = { fence: fence ?? (await elect(of)), signal: over.signal };
  const leading = publisher.lead(term);
  const end = async () => {
    over.abort();
    await leading;
  };
  terms.push({ publisher, end });
  return { publisher, end, leading };
};
const begun = (publisher: EventPublisher) => until('it has begun', () => publisher.status().published > 0);
const write = async (tenant: string, rate_limit = 1): Promise<Revision> =>
  (await setTenantConfig(room, changeRequest(), tenant, { rate_limit })).revision as Revision;
const published = (revision: number) =>
  until(`${revision} is published`, () => subscriber.revisions.includes(revision));
const writeMany = async (count: number, from = 0): Promise<Revision[]> => {
  const revisions: Revision[] = [];
  for (let n = from; n < from + count; n++) revisions.push(await write(`t${n % 7}`, n + 1));
  return revisions;
};

describe('a leader that comes after many writes of one record', () => {
  it('publishes each of them, though the history has none of what was published last', async () => {
    const first = await lead();
    await begun(first.publisher);
    await published(await write('acme', 0));
    await first.end();
    const missed: Revision[] = [];
    // One more than the history keeps of a record.
    for (let n = 1; n <= 501; n++) missed.push(await write('acme', n));
    const { publisher } = await lead();
    await begun(publisher);
    await published(missed.at(-1) as Revision);
    expect(subscriber.events.filter(({ action }) => action === 'resync')).toEqual([]);
    expect(subscriber.revisions.slice(-missed.length)).toEqual(missed);
  });
});

describe('each accepted write', () => {
  it('is one event, with the seed’s fields and those that order it', async () => {
    const { publisher } = await lead();
    await begun(publisher);
    const first = await write('acme', 7);
    const second = await write('acme', 8);
    await published(second);
    expect(subscriber.events).toMatchObject([
      {
        key: '/cdn-defense/config/acme',
        value: { tenant_id: 'acme', rate_limit: 7, version: 1 },
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        revision: first,
        version: 1,
        action: 'create',
        tenant_id: 'acme',
      },
      { key: '/cdn-defense/config/acme', value: { rate_limit: 8 }, revision: second, action: 'update' },
    ]);
    expect(publisher.status()).toMatchObject({ published: second, events: 2, waiting: 0, connected: true });
  });

  it('also of routes and certificates, and deletes, and nothing of the keys', async () => {
    const { publisher } = await lead();
    await begun(publisher);
    const { cert, key } = await makeCertificate();
    await createRoute(room, changeRequest(), 'acme', { id: 'r', path: '/a', upstream: 'http://backend' });
    await uploadCertificate(room, changeRequest(), 'acme', { domain: 'api.example.com', cert, key });
    await write('acme');
    await deleteTenantConfig(room, changeRequest(), 'acme');
    const last = (await deleteRoute(room, changeRequest(), 'acme', 'r')).revision as Revision;
    await published(last);
    expect(subscriber.events.map((event) => [event.key, event.action, event.version])).toEqual([
      ['/cdn-defense/routes/r', 'create', 1],
      ['/cdn-defense/ssl/acme:api.example.com', 'create', 1],
      ['/cdn-defense/config/acme', 'create', 1],
      ['/cdn-defense/config/acme', 'delete', 2],
      ['/cdn-defense/routes/r', 'delete', 2],
    ]);
    const [route, certificate, , deleted] = subscriber.events as ChangeEvent[];
    expect(route?.value).toMatchObject({ path: '/a', tenant_id: 'acme' });
    expect(certificate?.value).toMatchObject({
      domain: 'api.example.com',
      cert: expect.any(String) as string,
    });
    expect(certificate?.value).not.toHaveProperty('sealed_key');
    expect(deleted?.value).toBeNull();
    const text = subscriber.texts.join();
    for (const secret of ['PRIVATE KEY', 'ciphertext', ...key.split('\n').slice(1, -2)]) {
      expect(text).not.toContain(secret);
    }
  });

  it('that was sealed anew, or written by hand, or is no record, is no event', async () => {
    const { publisher } = await lead();
    await begun(publisher);
    const key = KEYS.history('config', 'acme', 1);
    const before = await write('acme');
    const { kvs } = await store.range({ key });
    await store.transact({ guards: [], puts: [{ key, value: kvs[0]?.value ?? '' }], deletes: [] });
    await store.transact({
      guards: [],
      puts: [{ key: KEYS.history('config', 'x', 1), value: '{' }],
      deletes: [],
    });
    await store.transact({ guards: [], puts: [{ key: KEYS.marker(), value: '{' }], deletes: [] });
    const after = await write('acme', 2);
    await published(after);
    expect(subscriber.events.map(({ revision }) => revision)).toEqual([before, after]);
  });
});

describe('who takes over', () => {
  it('goes on where the last one was, without a gap and without repeating anything', async () => {
    const first = await lead();
    await begun(first.publisher);
    const early = await writeMany(20);
    await published(early.at(-1) ?? 0);
    await first.end();
    const late = await writeMany(20, 20);
    await begun((await lead()).publisher);
    await published(late.at(-1) ?? 0);
    expect(subscriber.events.map(({ revision }) => revision)).toEqual([...early, ...late]);
  });

  it('and whom it took over from, waking up late, publish each revision once between them', async () => {
    const view = new FlakyStore(store);
    const old = await lead(view);
    await begun(old.publisher);
    const early = await writeMany(5);
    await published(early.at(-1) ?? 0);
    // The old one does not know that its term is over, and goes on.
    const next = await lead();
    await begun(next.publisher);
    const late = await writeMany(50, 5);
    await published(late.at(-1) ?? 0);
    await old.leading;
    expect(subscriber.events.map(({ revision }) => revision)).toEqual([...early, ...late]);
  });

  it('goes on from the checkpoint when Redis has forgotten everything', async () => {
    const first = await lead();
    await begun(first.publisher);
    const early = await writeMany(5);
    await published(early.at(-1) ?? 0);
    await first.end();
    await redis.ask(['FLUSHALL']);
    const late = await writeMany(5, 5);
    await begun((await lead()).publisher);
    await published(late.at(-1) ?? 0);
    expect(subscriber.events.map(({ revision }) => revision)).toEqual([...early, ...late]);
  });

  it('goes on from what Redis remembers when the checkpoint was lost', async () => {
    const first = await lead();
    await begun(first.publisher);
    const early = await writeMany(5);
    await published(early.at(-1) ?? 0);
    await first.end();
    await store.transact({ guards: [], puts: [], deletes: [KEYS.checkpoint('events')] });
    const late = await writeMany(5, 5);
    await begun((await lead()).publisher);
    await published(late.at(-1) ?? 0);
    expect(subscriber.events.map(({ revision }) => revision)).toEqual([...early, ...late]);
  });
});

describe('a store that has compacted what was not published yet', () => {
  const catchUp = async (count: number): Promise<{ early: Revision[]; late: Revision[] }> => {
    const first = await lead();
    await begun(first.publisher);
    const early = [await write('acme')];
    await published(early[0] ?? 0);
    await first.end();
    const late = await writeMany(count, 1);
    store.compact(toRevision(late.at(-1) ?? 0));
    await begun((await lead()).publisher);
    return { early, late };
  };

  it('has it told from the history, in order and without a gap', async () => {
    const { early, late } = await catchUp(30);
    await published(late.at(-1) ?? 0);
    const more = await writeMany(3, 40);
    await published(more.at(-1) ?? 0);
    expect(subscriber.events.map(({ revision }) => revision)).toEqual([...early, ...late, ...more]);
  });

  it('and has pruned it from the history as well says that something may be missing', async () => {
    const first = await lead();
    await begun(first.publisher);
    const before = await write('acme');
    await published(before);
    await first.end();
    for (let n = 0; n < 520; n++) await write('busy', n + 1);
    const last = await write('acme', 2);
    store.compact(toRevision(last));
    await begun((await lead()).publisher);
    await until('a resync', () => subscriber.events.some(({ action }) => action === 'resync'));
    const resync = subscriber.events.at(-1) as ResyncEvent;
    expect(resync).toMatchObject({
      key: '/cdn-defense/',
      value: null,
      version: null,
      tenant_id: null,
      reason: 'compacted',
      from: { revision: before },
    });
    expect(resync.revision).toBeGreaterThanOrEqual(last);
    expect(subscriber.revisions).toContain(last);
    const after = await write('acme', 3);
    await published(after);
  }, 60_000);
});

describe('a store that was restored from a backup', () => {
  /** A leader publishes up to the end of what the backup does not hold. */
  const restore = async (grown: number) => {
    await write('acme');
    await store.close();
    await cp(join(directory, 'store'), join(directory, 'backup'), { recursive: true });
    store = await openEmbeddedStore({ directory: join(directory, 'store') });
    const view = new FlakyStore(store);
    room = changeRoom(view);
    const { publisher } = await lead(view);
    await begun(publisher);
    const lost = await writeMany(10, 1);
    await published(lost.at(-1) ?? 0);
    const restored = await openEmbeddedStore({ directory: join(directory, 'backup') });
    const other = changeRoom(restored);
    for (let n = 0; n < grown; n++) {
      await setTenantConfig(other, changeRequest(), 'other', { rate_limit: n + 1 });
    }
    const original = store;
    store = restored;
    return { view, restored, original, lost };
  };

  it.each([
    ['and is behind', 0],
    ['and has grown past what was published', 30],
  ])('%s: it is published that what was published did not happen', async (_, grown) => {
    const { view, restored, original, lost } = await restore(grown);
    view.become(restored);
    await restored.transact({ guards: [], puts: [{ key: LEADER, value: '{}' }], deletes: [] });
    await terms.pop()?.end();
    await begun((await lead(view)).publisher);
    await until('a resync', () => subscriber.events.some(({ action }) => action === 'resync'));
    const resync = subscriber.events.at(-1) as ResyncEvent;
    expect(resync).toMatchObject({ reason: 'rewound', from: { revision: lost.at(-1) } });
    const after = await write('acme', 9);
    await until('it goes on', () => subscriber.events.at(-1)?.action !== 'resync');
    expect(subscriber.events.at(-1)).toMatchObject({ revision: after, value: { rate_limit: 9 } });
    expect(subscriber.events.filter(({ action }) => action === 'resync')).toHaveLength(1);
    await original.close();
  });
});

describe('Redis away', () => {
  it('holds nothing up; events come in order when it is back', async () => {
    const { publisher } = await lead();
    await begun(publisher);
    const early = await writeMany(5);
    await published(early.at(-1) ?? 0);
    redis.freeze();
    const during = await writeMany(30, 5);
    await until('they wait', () => publisher.status().waiting >= 20);
    redis.thaw();
    await published(during.at(-1) ?? 0);
    expect(subscriber.revisions).toEqual([...early, ...during]);
    expect(publisher.status().waiting).toBe(0);
  });
});
