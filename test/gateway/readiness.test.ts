/** When an embedded gateway says that clients may be sent to it. */
import { type ServerResponse, createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { type RunningGateway, type StartGatewayOptions, startGateway } from '../../src/compose/gateway.ts';
import { listenOn } from '../../src/shared/listening.ts';
import { silentLog } from '../../src/shared/log.ts';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import { FlakyStore } from '../support/flaky-store.ts';
import { freePort } from '../support/free-ports.ts';
import { httpCall } from '../support/http-call.ts';
import { until } from '../support/until.ts';
import { type Cleanup, cleanUp, startUpstream } from './fixture.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

const start = async (options: Partial<StartGatewayOptions>): Promise<RunningGateway> => {
  const fleet = await startFleet();
  stack.push(() => fleet.dispose());
  return startIn(fleet, options);
};
const startIn = async (
  { store, keys }: Pick<Fleet, 'store' | 'keys'>,
  options: Partial<StartGatewayOptions>,
): Promise<RunningGateway> => {
  const own = { gatewayId: 'edge-1', http: LOOPBACK, metrics: LOOPBACK, store, keys, log: silentLog };
  const gateway = await startGateway({ ...own, ...options });
  stack.push(() => gateway.dispose());
  return gateway;
};
const ready = async ({ metricsUrl = '' }: RunningGateway) => {
  const { status, body } = await httpCall(new URL(metricsUrl).origin, 'GET', '/readyz');
  return { ...body, answered: status };
};

it('is ready when it serves what the store has, and stays so when the store goes', async () => {
  const fleet = await startFleet();
  stack.push(() => fleet.dispose());
  const view = new FlakyStore(fleet.store);
  const gateway = await startIn(fleet, { store: view });
  expect(await ready(gateway)).toMatchObject({ answered: 200, status: 'ready' });
  expect((await httpCall(new URL(gateway.metricsUrl ?? '').origin, 'GET', '/livez')).status).toBe(200);
  view.fail();
  expect(await ready(gateway)).toMatchObject({ answered: 200, status: 'ready' });
});

it('is not ready before it has read anything', async () => {
  const fleet = await startFleet();
  stack.push(() => fleet.dispose());
  const view = new FlakyStore(fleet.store);
  view.fail();
  const gateway = await startIn(fleet, { store: view });
  expect(await ready(gateway)).toMatchObject({ answered: 503, status: 'starting' });
  view.recover();
  await until('it is ready', async () => (await ready(gateway)).answered === 200);
});

it('is not ready while every request is refused', async () => {
  const fleet = await startFleet();
  stack.push(() => fleet.dispose());
  const gateway = await startIn(fleet, {});
  const key = `${fleet.keys.projection}global_rules/1`;
  await fleet.store.transact({ guards: [], puts: [{ key, value: '{}' }], deletes: [] });
  await until('it refuses', async () => (await ready(gateway)).answered === 503);
  expect(await ready(gateway)).toMatchObject({
    status: 'refusing',
    detail: expect.stringContaining('global') as string,
  });
  await fleet.store.transact({ guards: [], puts: [], deletes: [key] });
  await until('it serves again', async () => (await ready(gateway)).answered === 200);
});

it('is ready once every node knows of it: then changes are waited for on it', async () => {
  const held: ServerResponse[] = [];
  const node = createServer((_, response) => void held.push(response));
  const { port } = await listenOn(node, LOOPBACK, silentLog);
  stack.push(() => void node.close().closeAllConnections());
  const gateway = await start({ control: [`http://127.0.0.1:${port}`] });
  const answer = (listed: boolean) => {
    const body = { node_id: 'node-1', cluster_id: '1', proved: null, prove: [], more: false, listed };
    held.pop()?.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  await until('the node has its word', () => held.length === 1);
  answer(false);
  await until('it asks again', () => held.length === 1);
  expect(await ready(gateway)).toMatchObject({
    answered: 503,
    status: 'starting',
    detail: expect.stringContaining('not every node') as string,
  });
  answer(true);
  await until('it is ready', async () => (await ready(gateway)).answered === 200);
});

it('is ready by what it has when no node can hear it', async () => {
  const gateway = await start({ control: [`http://127.0.0.1:${await freePort()}`] });
  await until('it is ready', async () => (await ready(gateway)).answered === 200);
});

it('is not ready while it drains', async () => {
  const fleet = await startFleet({ upstreams: { privateRanges: 'open', reserved: [] } });
  stack.push(() => fleet.dispose());
  const waiting: ServerResponse[] = [];
  const origin = await startUpstream(stack, (_, response) => void waiting.push(response));
  const route = { id: 'slow', path: '/*', upstream: `http://127.0.0.1:${origin}` };
  const { status } = await fleet.call('POST', '/global-routes', { tenant: 'acme', body: { route } });
  expect(status).toBeLessThan(300);
  const gateway = await startIn(fleet, {});
  const answer = httpCall(gateway.urls[0] ?? '', 'GET', '/x');
  await until('a request is under way', () => waiting.length === 1);
  const ended = gateway.dispose();
  expect(await ready(gateway)).toMatchObject({ answered: 503, status: 'stopping' });
  waiting[0]?.end('done');
  expect((await answer).status).toBe(200);
  await ended;
});
