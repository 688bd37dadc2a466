/** Hundreds of connections that dribble, others that flood: a node goes on answering everybody else. */
import { type Socket, connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { httpCall } from '../support/http-call.ts';
import { Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';

const DRIBBLERS = 300;
const SILENT = 50;
const FLOODERS = 8;
const PIPELINED = 40;
const ROUNDS = 40;
const SLOWEST_MS = 3_000;
/** What a request may take to be sent, and some. */
const CUT_OFF_MS = 20_000;

let etcd: EtcdCluster;
let place: Workplace;
let url: string;
const sockets = new Set<Socket>();
const stopped = new AbortController();

beforeAll(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
  ({ url } = await place.serve('node-1', etcd.endpoints));
  await until('the node has read', async () => (await httpCall(url, 'GET', '/readyz')).status === 200);
});

afterAll(async () => {
  stopped.abort();
  for (const socket of sockets) socket.destroy();
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

const open = async (): Promise<Socket> => {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  sockets.add(socket);
  socket.resume();
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
};

const openMany = (count: number): Promise<Socket[]> => Promise.all(Array.from({ length: count }, open));

/** One byte now and then, and never the last one. */
const dribble = (socket: Socket, head: string): void => {
  socket.write(head);
  const timer = setInterval(() => socket.write('a'), 200);
  socket.on('close', () => clearInterval(timer));
};

const BODY_HEAD = [
  'POST /global-config/tenant HTTP/1.1',
  'Host: 127.0.0.1',
  'X-Tenant-ID: slow',
  'Content-Type: application/json',
  'Content-Length: 100000',
  '',
  '{"config":{"mode":"',
].join('\r\n');
const GET = 'GET /global-config/tenant HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tenant-ID: flood\r\n\r\n';

/** Requests as fast as the answers come, many on their way at once. @returns answers so far */
const flood = (socket: Socket): (() => number) => {
  let answers = 0;
  const send = () => !stopped.signal.aborted && socket.write(GET.repeat(PIPELINED));
  socket.on('data', (chunk) => {
    const before = Math.floor(answers / PIPELINED);
    answers += chunk.toString('latin1').split('HTTP/1.1 ').length - 1;
    if (Math.floor(answers / PIPELINED) > before) send();
  });
  send();
  return () => answers;
};

it('a node under slow and flooding connections answers others in time, cuts the slow ones off, and keeps its memory', async () => {
  const memory = async () => {
    const { text } = await httpCall(url, 'GET', '/metrics');
    return Number(/^process_resident_memory_bytes\{[^}]*\} (\d+)/m.exec(text)?.[1]);
  };
  const before = await memory();
  const silent = await openMany(SILENT);
  const slow = [...(await openMany(DRIBBLERS)), ...silent];
  slow
    .slice(0, DRIBBLERS / 2)
    .forEach((socket) => dribble(socket, 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: '));
  slow.slice(DRIBBLERS / 2, DRIBBLERS).forEach((socket) => dribble(socket, BODY_HEAD));
  const began = performance.now();
  const floods = (await openMany(FLOODERS)).map(flood);

  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    const body = { config: { threat_threshold: i } };
    const written = await httpCall(url, 'POST', '/global-config/tenant', { tenant: 'calm', body });
    expect(written.status).toBe(200);
    const read = await httpCall(url, 'GET', '/global-config/tenant', { tenant: 'calm' });
    expect(read.body).toMatchObject({ config: { threat_threshold: i } });
    times.push(performance.now() - start);
    await pause(20);
  }
  stopped.abort();
  times.sort((a, b) => a - b);
  const answered = floods.reduce((sum, count) => sum + count(), 0);
  const [p50, p99, max] = [0.5, 0.99, 1].map((q) => Math.round(times[Math.ceil(q * ROUNDS) - 1] ?? 0));
  console.log(
    `write and read under ${answered} flooding requests: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`,
  );
  expect(answered).toBeGreaterThan(1_000);
  expect(max).toBeLessThan(SLOWEST_MS);

  const left = () => slow.filter((socket) => sockets.has(socket)).length;
  await until('every slow connection is cut off', () => left() === 0, CUT_OFF_MS);
  console.log(
    `${slow.length} slow connections cut off within ${Math.round((performance.now() - began) / 1000)} s`,
  );
  expect((await memory()) - before).toBeLessThan(200 * 1024 * 1024);
});
