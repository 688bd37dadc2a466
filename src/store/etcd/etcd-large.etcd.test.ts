import { expect, test } from 'vitest';
import { startEtcd } from '../../../test/support/etcd.ts';
import { list } from '../listing.ts';
import { AnswerTooLargeError } from '../port.ts';
import { openEtcdStore } from './etcd-store.ts';

/** Together more than an answer may have, as many large certificates are. */
const VALUES = 1_050;
const VALUE = 'x'.repeat(66_000);
const PER_TRANSACTION = 20;

test('more than one answer of etcd may hold is listed whole', async () => {
  await using cluster = await startEtcd();
  const store = openEtcdStore({ endpoints: cluster.endpoints });
  for (let at = 0; at < VALUES; at += PER_TRANSACTION) {
    const count = Math.min(PER_TRANSACTION, VALUES - at);
    const puts = Array.from({ length: count }, (_, i) => ({ key: `/large/${at + i}`, value: VALUE }));
    expect((await store.transact({ guards: [], puts, deletes: [] })).committed).toBe(true);
  }
  await expect(store.range({ prefix: '/large/' }, { limit: VALUES })).rejects.toThrow(AnswerTooLargeError);
  const { kvs } = await list(store, ['/large/']);
  expect(kvs.filter(({ value }) => value === VALUE)).toHaveLength(VALUES);
  await store.close();
});
