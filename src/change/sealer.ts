import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../contract/errors.ts';
import type { Sealed } from '../contract/record.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;

/** Seals private keys with the master key: AES-256-GCM, a fresh IV each time, bound to what it belongs to. */
export class Sealer {
  private readonly key: Buffer;
  /** Names the master key without telling anything of it. */
  readonly kid: string;

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a master key has ${KEY_BYTES} bytes`);
    this.key = key;
    this.kid = createHash('sha256').update('lockstep master key id\0').update(key).digest('hex').slice(0, 16);
  }

  /** @param bound what the secret belongs to; opening needs the same text */
  seal(secret: string, bound: string): Sealed {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(bound));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return {
      alg: 'A256GCM',
      kid: this.kid,
      iv: iv.toString('base64'),
      ciphertext: ciphertext.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
    };
  }

  /** @throws Refusal sealed_with_other_key, also when the text was tampered with */
  open(sealed: Sealed, bound: string): string {
    try {
      const tag = Buffer.from(sealed.tag, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', this.key, Buffer.from(sealed.iv, 'base64'), {
        authTagLength: 16,
      })
        .setAAD(Buffer.from(bound))
        .setAuthTag(tag);
      return Buffer.concat([
        decipher.update(Buffer.from(sealed.ciphertext, 'base64')),
        decipher.final(),
      ]).toString('utf8');
    } catch (cause) {
      throw new Refusal('sealed_with_other_key', { cause });
    }
  }
}

/** What a certificate's key is bound to: it can't be moved to another tenant, domain or version. */
export const keyBinding = (record: { tenant_id: string; id: string; version: number }): string =>
  `lockstep/ssl/${record.tenant_id}/${record.id}/${record.version}`;

/** Reads a master key: 32 bytes as 64 hex digits or base64. @throws RangeError without the text in it */
export const parseMasterKey = (text: string): Buffer => {
  const trimmed = text.trim();
  const key = /^[0-9a-fA-F]{64}$/.test(trimmed)
    ? Buffer.from(trimmed, 'hex')
    : Buffer.from(trimmed, 'base64');
  if (key.length !== KEY_BYTES)
    throw new RangeError('a master key is 32 bytes, as 64 hex digits or in base64');
  return key;
};
