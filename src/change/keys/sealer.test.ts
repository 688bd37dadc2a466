import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sealed } from '../../contract/record.ts';
import { Sealer, keyBinding, parseMasterKey, parseMasterKeys } from './sealer.ts';

const MASTER = randomBytes(32);
const sealer = new Sealer(MASTER);
const BOUND = keyBinding({ tenant_id: 'acme', id: 'acme:a.example.com', version: 3 });
const SECRET = '-----BEGIN PRIVATE KEY-----\n钥匙\n-----END PRIVATE KEY-----\n';

const flipped = (base64: string, bit: number): string => {
  const bytes = Buffer.from(base64, 'base64');
  const at = (bit >> 3) % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
  return bytes.toString('base64');
};

const refused = expect.objectContaining({ code: 'sealed_with_other_key' }) as Error;

/** Every part of an envelope, each with how to put another in its place. */
const PARTS: [name: string, of: (sealed: Sealed) => string, put: (sealed: Sealed, part: string) => Sealed][] =
  (['iv', 'ciphertext', 'tag'] as const).flatMap((part) => [
    [part, (sealed) => sealed[part], (sealed, text) => ({ ...sealed, [part]: text })],
    [
      `data_key.${part}`,
      (sealed) => sealed.data_key[part],
      (sealed, text) => ({ ...sealed, data_key: { ...sealed.data_key, [part]: text } }),
    ],
  ]);

describe('a sealed secret', () => {
  test('opens to itself with the same key and binding, and holds nothing of itself', () => {
    const sealed = sealer.seal(SECRET, BOUND);
    expect(sealer.open(sealed, BOUND)).toBe(SECRET);
    expect(new Sealer(Buffer.from(MASTER)).open(sealed, BOUND)).toBe(SECRET);
    expect(Buffer.from(sealed.ciphertext, 'base64').toString()).not.toContain('PRIVATE');
    expect(sealed).toMatchObject({ alg: 'A256GCM', kid: sealer.kid });
    for (const { iv, tag } of [sealed, sealed.data_key]) {
      expect(Buffer.from(iv, 'base64')).toHaveLength(12);
      expect(Buffer.from(tag, 'base64')).toHaveLength(16);
    }
    expect(Buffer.from(sealed.data_key.ciphertext, 'base64')).toHaveLength(32);
  });

  test('has a data key, IVs and a ciphertext of its own each time', () => {
    const sealed = Array.from({ length: 200 }, () => sealer.seal(SECRET, BOUND));
    for (const [, of] of PARTS) expect(new Set(sealed.map(of)).size).toBe(200);
  });

  test.each(PARTS)('does not open with any bit of its %s flipped', (_, of, put) => {
    const sealed = sealer.seal(SECRET, BOUND);
    const part = of(sealed);
    for (let bit = 0; bit < Buffer.from(part, 'base64').length * 8; bit++) {
      const tampered = put(sealed, flipped(part, bit));
      expect(() => sealer.open(tampered, BOUND)).toThrow(refused);
    }
  });

  test.each(PARTS)('does not open with %s empty, shorter, or of another secret', (name, of, put) => {
    const [sealed, other] = [sealer.seal(SECRET, BOUND), sealer.seal('other', BOUND)];
    const short = Buffer.from(of(sealed), 'base64').subarray(0, 11).toString('base64');
    for (const part of ['', short, of(other)]) {
      expect(() => sealer.open(put(sealed, part), BOUND), `${name} ${part}`).toThrow(refused);
    }
  });

  test.each([
    ['another tenant', { tenant_id: 'other', id: 'acme:a.example.com', version: 3 }],
    ['another domain', { tenant_id: 'acme', id: 'acme:b.example.com', version: 3 }],
    ['another version', { tenant_id: 'acme', id: 'acme:a.example.com', version: 4 }],
  ])('can not be moved to %s', (_, place) => {
    expect(() => sealer.open(sealer.seal(SECRET, BOUND), keyBinding(place))).toThrow();
  });

  test('does not open with another master key, whose id differs and tells nothing of it', () => {
    const other = new Sealer(randomBytes(32));
    expect(() => other.open(sealer.seal(SECRET, BOUND), BOUND)).toThrow();
    expect(other.kid).not.toBe(sealer.kid);
    expect(MASTER.toString('hex')).not.toContain(sealer.kid);
  });
});

describe('a change of the master key', () => {
  const next = randomBytes(32);
  const rotating = new Sealer(next, [MASTER]);

  test('puts the data key under the new one and leaves the secret’s own ciphertext as it is', () => {
    const sealed = sealer.seal(SECRET, BOUND);
    const resealed = rotating.reseal(sealed, BOUND);
    expect(resealed).toEqual({ ...sealed, kid: rotating.kid, data_key: resealed.data_key });
    expect(resealed.data_key).not.toEqual(sealed.data_key);
    expect(new Sealer(next).open(resealed, BOUND)).toBe(SECRET);
    expect(() => sealer.open(resealed, BOUND)).toThrow(refused);
  });

  test('a sealer with both seals with the first and opens what either sealed', () => {
    expect(rotating.kids).toEqual([new Sealer(next).kid, sealer.kid]);
    expect(rotating.seal(SECRET, BOUND).kid).toBe(new Sealer(next).kid);
    expect(rotating.open(sealer.seal(SECRET, BOUND), BOUND)).toBe(SECRET);
    expect(rotating.open(rotating.seal(SECRET, BOUND), BOUND)).toBe(SECRET);
  });

  test('re-seals nothing under another binding, with an unknown master key, or under another name', () => {
    const sealed = sealer.seal(SECRET, BOUND);
    expect(() => rotating.reseal(sealed, `${BOUND}0`)).toThrow(refused);
    expect(() => new Sealer(next).reseal(sealed, BOUND)).toThrow(refused);
    expect(() => rotating.reseal({ ...sealed, kid: rotating.kid }, BOUND)).toThrow(refused);
  });
});

describe('a master key', () => {
  test('is read from hex and from base64, with a line end', () => {
    expect(parseMasterKey(`${MASTER.toString('hex')}\n`)).toEqual(MASTER);
    expect(parseMasterKey(MASTER.toString('hex').toUpperCase())).toEqual(MASTER);
    expect(parseMasterKey(` ${MASTER.toString('base64')}\n`)).toEqual(MASTER);
  });

  test.each([
    '',
    'short',
    'a'.repeat(63),
    'g'.repeat(64),
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
  ])('is refused when it is %j, without a word of it in the message', (text) => {
    expect(() => parseMasterKey(text)).toThrow(RangeError);
    expect(() => parseMasterKey(text)).toThrow(/^a master key is 32 bytes, as 64 hex digits or in base64$/);
  });

  test('of another length makes no sealer', () => {
    for (const length of [0, 16, 31, 33, 64]) {
      expect(() => new Sealer(randomBytes(length))).toThrow(RangeError);
      expect(() => new Sealer(MASTER, [randomBytes(length)])).toThrow(RangeError);
    }
  });
});

describe('a file of master keys', () => {
  const old = randomBytes(32);
  test('has the one that seals first, then those that only open; remarks and empty lines do not count', () => {
    const text = `# ours\r\n${MASTER.toString('hex')} # since May\r\n\n${old.toString('base64')}\n`;
    expect(parseMasterKeys(text).kids).toEqual([sealer.kid, new Sealer(old).kid]);
    expect(parseMasterKeys(MASTER.toString('hex')).kids).toEqual([sealer.kid]);
  });

  test.each(['', '# only a remark', `${MASTER.toString('hex')}\nshort`, 'a b'])(
    'is refused when it is %j',
    (text) => {
      expect(() => parseMasterKeys(text)).toThrow(
        /^a master key is 32 bytes, as 64 hex digits or in base64$/,
      );
    },
  );
});
