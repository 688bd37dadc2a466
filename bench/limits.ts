/**
 * What it costs to share limits through Redis: CPU of a gateway for each request, counting by itself and sharing its
 * counts, with one busy client and with a new client in every request; and Redis's own CPU for each request.
 *
 * `npm run bench:limits [-- --requests N]`
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { shownRedis } from '../src/shared/redis.ts';
import { NginxWithLimits } from '../test/limits/nginx.ts';
import { type EtcdCluster, startEtcd } from '../test/support/etcd.ts';
import { Workplace } from '../test/support/lockstep.ts';
import { type RedisServer, startRedis } from '../test/support/redis.ts';
import { BENIGN, Load, spent_us } from './engine/load.ts';

const { values: options } = parseArgs({ options: { requests: { type: 'string', default: '10000' } } });
const REQUESTS = Number(options.requests);
const TURNS = 3;
const TENANT = { rate_limit: { count: 1_000_000_000, window_s: 60, scope: 'fleet' } };

const from = (client: string) => ({ ...BENIGN, 'x-forwarded-for': client, 'x-real-ip': client });
let strangers = 0;
const CLIENTS = {
  'one client': () => from('192.0.2.7'),
  'a new client each time': () => {
    strangers += 1;
    return from(`10.${strangers >> 16}.${(strangers >> 8) & 255}.${strangers & 255}`);
  },
};

interface Measured {
  readonly url: string;
  readonly pid: number;
}

const compare = async (
  name: string,
  alone: Measured,
  sharing: Measured,
  redis: RedisServer,
): Promise<void> => {
  for (const [clients, headers] of Object.entries(CLIENTS)) {
    const loads = [alone, sharing].map(({ url, pid }) => new Load(url, pid, headers));
    const [one, two] = loads as [Load, Load];
    for (const load of loads) await load.measure('/x', REQUESTS / 4);
    let [by_itself, shared, in_redis] = [Infinity, Infinity, Infinity];
    for (let turn = 0; turn < TURNS; turn++) {
      by_itself = Math.min(by_itself, await one.measure('/x', REQUESTS));
      const before = spent_us(redis.pid);
      shared = Math.min(shared, await two.measure('/x', REQUESTS));
      in_redis = Math.min(in_redis, (spent_us(redis.pid) - before) / REQUESTS);
    }
    for (const load of loads) load.close();
    console.log(
      `${name}, ${clients}: by itself ${by_itself.toFixed(1)} us, sharing ${shared.toFixed(1)} us: ` +
        `+${(shared - by_itself).toFixed(1)} us, ${(shared / by_itself).toFixed(2)} times; in Redis ${in_redis.toFixed(1)} us`,
    );
  }
};

const nginx = async (redis: RedisServer): Promise<void> => {
  await using alone = await NginxWithLimits.start(undefined, TENANT, 1);
  await using sharing = await NginxWithLimits.start(redis.address, TENANT, 1);
  const measured = async (each: NginxWithLimits): Promise<Measured> => ({
    url: each.url,
    pid: (await each.workers())[0] ?? 0,
  });
  await compare('nginx', await measured(alone), await measured(sharing), redis);
};

const put = async (etcd: EtcdCluster, key: string, value: object): Promise<void> => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  await etcd.admin('/v3/kv/put', { key: encoded(`/apisix/${key}`), value: encoded(JSON.stringify(value)) });
};

const startOrigin = async (): Promise<Server> => {
  const server = createServer((_request, response) => response.end('upstream'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const embedded = async (redis: RedisServer): Promise<void> => {
  await using etcd = await startEtcd();
  await using place = await Workplace.create();
  const origin = await startOrigin();
  const node = { host: '127.0.0.1', port: (origin.address() as AddressInfo).port, weight: 1 };
  const upstream = { type: 'roundrobin', scheme: 'http', pass_host: 'pass', nodes: [node] };
  const plugins = { cdn_defense: { tenant: 't1', route: 'r1' } };
  await put(etcd, 'cdn_defense/tenants/t1', { id: 't1', ...TENANT });
  await put(etcd, 'routes/r1', { id: 'r1', uris: ['/*'], upstream, plugins });
  const start = async (id: string, more: readonly string[]): Promise<Measured> => {
    const { process, http: url } = await place.gateway(id, etcd.endpoints, more);
    return { url, pid: process.pid };
  };
  try {
    const alone = await start('alone', []);
    const sharing = await start('sharing', ['--redis', redis.url]);
    await compare('embedded gateway', alone, sharing, redis);
  } finally {
    origin.close();
    origin.closeAllConnections();
  }
};

await using redis = await startRedis();
console.log(`${REQUESTS} requests a turn, the best of ${TURNS}, through ${shownRedis(redis.address)}`);
await nginx(redis);
await embedded(redis);
