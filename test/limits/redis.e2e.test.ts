import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FleetLimits } from '../../src/gateway/limits/fleet-limits.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { type Log, silentLog } from '../../src/shared/log.ts';
import type { RedisAddress } from '../../src/shared/redis.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const KEY = 'r:60:acme:shop:192.0.2.7:29000000';
const TTL_S = 120;

/** The gateways' side of shared limits, on a real Redis. */
describe('limits shared through Redis', () => {
  const cleanup: (() => Promise<void>)[] = [];
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (fields, message) => lines.push(`${inspect(fields, { depth: 9 })} ${message}`),
    warn: (fields, message) => lines.push(`${inspect(fields, { depth: 9 })} ${message}`),
  };
  beforeEach(() => {
    lines.length = 0;
  });
  afterEach(async () => {
    for (let step = cleanup.pop(); step; step = cleanup.pop()) await step();
  });

  const redisWith = async (options: RedisOptions = {}): Promise<RedisServer> => {
    const redis = await startRedis(options);
    cleanup.push(() => redis[Symbol.asyncDispose]());
    return redis;
  };
  const gateway = (address: RedisAddress): FleetLimits => {
    const limits = new FleetLimits({ redis: address, clock: systemClock, log });
    limits.start();
    cleanup.push(() => limits.dispose());
    return limits;
  };
  const add = ({ counters }: FleetLimits, times = 1, key = KEY): void => {
    for (let i = 0; i < times; i++) counters.add(key, 1, TTL_S);
  };
  const counted = (limits: FleetLimits, expected: number, key = KEY): Promise<void> =>
    until(`the count is ${expected}`, () => limits.counters.get(key) === expected);
  const sharing = (shared: boolean, ...gateways: FleetLimits[]): Promise<void> =>
    until(`shared: ${shared}`, () => gateways.every(({ status }) => status.shared === shared));

  it('count together, and show Redis neither addresses nor names', async () => {
    const redis = await redisWith();
    const [one, two] = [gateway(redis.address), gateway(redis.address)];
    add(one, 7);
    await counted(two, 7);
    add(two, 3);
    await counted(one, 10);
    const keys = (await redis.ask(['KEYS', '*'])) as string[];
    expect(keys).toHaveLength(3);
    for (const key of keys) expect(key).toMatch(/^lockstep:rl:(seq:[0-9a-f]{16}|[0-9a-f]{32})$/);
    const [count = ''] = keys.filter((key) => !key.includes('seq'));
    expect(await redis.ask(['HGET', count, '*'])).toBe('10');
    const ttl_ms = (await redis.ask(['PTTL', count])) as number;
    expect(ttl_ms).toBeGreaterThan((TTL_S - 10) * 1000);
    expect(ttl_ms).toBeLessThanOrEqual(TTL_S * 1000);
  });

  it('are not forgotten by a gateway that starts anew', async () => {
    const redis = await redisWith();
    const one = gateway(redis.address);
    add(one, 5);
    await until('told', async () => (await redis.ask(['DBSIZE'])) === 2);
    await one.dispose();
    const again = gateway(redis.address);
    add(again);
    await counted(again, 6);
  });

  it('go on alone while Redis is frozen, and are neither lost nor doubled when it thaws', async () => {
    const redis = await redisWith();
    const [one, two] = [gateway(redis.address), gateway(redis.address)];
    add(one, 5);
    await counted(two, 5);
    redis.freeze();
    for (let i = 0; i < 1_000; i++) expect(one.counters.add(KEY, 1, TTL_S)).toBe(6 + i);
    await sharing(false, one, two);
    add(two, 10);
    redis.thaw();
    await sharing(true, one, two);
    await counted(one, 1_015);
    await counted(two, 1_015);
    // One line for each gateway and each turn, however many attempts there were.
    expect(lines.filter((line) => line.includes('not shared'))).toHaveLength(2);
    expect(lines.filter((line) => line.endsWith('are shared'))).toHaveLength(4);
  });

  it('stay shared while Redis is slow, and go on meanwhile by what is known', async () => {
    const redis = await redisWith();
    const [one, two] = [gateway(redis.address), gateway(redis.address)];
    add(one, 5);
    await counted(two, 5);
    await redis.ask(['CLIENT', 'PAUSE', '900']);
    for (let i = 0; i < 100; i++) expect(two.counters.add(KEY, 1, TTL_S)).toBe(6 + i);
    add(one, 7);
    expect([one.counters.get(KEY), two.counters.get(KEY)]).toEqual([12, 105]);
    await counted(one, 112);
    await counted(two, 112);
    expect(lines.filter((line) => line.includes('not shared'))).toEqual([]);
  });

  it('come together again when Redis was killed and comes back empty', async () => {
    const redis = await redisWith();
    const [one, two, three] = [gateway(redis.address), gateway(redis.address), gateway(redis.address)];
    add(one, 40);
    add(two, 2);
    await counted(three, 42);
    await redis.kill();
    await sharing(false, one, two, three);
    add(two, 3);
    await redis.start();
    // What it knew of the others stays known from the first moment on, whoever comes back first.
    const seen: number[] = [];
    await until('everybody is back', () => {
      seen.push(three.counters.get(KEY));
      return [one, two, three].every(({ status }) => status.shared === true);
    });
    await counted(three, 45);
    await counted(one, 45);
    expect(Math.min(...seen)).toBe(42);
    expect([one.status.losses, two.status.losses, three.status.losses]).toEqual([1, 1, 1]);
  });

  it('come together again when somebody empties Redis, also for a client that is quiet', async () => {
    const redis = await redisWith();
    const [one, two] = [gateway(redis.address), gateway(redis.address)];
    add(one, 9);
    await counted(two, 9);
    await redis.ask(['FLUSHALL']);
    await until('noticed', () => one.status.losses === 1 && two.status.losses === 1);
    const three = gateway(redis.address);
    await counted(three, 9);
    await counted(two, 9);
  });

  it('begin when Redis comes after the gateways', async () => {
    const redis = await redisWith();
    await redis.kill();
    const [one, two] = [gateway(redis.address), gateway(redis.address)];
    add(one, 2);
    await sharing(false, one, two);
    await redis.start();
    await counted(two, 2);
    expect(lines.filter((line) => line.includes('not shared'))).toHaveLength(2);
  });

  it('go on alone while Redis refuses, and say so', async () => {
    const redis = await redisWith();
    const one = gateway(redis.address);
    await sharing(true, one);
    await redis.ask(['CONFIG', 'SET', 'maxmemory', '1']);
    add(one, 3);
    await sharing(false, one);
    expect(one.counters.get(KEY)).toBe(3);
    await redis.ask(['CONFIG', 'SET', 'maxmemory', '0']);
    await sharing(true, one);
    const two = gateway(redis.address);
    await counted(two, 3);
  });

  it('work over TLS with a password, and not without the right one or the CA', async () => {
    const redis = await redisWith({ tls: true, password: 'a secret' });
    const { address } = redis;
    const right = gateway(address);
    await sharing(true, right);
    const wrong = gateway({ ...address, password: 'a guess' });
    const stranger = gateway({ ...address, tls: {} });
    await sharing(false, wrong, stranger);
    add(right, 4);
    const two = gateway(address);
    await counted(two, 4);
    expect([wrong.counters.get(KEY), stranger.counters.get(KEY)]).toEqual([0, 0]);
    expect(lines.join()).toMatch(/WRONGPASS/);
    expect(lines.join()).not.toMatch(/a secret|a guess/);
  });

  it('need few rights', async () => {
    const rights = '~lockstep:rl:* +eval +get +set +hmget +hset +hincrby +pttl +pexpire +ping';
    const redis = await redisWith({ users: [`user limits on >secret ${rights}`] });
    const as = { ...redis.address, username: 'limits', password: 'secret' };
    const [one, two] = [gateway(as), gateway(as)];
    add(one, 4);
    await counted(two, 4);
  });

  it('hold for many clients at once', async () => {
    const redis = await redisWith();
    const [one, two] = [gateway(redis.address), gateway(redis.address)];
    await sharing(true, one, two);
    const keys = Array.from({ length: 30_000 }, (_, i) => `r:60:acme:shop:client ${i}:1`);
    // More than can be wanted at once: what was left out is told after it.
    for (const key of keys) add(one, 2, key);
    await until('everything is told', async () => (await redis.ask(['DBSIZE'])) === keys.length + 2);
    for (const key of keys.slice(0, 1_000)) two.counters.get(key);
    await until('learned', () => keys.slice(0, 1_000).every((key) => two.counters.get(key) === 2));
  });
});
