import { expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded/embedded-store.ts';
import { list } from './listing.ts';
import { AnswerTooLargeError, type ConfigStore } from './port.ts';

/** A store whose answers hold no more than so many keys. */
const narrow = (store: ConfigStore, most: number): { store: ConfigStore; asked: number[] } => {
  const asked: number[] = [];
  const range: ConfigStore['range'] = (what, options = {}) => {
    const { limit = Infinity } = options;
    asked.push(limit);
    return limit > most
      ? Promise.reject(new AnswerTooLargeError('too large on demand'))
      : store.range(what, options);
  };
  return { store: Object.assign(Object.create(store) as ConfigStore, { range }), asked };
};

test('a listing whose pages are too large for one answer is read in smaller ones, each key once', async () => {
  const store = await openEmbeddedStore({});
  const keys = Array.from({ length: 900 }, (_, i) => `/k/${String(i).padStart(4, '0')}`);
  for (let at = 0; at < keys.length; at += 100) {
    const puts = keys.slice(at, at + 100).map((key) => ({ key, value: key }));
    await store.transact({ guards: [], puts, deletes: [] });
  }
  const { store: view, asked } = narrow(store, 125);
  const { kvs } = await list(view, ['/k/']);
  expect(kvs.map(({ key }) => key)).toEqual(keys);
  // Two refusals, and then pages of what goes through.
  expect(asked.filter((limit) => limit > 125)).toHaveLength(2);
  await store.close();
});

test('a value that no answer holds is said to be one', async () => {
  const store = await openEmbeddedStore({});
  await store.transact({ guards: [], puts: [{ key: '/k/1', value: '1' }], deletes: [] });
  await expect(list(narrow(store, 0).store, ['/k/'])).rejects.toThrow(AnswerTooLargeError);
  await store.close();
});
