import { createHash } from 'node:crypto';
import { Refusal } from '../contract/errors.ts';
import type { RequestReceipt } from '../contract/record.ts';
import { parseJson } from '../shared/json.ts';
import type { Revision } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { KeyValue, Put } from '../store/port.ts';
import type { ChangeRequest, ChangeRoom } from './context.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

type Idempotency = NonNullable<ChangeRequest['idempotency']>;

/** Where a caller's key is kept: hashed, so no text of a caller becomes part of a key. */
export const requestKey = (keys: Keyspace, { scope, key }: Idempotency): string =>
  keys.request(scope, digest(key));

/**
 * What a request led to when it came before.
 * @param kv what is stored under its key
 * @throws Refusal idempotency_key_reused
 */
export const earlierReceipt = (
  kv: KeyValue | undefined,
  { fingerprint }: Idempotency,
): { readonly receipt: RequestReceipt; readonly revision: Revision } | undefined => {
  const receipt = kv && (parseJson(kv.value) as RequestReceipt | undefined);
  if (!kv || !receipt) return undefined;
  if (receipt.fingerprint !== fingerprint) {
    throw new Refusal('idempotency_key_reused', { in: 'header', pointer: '/idempotency-key' });
  }
  return { receipt, revision: kv.modRevision };
};

/** The put that remembers what a request led to. @throws StoreUnavailableError */
export const requestPut = async (
  room: ChangeRoom,
  idempotency: Idempotency,
  receipt: Omit<RequestReceipt, 'fingerprint'>,
): Promise<Put> => ({
  key: requestKey(room.keys, idempotency),
  value: JSON.stringify({ fingerprint: idempotency.fingerprint, ...receipt }),
  lease: await room.requestLease.id(),
});
