import type { RedisAddress } from '../shared/redis.ts';
import { SettingError } from './settings.ts';
import { file, redisUrl, secretFile } from './values.ts';

/** The settings of every command that speaks to Redis. */
export const redisSettings = {
  redis: {
    value: 'URL',
    help: 'Redis, redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] or rediss://',
    parse: redisUrl,
  },
  'redis-password-file': {
    value: 'FILE',
    help: 'file that holds Redis’s password',
    secret: true,
    parse: secretFile,
  },
  'redis-ca': { value: 'FILE', help: 'CA that signed Redis’s certificate (PEM)', parse: file },
} as const;

export interface RedisValues {
  readonly redis: RedisAddress | undefined;
  readonly 'redis-password-file': string | undefined;
  readonly 'redis-ca': Buffer | undefined;
}

/** @returns nothing without `--redis`. @throws SettingError */
export const redisAddress = (values: RedisValues): RedisAddress | undefined => {
  const { redis, 'redis-password-file': password, 'redis-ca': ca } = values;
  if (!redis) {
    if (password !== undefined || ca)
      throw new SettingError('--redis-password-file and --redis-ca need --redis');
    return undefined;
  }
  if (password !== undefined && redis.password !== undefined) {
    throw new SettingError('give Redis’s password in --redis or in --redis-password-file, not in both');
  }
  if (ca && !redis.tls) throw new SettingError('--redis-ca needs a rediss:// URL');
  return { ...redis, ...(password === undefined ? {} : { password }), ...(ca ? { tls: { ca } } : {}) };
};
