import fc from 'fast-check';
import { expect } from 'vitest';
import { NO_REVISION, revision } from '../../../src/shared/revision.ts';
import type { Revision } from '../../../src/shared/revision.ts';
import type { ConfigStore, Guard, KeyValue } from '../../../src/store/port.ts';
import { recordWatch } from './bench.ts';

type ModelStep = {
  readonly puts: readonly string[];
  readonly deletes: readonly string[];
  /** How far before the key's or prefix's true state the guard looks; 0 holds. */
  readonly guard: {
    readonly kind: 'mod' | 'create' | 'prefix' | 'none';
    readonly name: string;
    readonly off: number;
  };
};

const anyName = fc.constantFrom('a', 'a/b', 'b', 'ab', 'é');

export const anyStep: fc.Arbitrary<ModelStep> = fc.record({
  puts: fc.uniqueArray(anyName, { maxLength: 3 }),
  deletes: fc.uniqueArray(anyName, { maxLength: 3 }),
  guard: fc.record({
    kind: fc.constantFrom('mod' as const, 'create' as const, 'prefix' as const, 'none' as const),
    name: anyName,
    off: fc.constantFrom(0, 0, 0, 1),
  }),
});

interface Model {
  readonly keys: Map<string, KeyValue>;
  at: Revision;
}

const guardOf = (
  model: Model,
  prefix: string,
  { kind, name, off }: ModelStep['guard'],
): [Guard[], boolean] => {
  const key = prefix + name;
  const current = model.keys.get(key);
  if (kind === 'none') return [[], true];
  if (kind === 'prefix') {
    const newest = Math.max(
      0,
      ...[...model.keys.values()].filter((kv) => kv.key.startsWith(key)).map((kv) => kv.modRevision),
    );
    const since = revision(Math.max(0, newest - off));
    return [[{ prefix: key, unchangedSince: since }], newest <= since];
  }
  const real = (kind === 'mod' ? current?.modRevision : current?.createRevision) ?? NO_REVISION;
  const claimed = revision(off > 0 ? real + 1 : real);
  const guard = kind === 'mod' ? { key, modRevision: claimed } : { key, createRevision: claimed };
  return [[guard], claimed === real];
};

/** Plays the steps on a store and on a model of it, and compares answers, contents and the watch. */
export const playAgainstModel = async (
  store: ConfigStore,
  prefix: string,
  steps: readonly ModelStep[],
): Promise<void> => {
  const start = await store.range({ prefix });
  const model: Model = { keys: new Map(), at: start.revision };
  const watched = recordWatch(store, prefix, start);
  const changed: Revision[] = [];
  for (const [i, step] of steps.entries()) {
    const [guards, holds] = guardOf(model, prefix, step.guard);
    const puts = step.puts.map((name) => ({ key: prefix + name, value: `${i}` }));
    const deletes = step.deletes.filter((name) => !step.puts.includes(name)).map((name) => prefix + name);
    const result = await store.transact({ guards, puts, deletes });
    expect(result.committed).toBe(holds);
    const changes = holds && (puts.length > 0 || deletes.some((key) => model.keys.has(key)));
    if (changes) {
      model.at = revision(model.at + 1);
      changed.push(model.at);
      for (const { key, value } of puts) {
        const createRevision = model.keys.get(key)?.createRevision ?? model.at;
        model.keys.set(key, { key, value, modRevision: model.at, createRevision });
      }
      for (const key of deletes) model.keys.delete(key);
    }
    expect(result.revision).toBe(model.at);
  }
  const { kvs } = await store.range({ prefix });
  const expected = [...model.keys.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  expect(kvs).toEqual(expected);
  await watched.hasSteps(changed.length);
  expect(watched.steps.map((step) => step.revision)).toEqual(changed);
  const replayed = new Map<string, KeyValue>();
  for (const event of watched.steps.flatMap((step) => step.events)) {
    if (event.type === 'delete') replayed.delete(event.key);
    else {
      const { key, value, modRevision, createRevision } = event;
      replayed.set(key, { key, value, modRevision, createRevision });
    }
  }
  expect([...replayed.values()].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(expected);
  watched.watch.stop();
};
