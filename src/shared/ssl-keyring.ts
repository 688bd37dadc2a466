import { createCipheriv, createDecipheriv } from 'node:crypto';

/** What Apache APISIX has in its default configuration: whoever reads its source code has these keys. */
const PUBLISHED: ReadonlySet<string> = new Set(['qeddd145sfvddff3', 'edd1c9f0985e76a2']);

const ALGORITHM = 'aes-128-cbc';
const ENTRY = /^[\x21-\x7e]{16}$/;

/**
 * APISIX's keyring (`apisix.data_encryption.keyring`), as it encrypts private keys: AES-128-CBC with the entry for the
 * key and for the IV, in base64. The same text gives the same ciphertext, so an unchanged key is not written anew.
 */
export class SslKeyring {
  private readonly entries: readonly Buffer[];

  /**
   * @param entries 16 printable ASCII characters each; the first encrypts, all decrypt
   * @throws RangeError for an entry that APISIX would not take, or that everybody knows
   */
  constructor(entries: readonly string[]) {
    if (entries.length === 0) throw new RangeError('a keyring has at least one entry');
    for (const entry of entries) {
      if (!ENTRY.test(entry)) throw new RangeError('an entry of APISIX’s keyring is 16 printable characters');
      if (PUBLISHED.has(entry)) {
        throw new RangeError(
          `${entry} is published in APISIX’s default configuration; make an entry of your own`,
        );
      }
    }
    this.entries = entries.map((entry) => Buffer.from(entry, 'latin1'));
  }

  /** @param key PEM. @returns what APISIX is to read */
  encrypt(key: string): string {
    const [entry] = this.entries as [Buffer];
    const cipher = createCipheriv(ALGORITHM, entry, entry);
    return Buffer.concat([cipher.update(key, 'utf8'), cipher.final()]).toString('base64');
  }

  /** The PEM of a key as APISIX reads it; PEM is taken as it is. `undefined` when no entry fits. */
  decrypt(stored: string): string | undefined {
    if (stored.startsWith('---')) return stored;
    const bytes = Buffer.from(stored, 'base64');
    for (const entry of this.entries) {
      const decipher = createDecipheriv(ALGORITHM, entry, entry);
      try {
        const text = Buffer.concat([decipher.update(bytes), decipher.final()]).toString('utf8');
        // One wrong key in some 256 leaves padding that looks right.
        if (text.startsWith('---')) return text;
      } catch {
        // Another entry may fit.
      }
    }
    return undefined;
  }
}

/** Reads a keyring, one entry a line. Empty lines do not count. @throws RangeError */
export const parseSslKeyring = (text: string): SslKeyring =>
  new SslKeyring(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
