/** A listener that can't accept a connection, as when the process has no file descriptor left. */
import { IncomingMessage } from 'node:http';
import { Server, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createListener, listenAlso } from '../../src/api/listener.ts';
import { startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import { openListener } from '../../src/gateway/front/listener.ts';
import { openOperationsListener } from '../../src/gateway/operations-listener.ts';
import { DisposeStack } from '../../src/shared/async.ts';
import { listenOn } from '../../src/shared/listening.ts';
import { type Log, silentLog } from '../../src/shared/log.ts';
import { startFleet } from '../support/control-plane.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const stack = new DisposeStack();
let warned: object[] = [];
const log: Log = { ...silentLog, warn: (fields) => warned.push(fields) };

afterEach(async () => {
  vi.restoreAllMocks();
  warned = [];
  await stack.dispose();
});

const openers: [what: string, open: () => Promise<void>][] = [
  [
    'the gateway',
    async () => {
      const attach = () => {};
      const find = () => undefined;
      const options = { scheme: 'http', address: LOOPBACK, IncomingMessage, find, attach, log } as const;
      const listener = await openListener(options);
      stack.add('gateway', () => listener.close(0));
    },
  ],
  [
    'the gateway’s metrics and health',
    async () => {
      const scraped = { contentType: 'text/plain', text: () => Promise.resolve('') };
      const readiness = () => ({ status: 'ready' }) as const;
      const listener = await openOperationsListener(LOOPBACK, { scraped, readiness }, log);
      stack.add('operations', () => listener.dispose());
    },
  ],
  [
    'the demo origin',
    async () => {
      const origin = await startDemoOrigin({ ...LOOPBACK, log });
      stack.add('origin', () => origin.dispose());
    },
  ],
  [
    'a node’s API',
    async () => {
      const fleet = await startFleet({ log });
      stack.add('fleet', () => fleet.dispose());
    },
  ],
  [
    'a node’s API at another address of its name',
    async () => {
      const server = createListener((_request, response) => response.end(), undefined);
      await listenOn(server, LOOPBACK, silentLog);
      stack.add('server', () => void server.close());
      const stop = await listenAlso(server, 'some.name', log, () => Promise.resolve(['127.0.0.2']));
      stack.add('another address', stop);
    },
  ],
];

test.each(openers)('%s goes on, and says so', async (_what, open) => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  await open();
  const server = listen.mock.contexts.at(-1) as Server;
  expect(server.listening).toBe(true);
  const failure = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  for (let n = 0; n < 2; n++) server.emit('error', failure);
  expect(warned).toEqual([{ err: failure, failures: 1 }]);
  expect(server.listening).toBe(true);
});

test('an address that is in use is refused', async () => {
  const server = createServer();
  const { port } = await listenOn(server, LOOPBACK, silentLog);
  stack.add('server', () => void server.close());
  expect(port).toBe((server.address() as AddressInfo).port);
  const second = listenOn(createServer(), { host: '127.0.0.1', port }, log);
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(warned).toEqual([]);
});
