import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientKey, parseAddress } from '../../src/engine/address.ts';
import { FleetLimits } from '../../src/gateway/limits/fleet-limits.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import { APISIX_HOME, type NginxGateway, startNginxGateway } from '../engine/nginx-gateway.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import { GatewayKeys, routeTo } from '../fleet/gateway-keys.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { flood, quantile } from './flood.ts';
import { settingsOf } from './nginx.ts';

const LIMIT = 600;
const WINDOW_S = 86_400;

const nginxRoot = unpackedNginx();

/** A gateway that watches etcd, and the embedded gateway's side of limits, over TLS. APISIX's place takes a harness without APISIX_HOME. */
describe.skipIf(APISIX_HOME === undefined && nginxRoot === undefined)('limits that APISIX shares', () => {
  let etcd: EtcdCluster;
  let redis: RedisServer;
  let apisix: NginxGateway;
  let embedded: FleetLimits;
  let clients = 0;
  const origin = createServer((_, response) => response.end('origin'));

  beforeAll(async () => {
    [etcd, redis] = await Promise.all([startEtcd(), startRedis({ tls: true, password: 'a secret' })]);
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const keys = new GatewayKeys(etcd);
    await keys.prepare();
    const rate_limit = { count: LIMIT, window_s: WINDOW_S, scope: 'fleet' };
    await keys.put('cdn_defense/tenants', 't1', { id: 't1', rate_limit });
    const plugins = { cdn_defense: { tenant: 't1', route: 'x' } };
    await keys.put('routes', 'x', routeTo((origin.address() as AddressInfo).port, 'x', { plugins }));
    apisix = await startNginxGateway({
      nginxRoot: nginxRoot ?? '',
      id: 'edge-1',
      etcd: etcd.endpoints,
      controlUrls: ['http://127.0.0.1:9'],
      ca: redis.address.tls?.ca?.toString() ?? '',
      redis: settingsOf(redis.address),
    });
    embedded = new FleetLimits({ redis: redis.address, clock: systemClock, log: silentLog });
    embedded.start();
    await until(
      'the route is there',
      async () => (await apisix.send('/x', headersOf(client()))).status === 200,
    );
  });
  afterAll(async () => {
    await embedded?.dispose();
    await apisix?.dispose();
    await redis?.[Symbol.asyncDispose]();
    await etcd?.stop();
    origin.closeAllConnections();
    origin.close();
  });

  const client = (): string => `192.0.2.${(clients += 1)}`;
  const headersOf = (address: string) => ({
    host: 'shop.example',
    headers: { 'user-agent': 'curl/8.5.0', 'x-real-ip': address, 'x-forwarded-for': address },
  });
  const keyOf = (address: string): string => {
    const window = Math.floor(Date.now() / (WINDOW_S * 1000));
    return `r:${WINDOW_S}:t1:x:${clientKey(parseAddress(address) ?? [])}:${window}`;
  };
  const sendMany = async (address: string, times: number): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push((await apisix.send('/x', headersOf(address))).status);
    return statuses;
  };
  const counted = (address: string, expected: number): Promise<void> =>
    until(`the count is ${expected}`, () => embedded.counters.get(keyOf(address)) === expected);

  it('holds with an embedded gateway, whatever worker counted', async () => {
    const address = client();
    expect(await sendMany(address, 30)).toEqual(Array(30).fill(200));
    await counted(address, 30);
    for (let i = 0; i < LIMIT - 30; i++) embedded.counters.add(keyOf(address), 1, WINDOW_S * 2);
    await until('told', () => !embedded.counters.waiting);
    await until('refused', async () => (await sendMany(address, 1))[0] === 429);
    expect(await sendMany(address, 10)).toEqual(Array(10).fill(429));
  });

  it('makes no request wait while Redis is frozen, and shares by itself when it thaws', async () => {
    const address = client();
    redis.freeze();
    await until('noticed', () => apisix.log().includes('are not shared'));
    const answers = await flood([apisix.url], address, (all) => all.length > LIMIT);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect(
      quantile(
        answers.map(({ ms }) => ms),
        0.99,
      ),
    ).toBeLessThan(950);
    redis.thaw();
    await counted(address, LIMIT);
    await until('it says so', () => apisix.log().includes('are shared again'));
  });

  it('keeps its counts over a reload and the death of a worker, and tells them anew to a Redis that is empty', async () => {
    const address = client();
    let passed = 0;
    // A worker that has just started knows no route for its first few requests.
    const pass = async (times: number): Promise<void> => {
      const statuses = await sendMany(address, times);
      passed += statuses.filter((status) => status === 200).length;
    };
    await pass(10);
    await apisix.reload();
    await pass(10);
    await counted(address, passed);
    const [worker = 0] = apisix.workers();
    apisix.signal(worker, 'SIGKILL');
    await until('replaced', () => apisix.workers().length === 2 && !apisix.workers().includes(worker));
    await pass(10);
    await counted(address, passed);
    expect(passed).toBeGreaterThan(10);
    await redis.kill();
    await redis.start();
    const newcomer = new FleetLimits({ redis: redis.address, clock: systemClock, log: silentLog });
    newcomer.start();
    await until('told anew', () => newcomer.counters.get(keyOf(address)) === passed);
    await newcomer.dispose();
  });
});
