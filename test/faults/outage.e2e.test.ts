import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { list } from '../../src/store/listing.ts';
import { startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { Workplace } from '../support/lockstep.ts';
import { keys } from '../support/truth.ts';

const HEADERS = { 'x-tenant-id': 'acme', 'content-type': 'application/json', 'accept-language': 'en' };

let etcd: EtcdCluster;
let place: Workplace;

beforeEach(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

const get = async (url: string, path = '/global-config/tenant'): Promise<Record<string, unknown>> =>
  (await (await fetch(`${url}${path}`, { headers: HEADERS })).json()) as Record<string, unknown>;

const post = (url: string, config: object): Promise<Response> =>
  fetch(`${url}/global-config/tenant`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({ config }),
  });

const dump = async (): Promise<string> => {
  const store = openEtcdStore({ endpoints: etcd.endpoints });
  const { kvs } = await list(store, [keys.source, keys.projection]);
  await store.close();
  // What nodes write of themselves moves on when they are back.
  const lasting = kvs.filter(
    ({ key }) => !/\/(marker$|(nodes|pulses|gateways|leader|keyring|drift)\/)/.test(key),
  );
  return JSON.stringify(lasting);
};

it('reads go on, stale and saying so, while etcd is gone; writes are refused and leave nothing; all catches up', async () => {
  const origin = await startDemoOrigin({ host: '127.0.0.1', port: 0 });
  const first = await place.serve('node-1', etcd.endpoints);
  const second = await place.serve('node-2', etcd.endpoints);
  const gateway = await place.gateway('gateway-1', etcd.endpoints);
  await post(first.url, { rate_limit: 7 });
  const route = { route: { id: 'r', path: '/r/*', upstream: origin.url } };
  await fetch(`${first.url}/global-routes`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(route),
  });
  await expect.poll(async () => (await fetch(`${gateway.http}/r/1`)).status).toBe(200);
  await expect.poll(() => get(second.url)).toMatchObject({ config: { rate_limit: 7 }, synced: true });
  const before = await dump();

  await etcd.members[0]?.kill();
  await expect
    .poll(() => get(second.url))
    .toMatchObject({
      config: { rate_limit: 7 },
      source: 'local-cache',
      stale: true,
      synced: false,
    });
  const { age_ms } = await get(second.url);
  await expect.poll(async () => (await get(second.url))['age_ms']).toBeGreaterThan(age_ms as number);
  expect(await get(second.url, '/sync-status')).toMatchObject({
    etcd_connected: false,
    state: 'disconnected',
  });
  expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
  const refused = await post(second.url, { rate_limit: 8 });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  expect(await refused.json()).toMatchObject({
    code: 'etcd_unavailable',
    detail: expect.stringContaining('etcd') as string,
  });
  expect((await fetch(`${gateway.http}/r/2`)).status).toBe(200);

  await etcd.members[0]?.restart();
  await etcd.members[0]?.ready();
  await expect
    .poll(() => get(second.url), { timeout: 15_000 })
    .toMatchObject({ source: 'global-etcd', synced: true });
  expect(await dump()).toBe(before);
  await expect
    .poll(async () => (await post(second.url, { rate_limit: 9 })).status, { timeout: 15_000 })
    .toBe(200);
  await expect
    .poll(() => get(first.url), { timeout: 15_000 })
    .toMatchObject({ config: { rate_limit: 9 }, version: 2 });
  await origin.dispose();
});

it('a node started while etcd is away answers from its last known configuration, and catches up', async () => {
  const data = join(place.directory, 'last-known');
  const running = await place.serve('node-1', etcd.endpoints, ['--data-dir', data]);
  expect((await post(running.url, { rate_limit: 7 })).status).toBe(200);
  await running.process.drain();
  expect(await readFile(join(data, 'last-known.json'), 'utf8')).toContain('rate_limit');

  await etcd.members[0]?.kill();
  const started = await place.serve('node-1', etcd.endpoints, ['--data-dir', data]);
  expect(await get(started.url)).toMatchObject({ config: { rate_limit: 7 }, version: 1 });
  await expect
    .poll(() => get(started.url))
    .toMatchObject({ stale: true, source: 'local-cache', synced: false });
  await expect.poll(async () => (await fetch(`${started.url}/readyz`)).status).toBe(200);
  expect((await post(started.url, { rate_limit: 8 })).status).toBe(503);

  await etcd.members[0]?.restart();
  await expect
    .poll(() => get(started.url), { timeout: 20_000 })
    .toMatchObject({ source: 'global-etcd', synced: true });
  expect((await post(started.url, { rate_limit: 8 })).status).toBe(200);
});

it('a node started without etcd and without a last known configuration says that it is not ready', async () => {
  await etcd.members[0]?.kill();
  const { url } = await place.serve('node-1', etcd.endpoints);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect(await get(url)).toMatchObject({ status: 503, code: 'not_ready' });
  await etcd.members[0]?.restart();
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
});

it('a node that is told to stop finishes what it has begun and takes itself off the list', async () => {
  const first = await place.serve('node-1', etcd.endpoints);
  const second = await place.serve('node-2', etcd.endpoints);
  const nodesOf = async () =>
    ((await get(second.url, '/sync-status'))['nodes'] as { node_id: string }[]).map((n) => n.node_id);
  await expect.poll(nodesOf).toEqual(['node-1', 'node-2']);
  const answers = Array.from({ length: 20 }, (_, i) => post(first.url, { rate_limit: i + 1 }));
  await answers[0];
  const [statuses] = await Promise.all([
    Promise.allSettled(answers).then((all) =>
      all.map((one) => (one.status === 'fulfilled' ? one.value.status : 0)),
    ),
    first.process.drain(),
  ]);
  // Whoever got an answer got a whole one: done, or refused because the node was stopping.
  expect(statuses.every((status) => status === 200 || status === 0 || status === 503)).toBe(true);
  expect(first.process.running).toBe(false);
  await expect.poll(nodesOf).toEqual(['node-2']);
  const done = statuses.filter((status) => status === 200).length;
  expect((await get(second.url))['version']).toBeGreaterThanOrEqual(done);
});

it('a node that is told to stop is not held up by connections that never ask anything', async () => {
  const { process, url } = await place.serve('node-1', etcd.endpoints);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  const { hostname, port } = new URL(url);
  const silent = await Promise.all(
    ['', 'GET /livez HTTP/1.1\r\nHost: x\r\n'].map(async (text) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    }),
  );
  const start = performance.now();
  await process.drain();
  expect(performance.now() - start).toBeLessThan(4_000);
  for (const socket of silent) socket.destroy();
});
