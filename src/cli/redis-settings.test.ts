import { describe, expect, it } from 'vitest';
import { redisAddress, redisSettings } from './redis-settings.ts';
import { readSettings } from './settings.ts';

const read = (argv: readonly string[], env: Record<string, string> = {}) =>
  redisAddress(
    readSettings({ redis: redisSettings.redis, 'redis-password-file': secret, 'redis-ca': ca }, argv, env),
  );
const secret = { ...redisSettings['redis-password-file'], parse: (text: string) => text };
const ca = { ...redisSettings['redis-ca'], parse: (text: string) => Buffer.from(text) };

describe('the address of Redis', () => {
  it('is a URL; port, database, user and TLS follow from it', () => {
    expect(read([])).toBeUndefined();
    expect(read(['--redis', 'redis://cache'])).toEqual({ host: 'cache', port: 6379, database: 0 });
    expect(read(['--redis', 'rediss://limits:p%40ss@[::1]:7000/3'])).toEqual({
      host: '::1',
      port: 7000,
      database: 3,
      username: 'limits',
      password: 'p@ss',
      tls: {},
    });
  });

  it('may come from the environment, where no process list shows its password', () => {
    expect(read([], { LOCKSTEP_REDIS: 'redis://:secret@cache' })?.password).toBe('secret');
  });

  it('takes its password and CA from files', () => {
    const files = ['--redis-password-file', 'secret', '--redis-ca', 'pem'];
    expect(read(['--redis', 'rediss://cache', ...files])).toMatchObject({
      password: 'secret',
      tls: { ca: Buffer.from('pem') },
    });
  });

  const refused: [name: string, argv: string[], line: RegExp][] = [
    ['another scheme', ['--redis', 'http://:secret@cache'], /^--redis: not a redis:\/\/ or rediss:\/\/ URL/],
    ['no URL', ['--redis', 'secret@cache:6379'], /^--redis: not a redis:/],
    ['no host', ['--redis', 'redis://'], /with a host$/],
    [
      'a path that is no database',
      ['--redis', 'redis://:secret@cache/limits'],
      /only the number of a database/,
    ],
    ['a query', ['--redis', 'redis://:secret@cache/0?x=1'], /only the number of a database/],
    ['a broken escape', ['--redis', 'redis://:secret%zz@cache'], /percent-encoded/],
    ['two passwords', ['--redis', 'redis://:secret@cache', '--redis-password-file', 'secret'], /not in both/],
    ['a CA without TLS', ['--redis', 'redis://cache', '--redis-ca', 'pem'], /needs a rediss:/],
    ['a password without an address', ['--redis-password-file', 'secret'], /need --redis$/],
  ];
  it.each(refused)('is refused with %s, and no message repeats a password', (_, argv, line) => {
    let message = '';
    try {
      read(argv);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(line);
    expect(message).not.toContain('secret@');
    expect(message).not.toContain(':secret');
  });
});
