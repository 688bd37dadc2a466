import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from '../../test/support/etcd.ts';
import { CutProxy } from '../../test/support/etcd-proxy.ts';
import { until } from '../../test/support/until.ts';
import { silentLog } from '../shared/log.ts';
import { openEtcdStore } from '../store/etcd/etcd-store.ts';
import type { ConfigStore } from '../store/port.ts';
import type { Term } from '../store/term.ts';
import { Leader } from './leader.ts';

const KEY = '/cdn-defense/leader/keyring';

describe('an election on etcd', () => {
  let cluster: EtcdCluster;
  const stack: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    cluster = await startEtcd();
  });
  afterEach(async () => {
    for (let part = stack.pop(); part; part = stack.pop()) await part();
  });
  afterAll(() => cluster?.stop());

  const open = (endpoints: readonly string[] = cluster.endpoints): ConfigStore => {
    const store = openEtcdStore({ endpoints });
    stack.push(() => store.close());
    return store;
  };

  const candidate = (nodeId: string, store: ConfigStore) => {
    const terms: Term[] = [];
    const leader = new Leader({
      store,
      key: KEY,
      nodeId,
      log: silentLog,
      lease_s: 2,
      work: (term) => {
        terms.push(term);
        return new Promise((resolve) =>
          term.signal.addEventListener('abort', () => resolve(), { once: true }),
        );
      },
    });
    leader.start();
    stack.push(() => leader.dispose());
    return { leader, terms };
  };

  it('is won by another when the leader is cut off; what the old one still sends changes nothing', async () => {
    const proxy = await CutProxy.before(cluster.endpoints[0] ?? '');
    stack.push(() => proxy.close());
    const cut = candidate('cut off', open([proxy.url]));
    await until('it leads', () => cut.leader.leads);
    const other = candidate('other', open());
    const store = open();
    const write = async (term: Term | undefined) => {
      if (!term) throw new Error('there has been no term');
      const puts = [{ key: '/fenced', value: 'x' }];
      return (await store.transact({ guards: [term.fence], puts, deletes: [] })).committed;
    };
    expect(await write(cut.terms[0])).toBe(true);
    proxy.blackHole();
    await until('the other leads', () => other.leader.leads, 20_000);
    // As a request that was on its way all the time.
    expect(await write(cut.terms[0])).toBe(false);
    expect(await write(other.terms[0])).toBe(true);
    await until('the old one knows', () => cut.terms[0]?.signal.aborted === true, 20_000);
  }, 60_000);

  it('is won at once by another when the leader stops', async () => {
    const first = candidate('first', open());
    await until('the first leads', () => first.leader.leads);
    const second = candidate('second', open());
    const began = performance.now();
    await first.leader.dispose();
    await until('the second leads', () => second.leader.leads);
    // Well within the lease, which nobody waited for.
    expect(performance.now() - began).toBeLessThan(1_500);
  });
});
