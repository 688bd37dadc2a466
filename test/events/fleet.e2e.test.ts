/** Events of a whole fleet: real nodes on a real etcd and a real Redis, and what befalls them. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { CutProxy } from '../support/etcd-proxy.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { Subscriber } from '../support/subscriber.ts';
import { keys } from '../support/truth.ts';
import { until } from '../support/until.ts';

const NODES = ['node-1', 'node-2', 'node-3'];
const LONG_MS = 60_000;

let etcd: EtcdCluster;
let redis: RedisServer;
let proxy: CutProxy;
let place: Workplace;
let store: ConfigStore;
let subscriber: Subscriber;
let nodes: Map<string, { process: LockstepProcess; url: string }>;

beforeEach(async () => {
  etcd = await startEtcd();
  redis = await startRedis({ password: 'canary-of-redis' });
  proxy = await CutProxy.before(`http://127.0.0.1:${redis.address.port}`);
  place = await Workplace.create();
  store = openEtcdStore({ endpoints: etcd.endpoints });
  subscriber = await Subscriber.on(redis);
  const url = redis.url.replace(String(redis.address.port), new URL(proxy.url).port);
  nodes = new Map();
  for (const id of NODES) nodes.set(id, await place.serve(id, etcd.endpoints, ['--redis', url]));
  await until('events are followed', async () => (await checkpoint()) !== undefined, LONG_MS);
});

afterEach(async () => {
  subscriber.close();
  await store.close();
  await place[Symbol.asyncDispose]();
  await proxy.close();
  await redis[Symbol.asyncDispose]();
  await etcd.stop();
});

const valueOf = async (key: string): Promise<Record<string, unknown> | undefined> => {
  const { kvs } = await store.range({ key });
  return kvs[0] && (JSON.parse(kvs[0].value) as Record<string, unknown>);
};
const checkpoint = () => valueOf(keys.checkpoint('events'));
const leader = async () => {
  const id = (await valueOf(keys.leader('events')))?.['node_id'];
  return typeof id === 'string' ? id : undefined;
};
const urlOf = (id: string): string => nodes.get(id)?.url ?? '';

/** One write on one of the nodes that answer. @returns its revision */
const write = async (id: string, tenant: string, rate_limit: number): Promise<number> => {
  const response = await fetch(`${urlOf(id)}/global-config/tenant`, {
    method: 'POST',
    headers: { 'x-tenant-id': tenant, 'content-type': 'application/json' },
    body: JSON.stringify({ config: { rate_limit } }),
  });
  const body = (await response.json()) as { revision: number };
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body.revision;
};

/** The truth: the revision of every change there was, past the product. */
const changes = async (): Promise<number[]> => {
  const { kvs } = await list(store, [keys.allHistory()]);
  return [...new Set(kvs.map((kv) => kv.createRevision))].sort((a, b) => a - b);
};

const expectEveryChangeInOrder = async (): Promise<void> => {
  const all = await changes();
  await until('every change has come', () => subscriber.revisions.length >= all.length, LONG_MS);
  expect(subscriber.revisions).toEqual(all);
  expect(subscriber.events.filter(({ action }) => action === 'resync')).toEqual([]);
};

it('with the leader killed amid 500 changes, a subscriber sees every one of them, in order', async () => {
  const first = (await leader()) ?? '';
  const [second = '', third = ''] = NODES.filter((id) => id !== first);
  const revisions: number[] = [];
  for (let n = 0; n < 500; n++) {
    const id = [second, third, ...(n < 200 ? [first] : [])][n % 3] ?? second;
    revisions.push(await write(id, `tenant-${n % 11}`, n + 1));
    if (n === 250) await nodes.get(first)?.process.kill();
  }
  await until('another leads', async () => ![undefined, first].includes(await leader()), LONG_MS);
  await expectEveryChangeInOrder();
  expect(subscriber.revisions).toEqual(revisions);
  const repeated = subscriber.texts.length - new Set(subscriber.texts).size;
  console.log(`500 changes, ${subscriber.texts.length} messages, ${repeated} repeated`);
});

it('with the leader frozen another takes over; what the old one does when it thaws adds nothing', async () => {
  const first = (await leader()) ?? '';
  const others = NODES.filter((id) => id !== first);
  for (let n = 0; n < 100; n++) {
    await write(others[n % 2] ?? '', 'acme', n + 1);
    if (n === 50) nodes.get(first)?.process.freeze();
  }
  await until('another leads', async () => ![undefined, first].includes(await leader()), LONG_MS);
  await expectEveryChangeInOrder();
  const fence = await checkpoint();
  nodes.get(first)?.process.thaw();
  await until('the old one answers', async () => (await fetch(`${urlOf(first)}/livez`)).ok, LONG_MS);
  for (let n = 100; n < 130; n++) await write(NODES[n % 3] ?? '', 'acme', n + 1);
  await expectEveryChangeInOrder();
  await until(
    'the checkpoint follows',
    async () => {
      const { revision } = (await checkpoint()) ?? {};
      return revision === subscriber.revisions.at(-1);
    },
    LONG_MS,
  );
  expect(fence).toBeDefined();
  expect(subscriber.texts.length).toBe(new Set(subscriber.texts).size);
});

it('with Redis killed writes and reads go on as ever, and events catch up in order when it is back', async () => {
  for (let n = 0; n < 20; n++) await write('node-1', 'acme', n + 1);
  await expectEveryChangeInOrder();
  await redis.kill();
  proxy.cut();
  const start = performance.now();
  for (let n = 20; n < 120; n++) await write(NODES[n % 3] ?? '', `t${n % 5}`, n + 1);
  console.log(`100 writes without Redis: ${Math.round(performance.now() - start)} ms`);
  for (const id of NODES) expect((await fetch(`${urlOf(id)}/readyz`)).status).toBe(200);
  // The nodes come back to Redis through the proxy; the subscriber is there first.
  proxy.hold();
  await redis.start();
  await until('the subscriber is back', () => subscriber.ready, LONG_MS);
  proxy.release();
  await expectEveryChangeInOrder();
});

it('no key material appears, in any event or log', async () => {
  const { cert, key } = await makeCertificate();
  const headers = { 'x-tenant-id': 'acme', 'content-type': 'application/json' };
  const body = JSON.stringify({ domain: 'api.example.com', cert, key });
  const uploaded = await fetch(`${urlOf('node-2')}/global-ssl`, { method: 'POST', headers, body });
  expect(uploaded.ok).toBe(true);
  await write('node-1', 'acme', 1);
  await expectEveryChangeInOrder();
  const sealed = (await valueOf(keys.record('ssl', 'acme:api.example.com'))) as unknown as {
    sealed_key: { ciphertext: string };
  };
  const { kvs } = await list(store, [keys.keyring(), keys.projectedIn('cdn_defense/keyring')]);
  const secrets = kvs
    .flatMap(({ value }) => [...value.matchAll(/"(?:secret|ciphertext)":"([^"]{20,})"/g)])
    .map((match) => match[1] ?? '');
  expect(secrets.length).toBeGreaterThan(0);
  const logs = [...nodes.values()].map(({ process }) => process.log()).join('\n');
  const texts = subscriber.texts.join('\n');
  const lines = key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
  for (const secret of [
    ...lines,
    ...secrets,
    'PRIVATE KEY',
    sealed.sealed_key.ciphertext,
    'canary-of-redis',
  ]) {
    expect(texts).not.toContain(secret);
    expect(logs).not.toContain(secret);
  }
  expect(texts).toContain('/cdn-defense/ssl/acme:api.example.com');
});

it('a subscriber sees each change within milliseconds of its answer', async () => {
  const latencies: number[] = [];
  for (let n = 0; n < 100; n++) {
    const revision = await write('node-1', 'acme', n + 1);
    const answered = performance.now();
    await until('it has come', () => subscriber.revisions.at(-1) === revision);
    latencies.push(performance.now() - answered);
  }
  latencies.sort((a, b) => a - b);
  console.log(`event after answer: p50 ${latencies[50]?.toFixed(1)} ms, p99 ${latencies[98]?.toFixed(1)} ms`);
  expect(latencies[50]).toBeLessThan(50);
});
