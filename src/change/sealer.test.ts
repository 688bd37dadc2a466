import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sealed } from '../contract/record.ts';
import { Sealer, keyBinding, parseMasterKey } from './sealer.ts';

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

describe('a sealed secret', () => {
  test('opens to itself with the same key and binding, and holds nothing of itself', () => {
    const sealed = sealer.seal(SECRET, BOUND);
    expect(sealer.open(sealed, BOUND)).toBe(SECRET);
    expect(new Sealer(Buffer.from(MASTER)).open(sealed, BOUND)).toBe(SECRET);
    expect(Buffer.from(sealed.ciphertext, 'base64').toString()).not.toContain('PRIVATE');
    expect(sealed).toMatchObject({ alg: 'A256GCM', kid: sealer.kid });
    expect(Buffer.from(sealed.iv, 'base64')).toHaveLength(12);
    expect(Buffer.from(sealed.tag, 'base64')).toHaveLength(16);
  });

  test('has a fresh IV and ciphertext each time', () => {
    const sealed = Array.from({ length: 200 }, () => sealer.seal(SECRET, BOUND));
    expect(new Set(sealed.map(({ iv }) => iv)).size).toBe(200);
    expect(new Set(sealed.map(({ ciphertext }) => ciphertext)).size).toBe(200);
  });

  test.each<keyof Sealed & ('iv' | 'ciphertext' | 'tag')>(['iv', 'ciphertext', 'tag'])(
    'does not open with any bit of its %s flipped',
    (part) => {
      const sealed = sealer.seal(SECRET, BOUND);
      const bits = Buffer.from(sealed[part], 'base64').length * 8;
      for (let bit = 0; bit < bits; bit++) {
        const tampered = { ...sealed, [part]: flipped(sealed[part], bit) };
        expect(() => sealer.open(tampered, BOUND)).toThrow(
          expect.objectContaining({ code: 'sealed_with_other_key' }) as Error,
        );
      }
    },
  );

  test.each<[string, Partial<Sealed>]>([
    ['a shorter tag', { tag: Buffer.alloc(12).toString('base64') }],
    ['no tag', { tag: '' }],
    ['no iv', { iv: '' }],
    ['no ciphertext', { ciphertext: '' }],
    ['parts of another secret', { ciphertext: sealer.seal('other', BOUND).ciphertext }],
  ])('does not open with %s', (_, parts) => {
    const sealed = { ...sealer.seal(SECRET, BOUND), ...parts };
    expect(() => sealer.open(sealed, BOUND)).toThrow(
      expect.objectContaining({ code: 'sealed_with_other_key' }) as Error,
    );
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
    for (const length of [0, 16, 31, 33, 64])
      expect(() => new Sealer(randomBytes(length))).toThrow(RangeError);
  });
});
