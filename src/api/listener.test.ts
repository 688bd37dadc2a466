import { type Server, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../shared/log.ts';
import { createListener, listenAlso } from './listener.ts';

let server: Server | undefined;
afterEach(() => new Promise((resolve) => server?.close(resolve)));

const ask = (host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host, port, agent: false }, (answer) =>
      resolve(answer.resume().statusCode ?? 0),
    );
    outgoing.on('error', reject);
    outgoing.end();
  });

test('a server that listens at a name answers at every address of it that can be had, until it stops', async () => {
  const listener = createListener((_request, response) => response.writeHead(204).end(), undefined);
  server = listener;
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const addresses = ['127.0.0.1', '127.0.0.2', '203.0.113.7'];
  const warnings: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => warnings.push(fields) };
  const stop = await listenAlso(listener, 'some.name', log, () => Promise.resolve(addresses));
  expect([await ask('127.0.0.1', port), await ask('127.0.0.2', port)]).toEqual([204, 204]);
  expect(warnings).toMatchObject([{ host: '203.0.113.7', port }]);
  stop();
  await expect(ask('127.0.0.2', port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await ask('127.0.0.1', port)).toBe(204);
});
