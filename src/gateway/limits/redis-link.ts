import { createHash, randomBytes } from 'node:crypto';
import { type RedisAddress, RedisConnection, type RedisListener } from '../../shared/redis.ts';
import type { ExchangeLink, ExchangeReply } from './fleet-exchange.ts';
import type { Contribution } from './fleet-counters.ts';

/** Under which everything lies that gateways keep in Redis. */
const PREFIX = 'lockstep:rl:';

/**
 * A count is a hash: one field for each gateway's contribution, `*` for all together. Setting a contribution is
 * idempotent. An exchange that arrives after a later one of the same gateway (a connection that was given up and
 * read after all) is not taken: its contributions are older than what is there.
 * The APISIX plugin sends the very same text (`apisix/plugins/cdn_defense/fleet.lua`).
 */
export const EXCHANGE_SCRIPT = `local last = tonumber(redis.call('GET', KEYS[1]) or 0)
local sequence, gateway = tonumber(ARGV[1]), ARGV[2]
if last >= sequence then return { last } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)
local reply = { last, 1 }
for i = 2, #KEYS do
  local own, ttl_ms = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local known = redis.call('HMGET', KEYS[i], gateway, '*')
  local before, total = tonumber(known[1] or 0), tonumber(known[2] or 0)
  if own ~= before then
    redis.call('HSET', KEYS[i], gateway, own)
    total = redis.call('HINCRBY', KEYS[i], '*', own - before)
    if redis.call('PTTL', KEYS[i]) < 0 then redis.call('PEXPIRE', KEYS[i], math.max(ttl_ms, 1)) end
  end
  reply[#reply + 1] = total
  reply[#reply + 1] = redis.call('PTTL', KEYS[i])
end
return reply`;

/** The engine's keys name clients' addresses; Redis is shown a digest. */
const keyOf = (key: string): string =>
  PREFIX + createHash('sha256').update(key, 'latin1').digest('hex').slice(0, 32);

const numbersOf = (reply: unknown): number[] => {
  if (!Array.isArray(reply) || !reply.every((value) => typeof value === 'number')) {
    throw new TypeError('Redis answered an exchange with something else than numbers');
  }
  return reply;
};

/** Counts shared through one Redis. Each start of a gateway contributes under a name of its own. */
export class RedisLink implements ExchangeLink {
  private readonly connection: RedisConnection;
  private readonly name: string;

  constructor(address: RedisAddress, listener: RedisListener, name = randomBytes(8).toString('hex')) {
    this.name = name;
    this.connection = new RedisConnection(address, listener);
  }

  get ready(): boolean {
    return this.connection.ready;
  }

  async exchange(sequence: number, contributions: readonly Contribution[]): Promise<ExchangeReply> {
    const keys = [`${PREFIX}seq:${this.name}`, ...contributions.map(({ key }) => keyOf(key))];
    const values = contributions.flatMap(({ own, ttl_ms }) => [String(own), String(ttl_ms)]);
    const answer = await this.connection.client.eval(EXCHANGE_SCRIPT, {
      keys,
      arguments: [String(sequence), this.name, ...values],
    });
    const [last = 0, taken, ...numbers] = numbersOf(answer);
    if (taken === undefined) return { last };
    return {
      last,
      totals: contributions.map((_, i) => ({
        total: numbers[2 * i] ?? 0,
        ttl_ms: numbers[2 * i + 1] ?? 0,
      })),
    };
  }

  open(): void {
    this.connection.open();
  }

  close(): void {
    this.connection.close();
  }
}
