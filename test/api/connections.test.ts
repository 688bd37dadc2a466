/** Many connections: who only holds them, and who is being answered. */
import { type Socket, connect } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';

const MOST = 20;

let fleet: Fleet;
const sockets: Socket[] = [];

beforeEach(async () => {
  fleet = await startFleet({ connectionsMax: MOST });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await fleet.dispose();
});

/** A connection that sends this and then nothing. */
const hold = async (text: string): Promise<Socket> => {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(fleet.nodes[0]?.url ?? '').port) });
  sockets.push(socket);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  if (text !== '') socket.write(text);
  return socket;
};

const holdMany = (count: number, text: string): Promise<Socket[]> =>
  Promise.all(Array.from({ length: count }, () => hold(text)));

/** A request that is answered late: the revision it waits for never comes. */
const slow = (): Promise<Reply> => {
  const query = '?min_revision=9007199254740991';
  return fleet.call('GET', `/global-config/tenant${query}`, { tenant: TENANT });
};

const metric = async (name: string): Promise<number> => {
  const { text } = await fleet.call('GET', '/metrics');
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1]);
};

test.each([
  ['say nothing', ''],
  ['send half a header', 'GET /livez HTTP/1.1\r\nHost: a\r\nX-A: '],
  [
    'send half a body',
    'POST /sync/refresh HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
  ['are idle after an answer', 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'],
])('connections that %s make room for others', async (_, text) => {
  await holdMany(MOST * 5, text);
  const reply = await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body: { config: {} } });
  expect(reply.status).toBe(200);
  expect(await metric('lockstep_http_connections')).toBeLessThanOrEqual(MOST);
  expect(await metric('lockstep_http_connections_evicted_total')).toBeGreaterThan(MOST);
});

test('connections whose answers nobody takes make room for others', async () => {
  const held = await holdMany(MOST, '');
  for (const socket of held) {
    socket.pause();
    // More than the kernel takes for a client.
    socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(16));
  }
  await until('all are being answered', () => held.every((socket) => socket.bytesRead > 0));
  await until('they make room', async () => {
    const reply = await fleet.call('GET', '/livez').catch(() => undefined);
    return reply?.status === 200;
  });
  expect(await metric('lockstep_http_connections_evicted_total')).toBeGreaterThan(0);
});

test('an answer that is taken slowly, or comes late, keeps its connection', async () => {
  const socket = await hold('');
  socket.pause();
  socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(8));
  const taking = setInterval(() => void socket.read(65_536), 200);
  const stream = await hold('GET /fleet/stream HTTP/1.1\r\nHost: a\r\n\r\n');
  stream.on('data', () => {});
  await until('it has been taken for a while', () => socket.bytesRead > 1_500_000);
  await holdMany(MOST * 5, '');
  expect((await fleet.call('GET', '/livez')).status).toBe(200);
  clearInterval(taking);
  socket.read();
  expect([socket.closed, socket.readableEnded, stream.closed]).toEqual([false, false, false]);
});

test('a request that is being answered keeps its connection while hundreds of others come', async () => {
  const answers = Promise.all([slow(), slow(), slow()]);
  await until('they are under way', async () => (await metric('lockstep_http_connections')) > 3);
  await holdMany(MOST * 10, 'GET /livez HTTP/1.1\r\n');
  for (const { body } of await answers) expect(body.code).toBe('revision_not_reached');
});

test('with every connection being answered a new one is turned away, and taken again later', async () => {
  const { reflector } = fleet.nodes[0]?.node ?? {};
  const waiting = vi.spyOn(reflector as NonNullable<typeof reflector>, 'reached');
  const answers = Promise.all(Array.from({ length: MOST }, slow));
  await until('all are being answered', () => waiting.mock.calls.length === MOST);
  await expect(fleet.call('GET', '/livez')).rejects.toMatchObject({ code: 'ECONNRESET' });
  for (const { body } of await answers) expect(body.code).toBe('revision_not_reached');
  expect((await fleet.call('GET', '/livez')).status).toBe(200);
});

test('the places of closed connections are free again', async () => {
  for (const socket of await holdMany(MOST - 2, 'GET ')) socket.destroy();
  await until('they are gone', async () => (await metric('lockstep_http_connections')) < 5);
  expect(await metric('lockstep_http_connections_evicted_total')).toBe(0);
});

test('a connection on which nothing moves is closed, but a stream that has nothing to tell stays', async () => {
  await fleet.dispose();
  fleet = await startFleet({ silence_ms: 300 });
  const stream = await hold('GET /fleet/stream HTTP/1.1\r\nHost: a\r\n\r\n');
  let told = '';
  stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await until('the stream has begun', () => told.includes('event: fleet'));
  await expect(slow()).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(stream.closed).toBe(false);
  await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body: { config: {} } });
  await until('it goes on', () => told.includes('event: update'));
});
