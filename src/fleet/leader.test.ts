import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlakyStore } from '../../test/support/flaky-store.ts';
import { until } from '../../test/support/until.ts';
import { silentLog } from '../shared/log.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ConfigStore } from '../store/port.ts';
import type { Term } from '../store/term.ts';
import { Leader } from './leader.ts';

const KEY = '/cdn-defense/leader/keyring';

let store: EmbeddedStore;
let candidates: Leader[];
let errors: string[];
beforeEach(async () => {
  store = await openEmbeddedStore({});
  candidates = [];
  errors = [];
});
afterEach(async () => {
  await Promise.all(candidates.map((each) => each.dispose()));
  await store.close();
});

/** A candidate and the terms it has had. */
const candidate = (nodeId: string, view: ConfigStore = store, work?: (term: Term) => Promise<void>) => {
  const terms: Term[] = [];
  const rest = (term: Term) =>
    new Promise<void>((resolve) => term.signal.addEventListener('abort', () => resolve(), { once: true }));
  const leader = new Leader({
    store: view,
    key: KEY,
    nodeId,
    log: { ...silentLog, error: (_, message) => errors.push(message) },
    work: (term) => {
      terms.push(term);
      return (work ?? rest)(term);
    },
  });
  candidates.push(leader);
  leader.start();
  return { leader, terms };
};

const writes = async (term: Term | undefined, key = '/fenced'): Promise<boolean> => {
  if (!term) throw new Error('there has been no term');
  const { committed } = await store.transact({
    guards: [term.fence],
    puts: [{ key, value: 'x' }],
    deletes: [],
  });
  return committed;
};

const byHand = () =>
  store.transact({ guards: [], puts: [{ key: KEY, value: '{"node_id":"by hand"}' }], deletes: [] });

const holder = async (): Promise<string | undefined> => {
  const { kvs } = await store.range({ key: KEY });
  return kvs[0] && (JSON.parse(kvs[0].value) as { node_id: string }).node_id;
};

describe('an election', () => {
  it('has one winner among many candidates, and only the winner can write', async () => {
    const all = ['a', 'b', 'c', 'd'].map((id) => candidate(id));
    await until('somebody leads', () => all.some(({ leader }) => leader.leads));
    const leading = all.filter(({ leader }) => leader.leads);
    expect(leading).toHaveLength(1);
    expect(await writes(leading[0]?.terms[0])).toBe(true);
    expect(all.flatMap(({ terms }) => terms)).toHaveLength(1);
  });

  it('is held again at once when the leader stops', async () => {
    const first = candidate('first');
    await until('the first leads', () => first.leader.leads);
    const second = candidate('second');
    await first.leader.dispose();
    await until('the second leads', () => second.leader.leads, 1_000);
    expect(first.terms[0]?.signal.aborted).toBe(true);
    expect(await holder()).toBe('second');
  });

  it('leaves a leader that was paused unable to write, even before it knows', async () => {
    const paused = candidate('paused');
    await until('it leads', () => paused.leader.leads);
    const [term] = paused.terms;
    // What the store does with the lease of a process that does not answer.
    await store.transact({ guards: [], puts: [], deletes: [KEY] });
    expect(await writes(term)).toBe(false);
    await until('somebody leads again', async () => (await holder()) !== undefined);
    expect(await writes(term)).toBe(false);
  });

  it('ends the term of a leader whose key is taken away', async () => {
    const { terms } = candidate('a');
    await until('it leads', () => terms.length === 1);
    await store.transact({ guards: [], puts: [], deletes: [KEY] });
    await until('the term is over', () => terms[0]?.signal.aborted === true);
    await until('it is elected anew', () => terms.length === 2);
    expect(await writes(terms[0])).toBe(false);
    expect(await writes(terms[1])).toBe(true);
  });

  it('ends the term of a leader whose key is overwritten, and is held again', async () => {
    const all = ['a', 'b'].map((id) => candidate(id));
    const terms = () => all.flatMap((each) => each.terms);
    await until('somebody leads', () => terms().length === 1);
    await byHand();
    await until('the term is over', () => terms()[0]?.signal.aborted === true);
    await until('it is held again', () => terms().length === 2);
    expect(await writes(terms()[1])).toBe(true);
    expect((await store.range({ key: KEY })).kvs[0]?.lease).toBeDefined();
  });

  it('is held although there is a key without a lease, and says so', async () => {
    await byHand();
    const { terms } = candidate('a');
    await until('it leads', () => terms.length === 1);
    expect(await writes(terms[0])).toBe(true);
    expect(errors).toEqual(['an election was held by a key without a lease, which is deleted']);
  });

  it('knows its own win by reading when the answer was lost', async () => {
    const view = new FlakyStore(store);
    view.transactFault = (_transaction, n) => (n === 0 ? 'lost-after' : 'none');
    const { terms } = candidate('a', view);
    await until('it leads', () => terms.length === 1);
    expect(await writes(terms[0])).toBe(true);
  });

  it('stands again when the candidacy never arrived, or the store was away', async () => {
    const view = new FlakyStore(store);
    view.transactFault = (_transaction, n) => (n === 0 ? 'lost-before' : n === 1 ? 'unavailable' : 'none');
    view.fail();
    const { terms, leader } = candidate('a', view);
    view.recover();
    await until('it leads', () => leader.leads);
    expect(await writes(terms[0])).toBe(true);
  });

  it('goes on through broken watches', async () => {
    const view = new FlakyStore(store);
    const first = candidate('first');
    await until('the first leads', () => first.leader.leads);
    const second = candidate('second', view);
    for (let i = 0; i < 5; i++) {
      view.cutWatches();
      await new Promise(setImmediate);
    }
    expect(second.leader.leads).toBe(false);
    await first.leader.dispose();
    await until('the second leads', () => second.leader.leads);
  });

  it('is held again after work that failed', async () => {
    let attempts = 0;
    const { terms } = candidate('a', store, async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('work');
    });
    await until('it was elected twice', () => terms.length >= 2);
    expect(terms[0]?.signal.aborted).toBe(true);
    expect(await writes(terms[0])).toBe(false);
  });

  it('leaves no key behind when everybody stops', async () => {
    const { leader } = candidate('a');
    await until('it leads', () => leader.leads);
    await leader.dispose();
    expect(await holder()).toBeUndefined();
  });
});
