import { createHash } from 'node:crypto';

/**
 * Digest of a set of texts that does not depend on their order: the SHA-256 of each, combined by exclusive or. Sets in
 * which no text occurs twice have equal digests only when they are equal. Tells whether to look closer; nobody's trust
 * rests on it.
 */
export class SetDigest {
  private readonly sum = Buffer.alloc(32);

  add(text: string): void {
    const hash = createHash('sha256').update(text).digest();
    for (let i = 0; i < this.sum.length; i++) this.sum[i] = (this.sum[i] ?? 0) ^ (hash[i] ?? 0);
  }

  hex(): string {
    return this.sum.toString('hex');
  }
}
