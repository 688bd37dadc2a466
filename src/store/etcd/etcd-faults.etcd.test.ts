/** What the etcd store does when members die, freeze and vanish. Real processes, three members. */
import { cp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CutProxy } from '../../../test/support/etcd-proxy.ts';
import { startEtcd } from '../../../test/support/etcd.ts';
import type { EtcdCluster, EtcdMember } from '../../../test/support/etcd.ts';
import type { Stamp } from '../../shared/revision.ts';
import { Follower, PREFIX, Writer } from '../../../test/store/contract/load.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../port.ts';
import type { ConfigStore } from '../port.ts';
import { openEtcdStore } from './etcd-store.ts';

const WAIT = { timeout: 30_000, interval: 20 };

describe('the etcd store, three members', () => {
  let cluster: EtcdCluster;
  const stores: ConfigStore[] = [];
  const followers: Follower[] = [];

  beforeEach(async () => {
    cluster = await startEtcd({ members: 3 });
  });
  afterEach(async () => {
    for (const follower of followers.splice(0)) follower.stop();
    for (const store of stores.splice(0)) await store.close();
    await cluster.stop();
  });

  const open = (endpoints: readonly string[] = cluster.endpoints, random = () => 0) => {
    const store = openEtcdStore({ endpoints, random });
    stores.push(store);
    return store;
  };
  const here = async (store: ConfigStore): Promise<Stamp> => {
    const { clusterId, revision: at } = await store.range({ key: PREFIX });
    return { clusterId, revision: at };
  };
  const follow = (store: ConfigStore, start: Stamp) => {
    const follower = new Follower(store, start);
    followers.push(follower);
    return follower;
  };

  /** Nothing acknowledged is missing, nothing refused is there, and the follower saw each revision once. */
  const expectNothingLost = async (store: ConfigStore, writers: readonly Writer[], follower: Follower) => {
    const page = await store.range({ prefix: PREFIX });
    const byKey = new Map(page.kvs.map((kv) => [kv.key, kv.modRevision]));
    for (const writer of writers) {
      for (const { key, revision: at } of writer.acknowledged)
        expect([key, byKey.get(key)]).toEqual([key, at]);
      for (const key of writer.refused) expect(byKey.has(key)).toBe(false);
    }
    const expected = page.kvs.map(({ modRevision }) => modRevision).sort((a, b) => a - b);
    await vi.waitFor(() => expect(follower.revisions.length).toBeGreaterThanOrEqual(expected.length), WAIT);
    expect(follower.revisions).toEqual(expected);
  };

  it('loses no acknowledged write and no event when the leader is killed under writes', async () => {
    const leader = await cluster.leader();
    // Every store prefers another member, one of them the leader.
    const all = cluster.members.map((_, i) => open(cluster.endpoints, () => i / 3));
    const store = all[0] as ConfigStore;
    const start = await here(store);
    const follower = follow(all[cluster.members.indexOf(leader)] as ConfigStore, start);
    const writers = all.map((each, i) => new Writer(each, `w${i}`));
    await vi.waitFor(() => expect(follower.steps.length).toBeGreaterThan(100), WAIT);
    const before = writers.map((writer) => writer.acknowledged.length);
    await leader.kill();
    await vi.waitFor(() => {
      for (const [i, writer] of writers.entries()) {
        expect(writer.acknowledged.length).toBeGreaterThan((before[i] ?? 0) + 50);
      }
    }, WAIT);
    await leader.restart();
    await leader.ready();
    for (const writer of writers) await writer.stop();
    await expectNothingLost(store, writers, follower);
    const counts = writers.map((w) => [w.acknowledged.length, w.unknown.length, w.refused.length]);
    console.info(
      'leader killed: [acknowledged, unknown, refused]',
      counts,
      writers.map((w) => Math.round(w.slowest.ms)),
    );
    expect(follower.ends.every(({ end }) => end.reason === 'disconnected')).toBe(true);
  });

  it('moves its watch from a frozen member in about three seconds, and answers calls meanwhile', async () => {
    const leader = await cluster.leader();
    const frozenIndex = cluster.members.findIndex((member) => member !== leader);
    const frozen = cluster.members[frozenIndex] as EtcdMember;
    const store = open(cluster.endpoints, () => frozenIndex / 3);
    const other = open([leader.clientUrl]);
    const follower = follow(store, await here(store));
    const writer = new Writer(other, 'steady');
    await vi.waitFor(() => expect(follower.steps.length).toBeGreaterThan(20), WAIT);

    frozen.freeze();
    const frozenAt_ms = performance.now();
    let slowest_ms = 0;
    for (let i = 0; i < 40; i++) {
      const start_ms = performance.now();
      await store.range({ key: `${PREFIX}x` });
      slowest_ms = Math.max(slowest_ms, performance.now() - start_ms);
      await sleep(50);
    }
    await vi.waitFor(() => expect(follower.opens.length).toBeGreaterThan(1), WAIT);
    const moved_ms = (follower.opens[1] ?? 0) - frozenAt_ms;
    console.info('frozen member:', {
      moved_ms: Math.round(moved_ms),
      slowest_read_ms: Math.round(slowest_ms),
    });
    expect(moved_ms).toBeLessThan(4_000);
    expect(slowest_ms).toBeLessThan(2_500);
    expect(store.endpoints().find(({ endpoint }) => endpoint === frozen.clientUrl)?.healthy).toBe(false);

    const mine = new Writer(store, 'mine');
    await vi.waitFor(() => expect(mine.acknowledged.length).toBeGreaterThan(20), WAIT);
    expect(mine.unknown).toEqual([]);
    frozen.thaw();
    await vi.waitFor(() => expect(store.endpoints().every(({ healthy }) => healthy)).toBe(true), WAIT);
    await mine.stop();
    await writer.stop();
    await expectNothingLost(store, [writer, mine], follower);
  });

  it('says that the outcome is unknown when a member freezes with a transaction in its hands', async () => {
    const [frozen] = cluster.members as [EtcdMember];
    const store = open();
    await here(store);
    await vi.waitFor(() => expect(store.endpoints().every(({ healthy }) => healthy)).toBe(true), WAIT);
    frozen.freeze();
    const start_ms = performance.now();
    const puts = [{ key: `${PREFIX}maybe`, value: 'x' }];
    await expect(store.transact({ guards: [], puts, deletes: [] })).rejects.toBeInstanceOf(
      OutcomeUnknownError,
    );
    expect(performance.now() - start_ms).toBeLessThan(3_500);
    const again = await store.transact({ guards: [], puts, deletes: [] });
    expect(again.committed).toBe(true);
    frozen.thaw();
  });

  it('sees every revision once though its connection is cut again and again', async () => {
    const proxy = await CutProxy.before(cluster.endpoints[0] ?? '');
    try {
      const direct = open();
      const store = open([proxy.url]);
      const follower = follow(store, await here(direct));
      const writers = [0, 1, 2, 3].map((i) => new Writer(direct, `w${i}`));
      for (let cut = 0; cut < 5; cut++) {
        const opened = follower.opens.length;
        await vi.waitFor(
          () => expect(follower.opens.length).toBeGreaterThan(opened === 0 ? 0 : opened - 1),
          WAIT,
        );
        await sleep(300);
        proxy.cut();
        await vi.waitFor(() => expect(follower.ends.length).toBeGreaterThan(cut), WAIT);
      }
      for (const writer of writers) await writer.stop();
      await expectNothingLost(direct, writers, follower);
      expect(follower.ends.length).toBe(5); // one end, and so one successor, for each cut
    } finally {
      await proxy.close();
    }
  });

  it('ends a watch whose connection carries nothing more, within four seconds', async () => {
    const proxy = await CutProxy.before(cluster.endpoints[0] ?? '');
    try {
      const store = open([proxy.url]);
      const follower = follow(store, await here(store));
      await vi.waitFor(() => expect(follower.opens.length).toBe(1), WAIT);
      proxy.blackHole();
      const start_ms = performance.now();
      await vi.waitFor(() => expect(follower.ends.length).toBe(1), WAIT);
      const took_ms = (follower.ends[0]?.at_ms ?? 0) - start_ms;
      expect(took_ms).toBeLessThan(4_000);
      const call = store.range({ key: PREFIX });
      await expect(call).rejects.toBeInstanceOf(StoreUnavailableError); // the only way there is leads nowhere
    } finally {
      await proxy.close();
    }
  });

  it('tells compaction that happened while it was cut off', async () => {
    const leader = await cluster.leader();
    const member = cluster.members.find((each) => each !== leader) as EtcdMember;
    const store = open([member.clientUrl]);
    const direct = open([leader.clientUrl]);
    const start = await here(store);
    const follower = follow(store, start);
    await vi.waitFor(() => expect(follower.opens.length).toBe(1), WAIT);
    await member.kill();
    let at = start.revision;
    for (let i = 0; i < 10; i++) {
      at = (await direct.transact({ guards: [], puts: [{ key: `${PREFIX}a`, value: `${i}` }], deletes: [] }))
        .revision;
    }
    await cluster.admin('/v3/kv/compaction', { revision: `${at}` }, { member: leader });
    await member.restart();
    await vi.waitFor(() => expect(follower.ends.at(-1)?.end).toEqual({ reason: 'compacted' }), WAIT);
    expect(follower.steps).toEqual([]);
  });

  it('refuses writes clearly without a majority, and goes on when it is back', async () => {
    const [survivor, ...lost] = cluster.members as [EtcdMember, EtcdMember, EtcdMember];
    const store = open();
    await here(store);
    for (const member of lost) await member.kill();
    const attempt = () =>
      store.transact({ guards: [], puts: [{ key: `${PREFIX}a`, value: '1' }], deletes: [] });
    await expect(attempt()).rejects.toSatisfy(
      (error) => error instanceof OutcomeUnknownError || error instanceof StoreUnavailableError,
    );
    // Once the survivor knows that it has no leader, a write is certainly refused rather than left open.
    await vi.waitFor(() => expect(store.endpoints().some(({ healthy }) => healthy)).toBe(false), WAIT);
    await expect(attempt()).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(survivor.pid).toBeGreaterThan(0);
    for (const member of lost) await member.restart();
    await vi.waitFor(async () => expect((await attempt()).committed).toBe(true), WAIT);
  });

  it('keeps a lease through the loss of the member it spoke to, and loses it only with its time', async () => {
    const store = open();
    const lease = await store.lease(5);
    const key = `${PREFIX}leader`;
    await store.transact({ guards: [], puts: [{ key, value: 'me', lease: lease.id }], deletes: [] });
    let lost = false;
    void lease.lost.then(() => (lost = true));
    await (cluster.members[0] as EtcdMember).kill();
    for (let i = 0; i < 16; i++) {
      await sleep(500);
      expect(lease.held()).toBe(true);
    }
    expect(lost).toBe(false);
    for (const member of cluster.members) await member.kill();
    const cutAt_ms = performance.now();
    await lease.lost;
    expect(lease.held()).toBe(false);
    expect(performance.now() - cutAt_ms).toBeLessThan(5_000);
  });
});

describe('the etcd store, one member', () => {
  it('ends its watch as rewound after a restored backup, which keeps the cluster id and forgets revisions', async () => {
    await using cluster = await startEtcd();
    const [member] = cluster.members as [EtcdMember];
    const store = openEtcdStore({ endpoints: cluster.endpoints });
    const backup = `${member.dataDirectory}-backup`;
    const put = (value: string) =>
      store.transact({ guards: [], puts: [{ key: `${PREFIX}a`, value }], deletes: [] });
    await put('kept');
    await member.kill();
    await cp(member.dataDirectory, backup, { recursive: true });
    await member.start();
    await member.ready();
    let last: Stamp | undefined;
    for (let i = 0; i < 10; i++) last = await put(`forgotten ${i}`);
    const follower = new Follower(store, last as Stamp);
    await vi.waitFor(() => expect(follower.opens.length).toBe(1), WAIT);

    await member.kill();
    await rm(member.dataDirectory, { recursive: true });
    await cp(backup, member.dataDirectory, { recursive: true });
    await member.start();
    await vi.waitFor(() => expect(follower.ends.at(-1)?.end).toEqual({ reason: 'rewound' }), WAIT);
    const after = await store.range({ prefix: PREFIX });
    expect(after.clusterId).toBe(last?.clusterId);
    expect(after.revision).toBeLessThan(last?.revision ?? 0);
    expect(follower.steps).toEqual([]);
    follower.stop();
    await store.close();
  });
});
