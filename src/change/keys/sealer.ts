import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../../contract/errors.ts';
import type { Box, Sealed } from '../../contract/record.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const lock = (key: Buffer, secret: Buffer, bound: string): Box => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  return {
    iv: iv.toString('base64'),
    ciphertext: ciphertext.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
};

/** @throws Error when the key is another, or anything was tampered with */
const unlock = (key: Buffer, box: Box, bound: string): Buffer => {
  const iv = Buffer.from(box.iv, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(bound))
    .setAuthTag(Buffer.from(box.tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(box.ciphertext, 'base64')), decipher.final()]);
};

const kidOf = (key: Buffer): string =>
  createHash('sha256').update('lockstep master key id\0').update(key).digest('hex').slice(0, 16);

/** A data key is bound to what its secret is bound to, and to the master key that seals it. */
const dataKeyBinding = (bound: string, kid: string): string => `lockstep/data-key/${kid}/${bound}`;

/**
 * Seals secrets in envelopes: each secret under a data key of its own, each data key under the master key, all with
 * AES-256-GCM and bound to what they belong to. Changing the master key re-seals 32 bytes a secret and never opens one.
 */
export class Sealer {
  private readonly keys: ReadonlyMap<string, Buffer>;
  /** Names the master key that seals, without telling anything of it. */
  readonly kid: string;

  /**
   * @param current 32 bytes: seals, and opens
   * @param former master keys that only open what they sealed
   */
  constructor(current: Buffer, former: readonly Buffer[] = []) {
    const all = [current, ...former];
    if (all.some(({ length }) => length !== KEY_BYTES)) {
      throw new RangeError(`a master key has ${KEY_BYTES} bytes`);
    }
    this.keys = new Map(all.map((key) => [kidOf(key), key]));
    this.kid = kidOf(current);
  }

  /** The master keys that are known, by name; the one that seals first. */
  get kids(): readonly string[] {
    return [...this.keys.keys()];
  }

  /** @param bound what the secret belongs to; opening needs the same text */
  seal(secret: string, bound: string): Sealed {
    const dataKey = randomBytes(KEY_BYTES);
    return {
      alg: 'A256GCM',
      kid: this.kid,
      data_key: lock(this.master(this.kid), dataKey, dataKeyBinding(bound, this.kid)),
      ...lock(dataKey, Buffer.from(secret), bound),
    };
  }

  /** @throws Refusal sealed_with_other_key, also when anything was tampered with */
  open(sealed: Sealed, bound: string): string {
    try {
      return unlock(this.dataKey(sealed, bound), sealed, bound).toString('utf8');
    } catch (cause) {
      throw new Refusal('sealed_with_other_key', { cause });
    }
  }

  /**
   * The same secret under the same data key, that one sealed with the current master key.
   * @throws Refusal sealed_with_other_key
   */
  reseal(sealed: Sealed, bound: string): Sealed {
    try {
      const dataKey = this.dataKey(sealed, bound);
      const data_key = lock(this.master(this.kid), dataKey, dataKeyBinding(bound, this.kid));
      return { ...sealed, kid: this.kid, data_key };
    } catch (cause) {
      throw new Refusal('sealed_with_other_key', { cause });
    }
  }

  private dataKey(sealed: Sealed, bound: string): Buffer {
    return unlock(this.master(sealed.kid), sealed.data_key, dataKeyBinding(bound, sealed.kid));
  }

  private master(kid: string): Buffer {
    const key = this.keys.get(kid);
    if (!key) throw new RangeError(`the master key ${kid} is not known here`);
    return key;
  }
}

/** What a certificate's key is bound to: it can't be moved to another tenant, domain or version. */
export const keyBinding = (record: { tenant_id: string; id: string; version: number }): string =>
  `lockstep/ssl/${record.tenant_id}/${record.id}/${record.version}`;

/** What a challenge key is bound to. */
export const challengeKeyBinding = (kid: string): string => `lockstep/keyring/${kid}`;

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

/**
 * Reads master keys, one a line; empty lines and what follows `#` do not count. The first seals, the others open what
 * they sealed before. @throws RangeError without the text in it
 */
export const parseMasterKeys = (text: string): Sealer => {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const [current, ...former] = lines.filter((line) => line !== '').map(parseMasterKey);
  if (!current) throw new RangeError('a master key is 32 bytes, as 64 hex digits or in base64');
  return new Sealer(current, former);
};
