/** Between the port's terms and etcd's messages. */
import { revision as toRevision } from '../../shared/revision.ts';
import type { Stamp } from '../../shared/revision.ts';
import { compareKeys } from '../key-order.ts';
import type { Guard, KeyRange, KeyValue, LeaseId, RangeOptions, StoreEvent, Transaction } from '../port.ts';
import type { Compare } from './generated/etcdserverpb/Compare.ts';
import type { RangeRequest } from './generated/etcdserverpb/RangeRequest.ts';
import type { RequestOp } from './generated/etcdserverpb/RequestOp.ts';
import type { ResponseHeader__Output } from './generated/etcdserverpb/ResponseHeader.ts';
import type { TxnRequest } from './generated/etcdserverpb/TxnRequest.ts';
import type { Event__Output } from './generated/mvccpb/Event.ts';
import type { KeyValue__Output } from './generated/mvccpb/KeyValue.ts';

/** The first key behind every key with the prefix. UTF-8 has no byte 0xff, so the last one can always rise. */
export const prefixEnd = (prefix: string): Buffer => {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
};

export const toStamp = (header: ResponseHeader__Output | null): Stamp => {
  if (!header) throw new Error('an etcd answer without a header');
  return { clusterId: header.cluster_id, revision: toRevision(Number(header.revision)) };
};

const NO_LEASE = '0';

export const toKeyValue = (kv: KeyValue__Output): KeyValue => ({
  key: kv.key.toString('utf8'),
  value: kv.value.toString('utf8'),
  modRevision: toRevision(Number(kv.mod_revision)),
  createRevision: toRevision(Number(kv.create_revision)),
  ...(kv.lease === NO_LEASE ? {} : { lease: kv.lease as LeaseId }),
});

export const toEvent = ({ type, kv }: Event__Output): StoreEvent => {
  if (!kv) throw new Error('an etcd event without a key');
  if (type === 'PUT') return { type: 'put', ...toKeyValue(kv) };
  return { type: 'delete', key: kv.key.toString('utf8'), modRevision: toRevision(Number(kv.mod_revision)) };
};

export const toRangeRequest = (range: KeyRange, options: RangeOptions): RangeRequest => {
  const { revision = 0, limit = 0, keysOnly = false } = options;
  const common = { revision, limit, keys_only: keysOnly };
  if ('key' in range) return { ...common, key: Buffer.from(range.key) };
  const { prefix, after } = range;
  const from = after !== undefined && compareKeys(after, prefix) >= 0 ? `${after}\0` : prefix;
  return { ...common, key: Buffer.from(from), range_end: prefixEnd(prefix) };
};

const toCompare = (guard: Guard): Compare => {
  if ('prefix' in guard) {
    return {
      key: Buffer.from(guard.prefix),
      range_end: prefixEnd(guard.prefix),
      target: 'MOD',
      result: 'LESS',
      target_union: 'mod_revision',
      mod_revision: guard.unchangedSince + 1,
    };
  }
  const key = Buffer.from(guard.key);
  if ('createRevision' in guard) {
    const { createRevision: create_revision } = guard;
    return { key, target: 'CREATE', result: 'EQUAL', target_union: 'create_revision', create_revision };
  }
  const { modRevision: mod_revision } = guard;
  return { key, target: 'MOD', result: 'EQUAL', target_union: 'mod_revision', mod_revision };
};

export const toTxnRequest = ({ guards, puts, deletes }: Transaction): TxnRequest => {
  const success: RequestOp[] = [];
  for (const { key, value, lease } of puts) {
    const put = { key: Buffer.from(key), value: Buffer.from(value), lease: lease ?? NO_LEASE };
    success.push({ request: 'request_put', request_put: put });
  }
  for (const key of new Set(deletes)) {
    success.push({ request: 'request_delete_range', request_delete_range: { key: Buffer.from(key) } });
  }
  return { compare: guards.map(toCompare), success };
};
