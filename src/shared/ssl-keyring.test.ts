import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SslKeyring, parseSslKeyring } from './ssl-keyring.ts';

const ENTRY = 'k5Jx-91_aB~3$%zQ';
const PEM = `-----BEGIN PRIVATE KEY-----\n${randomBytes(96).toString('base64')}\n-----END PRIVATE KEY-----\n`;

describe('APISIX’s keyring', () => {
  test('encrypts as `openssl enc -aes-128-cbc -a -A` does with the entry for -K and -iv', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nZm9yIGEgdGVzdCBvbmx5\n-----END PRIVATE KEY-----\n';
    expect(new SslKeyring([ENTRY]).encrypt(pem)).toBe(
      'VP1+nqFyZpTMM1BSDuPyXu2ZF6tBvcIaV0fJicLv3BTH6Q1n1TL9tWMKU14K42/q+UMXZkjp43GGKC5NBH5uBnMsqwYCjuCG9wPsc6y+MGk=',
    );
  });

  test('gives the same text each time, in plain base64, with nothing of the key in it', () => {
    const keyring = new SslKeyring([ENTRY]);
    expect(keyring.encrypt(PEM)).toBe(keyring.encrypt(PEM));
    expect(keyring.encrypt(PEM)).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
    expect(Buffer.from(keyring.encrypt(PEM), 'base64').toString('latin1')).not.toContain('PRIVATE');
  });

  test('decrypts with whichever entry fits, encrypts with the first, and takes PEM as it is', () => {
    const old = new SslKeyring([ENTRY]);
    const both = new SslKeyring(['another-entry-00', ENTRY]);
    expect(both.decrypt(old.encrypt(PEM))).toBe(PEM);
    expect(both.encrypt(PEM)).not.toBe(old.encrypt(PEM));
    expect(old.decrypt(both.encrypt(PEM))).toBeUndefined();
    expect(both.decrypt(PEM)).toBe(PEM);
  });

  test('never takes what a wrong entry leaves for a key', () => {
    const stored = new SslKeyring([ENTRY]).encrypt(PEM);
    for (let i = 0; i < 2_000; i++) {
      const wrong = new SslKeyring([String(i).padStart(16, 'x')]);
      expect(wrong.decrypt(stored)).toBeUndefined();
    }
    for (const text of ['', 'AAAA', '$secret://vault/1', stored.slice(0, 40)]) {
      expect(new SslKeyring([ENTRY]).decrypt(text), text).toBeUndefined();
    }
  });

  test.each(['qeddd145sfvddff3', 'edd1c9f0985e76a2'])(
    'refuses %s, which APISIX publishes, by name',
    (entry) => {
      const why = new RegExp(`^${entry} is published in APISIX’s default configuration`);
      expect(() => new SslKeyring([entry])).toThrow(why);
      expect(() => parseSslKeyring(`${ENTRY}\n${entry}\n`)).toThrow(why);
    },
  );

  test.each([
    '',
    'short',
    'x'.repeat(15),
    'x'.repeat(17),
    'x'.repeat(32),
    `${'x'.repeat(15)}é`,
    'x y z 0123456789',
  ])('refuses the entry %j, without a word of it in the message', (entry) => {
    const why =
      /^an entry of APISIX’s keyring is 16 printable characters$|^a keyring has at least one entry$/;
    expect(() => parseSslKeyring(entry)).toThrow(why);
  });

  test('is read from a file, an entry a line', () => {
    const keyring = parseSslKeyring(`${ENTRY}\r\n\nanother-entry-00\n`);
    expect(keyring.encrypt(PEM)).toBe(new SslKeyring([ENTRY]).encrypt(PEM));
    expect(keyring.decrypt(new SslKeyring(['another-entry-00']).encrypt(PEM))).toBe(PEM);
  });
});
