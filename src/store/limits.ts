/**
 * What every store refuses before it does anything, so that what works in development works in production:
 * the limits are etcd's defaults (`--max-txn-ops`, `--max-request-bytes`).
 */
import type { KeyRange, Transaction } from './port.ts';
import { StoreRefusedError } from './port.ts';

export const MAX_OPERATIONS = 128;

/** etcd's 1.5 MiB less room for the message's own framing. */
export const MAX_TRANSACTION_BYTES = 1_500_000;

/** lmdb holds keys up to 1,978 bytes; ours are far below. */
const MAX_KEY_BYTES = 1_900;

const LONE_SURROGATE = /\p{Surrogate}/u;

const checkKey = (key: string): number => {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0) throw new StoreRefusedError('a key must not be empty');
  if (bytes > MAX_KEY_BYTES) {
    throw new StoreRefusedError(`a key of ${bytes} bytes is longer than ${MAX_KEY_BYTES}`);
  }
  if (LONE_SURROGATE.test(key)) throw new StoreRefusedError('a key is not well-formed Unicode');
  return bytes;
};

export const checkRange = (range: KeyRange): void => {
  checkKey('key' in range ? range.key : range.prefix);
};

/** @throws StoreRefusedError when a transaction is too large or names a key twice */
export const checkTransaction = ({ guards, puts, deletes }: Transaction): void => {
  const operations = puts.length + deletes.length;
  if (operations > MAX_OPERATIONS || guards.length > MAX_OPERATIONS) {
    throw new StoreRefusedError(
      `a transaction of ${operations} operations and ${guards.length} guards exceeds ${MAX_OPERATIONS}`,
    );
  }
  let bytes = 0;
  const written = new Set<string>();
  for (const { key, value } of puts) {
    bytes += checkKey(key) + Buffer.byteLength(value);
    if (written.has(key)) throw new StoreRefusedError('a transaction puts one key twice');
    written.add(key);
  }
  for (const key of deletes) {
    bytes += checkKey(key);
    if (written.has(key)) throw new StoreRefusedError('a transaction puts and deletes one key');
  }
  for (const guard of guards) bytes += checkKey('key' in guard ? guard.key : guard.prefix);
  if (bytes > MAX_TRANSACTION_BYTES) {
    throw new StoreRefusedError(`a transaction of ${bytes} bytes exceeds ${MAX_TRANSACTION_BYTES}`);
  }
};
