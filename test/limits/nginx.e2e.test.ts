import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { clientKey, parseAddress } from '../../src/engine/address.ts';
import { FleetLimits } from '../../src/gateway/limits/fleet-limits.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import type { RedisAddress } from '../../src/shared/redis.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { quantile } from './flood.ts';
import { NginxWithLimits } from './nginx.ts';

const CLIENT = '192.0.2.7';
const WINDOW_S = 86_400;
/** Whose window ends while a test runs has two keys; a day's does so once a day. */
const keyNow = (): string => {
  const client = clientKey(parseAddress(CLIENT) ?? []);
  return `r:${WINDOW_S}:t1:r1:${client}:${Math.floor(Date.now() / (WINDOW_S * 1000))}`;
};
const fleetLimit = (count: number): object => ({
  rate_limit: { count, window_s: WINDOW_S, scope: 'fleet' },
});

interface Answer {
  readonly status: number;
  readonly worker: string;
  readonly remaining: number;
  readonly ms: number;
}

/** The plugin's side of shared limits: nginx with two workers, and a real Redis. */
describe.skipIf(unpackedNginx() === undefined)('limits that nginx shares through Redis', () => {
  const cleanup: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (let step = cleanup.pop(); step; step = cleanup.pop()) await step();
  });

  const redisWith = async (options: RedisOptions = {}): Promise<RedisServer> => {
    const redis = await startRedis(options);
    cleanup.push(() => redis[Symbol.asyncDispose]());
    return redis;
  };
  const nginxWith = async (redis: RedisAddress | undefined, tenant: object): Promise<NginxWithLimits> => {
    const nginx = await NginxWithLimits.start(redis, tenant);
    cleanup.push(() => nginx[Symbol.asyncDispose]());
    return nginx;
  };
  const peer = (address: RedisAddress): FleetLimits => {
    const limits = new FleetLimits({ redis: address, clock: systemClock, log: silentLog });
    limits.start();
    cleanup.push(() => limits.dispose());
    return limits;
  };
  /** On a connection of its own, so that both workers get some. */
  const send = (nginx: NginxWithLimits, client = CLIENT): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const started = performance.now();
      const headers = { 'user-agent': 'curl/8.5.0', 'x-forwarded-for': client };
      const sent = request(`${nginx.url}/x`, { headers, agent: new Agent({ keepAlive: false }) });
      sent.once('error', reject);
      sent.once('response', (response) => {
        response.resume();
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            worker: String(response.headers['x-worker-pid']),
            remaining: Number(/r=(\d+)/.exec(String(response.headers['ratelimit']))?.[1]),
            ms: performance.now() - started,
          }),
        );
      });
      sent.end();
    });
  const sendMany = async (nginx: NginxWithLimits, times: number): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (let i = 0; i < times; i++) answers.push(await send(nginx));
    return answers;
  };
  const sharing = (nginx: NginxWithLimits, shared = true): Promise<void> =>
    until(`shared: ${shared}`, async () => (await nginx.limits())?.shared === shared);
  const counted = (limits: FleetLimits, expected: number): Promise<void> =>
    until(`the count is ${expected}`, () => limits.counters.get(keyNow()) === expected);

  it('holds with an embedded gateway, whatever worker counted', async () => {
    const redis = await redisWith();
    const nginx = await nginxWith(redis.address, fleetLimit(50));
    const embedded = peer(redis.address);
    await sharing(nginx);
    const answers = await sendMany(nginx, 30);
    expect(new Set(answers.map(({ worker }) => worker)).size).toBe(2);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await counted(embedded, 30);
    for (let i = 0; i < 15; i++) embedded.counters.add(keyNow(), 1, WINDOW_S * 2);
    await until('told', () => embedded.status.shared === true && !embedded.counters.waiting);
    // The first request finds out what the other has counted; it is not the one that pays for it.
    const admitted: Answer[] = [];
    await until('the limit is reached', async () => {
      const answer = await send(nginx);
      if (answer.status === 200) admitted.push(answer);
      return answer.status === 429;
    });
    expect(30 + 15 + admitted.length).toBeGreaterThanOrEqual(50);
    expect(30 + admitted.length).toBeLessThan(50);
    expect(await sendMany(nginx, 5).then((all) => all.map(({ status }) => status))).toEqual(
      Array(5).fill(429),
    );
    await counted(embedded, 45 + admitted.length);
  });

  it('does not keep a request waiting while Redis is frozen, and shares by itself when it thaws', async () => {
    const redis = await redisWith();
    const nginx = await nginxWith(redis.address, fleetLimit(1_000));
    const embedded = peer(redis.address);
    await sendMany(nginx, 5);
    await counted(embedded, 5);
    redis.freeze();
    const answers: Answer[] = [];
    await until('nginx has noticed', async () => {
      answers.push(...(await sendMany(nginx, 5)));
      return (await nginx.limits())?.shared === false;
    });
    // A request that waited for Redis would have waited for its timeout, a second.
    expect(
      quantile(
        answers.map(({ ms }) => ms),
        0.9,
      ),
    ).toBeLessThan(950);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    redis.thaw();
    await sharing(nginx);
    await counted(embedded, 5 + answers.length);
    expect(nginx.errors().match(/are not shared/g)).toHaveLength(1);
    expect(nginx.errors().match(/are shared again/g)).toHaveLength(1);
    expect(nginx.errors()).not.toMatch(/\[(error|crit|alert|emerg)\]/);
  });

  it('tells everything anew when Redis was killed and comes back empty', async () => {
    const redis = await redisWith();
    const nginx = await nginxWith(redis.address, fleetLimit(1_000));
    const embedded = peer(redis.address);
    embedded.counters.add(keyNow(), 1, WINDOW_S * 2);
    await until('told', () => embedded.status.shared === true && !embedded.counters.waiting);
    let sent = 0;
    const knows = async (): Promise<boolean> => {
      sent += 1;
      return (await send(nginx)).remaining === 1_000 - sent - 1;
    };
    await until('nginx knows of the other', knows);
    await counted(embedded, sent + 1);
    await redis.kill();
    await sharing(nginx, false);
    // What it had learned stays known while nobody can say it again, and when Redis has forgotten it.
    expect(await knows()).toBe(true);
    await redis.start();
    await sharing(nginx);
    expect(await knows()).toBe(true);
    const newcomer = peer(redis.address);
    await counted(newcomer, sent + 1);
    expect((await nginx.limits())?.exchanges.lost).toBe(1);
  });

  it('keeps its counts, and tells them once, over a reload of nginx, of the plugin, and the death of a worker', async () => {
    const redis = await redisWith();
    const nginx = await nginxWith(redis.address, fleetLimit(1_000));
    const embedded = peer(redis.address);
    await sendMany(nginx, 10);
    await nginx.reload();
    await sendMany(nginx, 10);
    await counted(embedded, 20);
    await nginx.reloadPlugin();
    await sendMany(nginx, 10);
    await counted(embedded, 30);
    const [worker = 0] = await nginx.workers();
    process.kill(worker, 'SIGKILL');
    await until('nginx has replaced the worker', async () => {
      const workers = await nginx.workers();
      return workers.length === 2 && !workers.includes(worker);
    });
    await sendMany(nginx, 10);
    await counted(embedded, 40);
    expect(nginx.errors()).not.toMatch(/\[(error|crit|emerg)\]/);
  });

  it('speaks TLS and knows its password', async () => {
    const redis = await redisWith({ tls: true, password: 'a secret' });
    const nginx = await nginxWith(redis.address, fleetLimit(1_000));
    const embedded = peer(redis.address);
    await sendMany(nginx, 4);
    await counted(embedded, 4);
    const stranger = await nginxWith({ ...redis.address, tls: {} }, fleetLimit(1_000));
    await until('it has tried', async () => ((await stranger.limits())?.exchanges.failed ?? 0) > 1);
    expect(await stranger.limits()).toMatchObject({ shared: false, exchanges: { done: 0 } });
    const wrong = await nginxWith({ ...redis.address, password: 'a guess' }, fleetLimit(1_000));
    await until('it said why', () => wrong.errors().includes('WRONGPASS'));
    expect(wrong.errors()).not.toContain('a guess');
    expect((await send(wrong)).status).toBe(200);
  });

  it('leaves limits of scope node alone, with Redis and without', async () => {
    const redis = await redisWith();
    const node = { rate_limit: { count: 3, window_s: WINDOW_S, scope: 'node' } };
    const one = await nginxWith(redis.address, node);
    const two = await nginxWith(redis.address, node);
    const alone = await nginxWith(undefined, fleetLimit(3));
    await sharing(one);
    for (const nginx of [one, two, alone]) {
      const answers = await sendMany(nginx, 4);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    }
    expect(await redis.ask(['KEYS', 'lockstep:rl:?????*'])).toHaveLength(2);
    expect(await alone.limits()).toBeUndefined();
    expect(alone.errors()).toContain('granted by each gateway');
    expect(one.errors()).not.toContain('granted by each gateway');
  });
});
