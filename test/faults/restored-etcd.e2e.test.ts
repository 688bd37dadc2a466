/** etcd restored from a backup under running nodes and a gateway. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';

const HEADERS = { 'x-tenant-id': 'acme', 'content-type': 'application/json', 'accept-language': 'en' };
const CONFIG = '/global-config/tenant';
const LONG = { timeout: 30_000, interval: 50 };

interface Rewound {
  from: { cluster_id: string; revision: number };
  to: { cluster_id: string; revision: number };
}
interface ServedNode {
  process: LockstepProcess;
  url: string;
}

let etcd: EtcdCluster;
let place: Workplace;
let nodes: ServedNode[];

beforeEach(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
  nodes = [await place.serve('node-1', etcd.endpoints), await place.serve('node-2', etcd.endpoints)];
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

const get = async (n: number, path: string): Promise<Record<string, unknown>> => {
  const response = await fetch(`${nodes[n]?.url}${path}`, { headers: HEADERS });
  return (await response.json()) as Record<string, unknown>;
};
const send = async (n: number, path: string, body: object): Promise<Record<string, unknown>> => {
  const response = await fetch(`${nodes[n]?.url}${path}`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as object) };
};
const limit = (n: number, rate_limit: number, query = '') =>
  send(n, `${CONFIG}${query}`, { config: { rate_limit } });
const rewoundOf = async (n: number): Promise<Rewound[]> =>
  (await get(n, '/sync-status'))['store_rewound'] as Rewound[];
const gatewaysOf = async (n: number): Promise<string[]> => {
  const { gateways } = (await get(n, '/fleet')) as { gateways: { gateway_id: string; state: string }[] };
  return gateways.map(({ gateway_id, state }) => `${gateway_id} ${state}`);
};
const noticed = (n: number) => expect.poll(async () => (await rewoundOf(n)).length, LONG).toBeGreaterThan(0);
const agreed = (rate_limit: number) =>
  Promise.all(
    nodes.map((_, n) =>
      expect.poll(() => get(n, CONFIG), LONG).toMatchObject({ config: { rate_limit }, synced: true }),
    ),
  );
/** Writes straight into etcd, past the nodes. */
const growBy = async (writes: number): Promise<void> => {
  const store = openEtcdStore({ endpoints: etcd.endpoints });
  for (let n = 0; n < writes; n++) {
    await store.transact({ guards: [], puts: [{ key: '/elsewhere', value: `${n}` }], deletes: [] });
  }
  await store.close();
};

const BACKUPS: [what: string, token: string | undefined][] = [
  ['with the id of the cluster', undefined],
  ['with an id of its own', 'restored-elsewhere'],
];

describe.each(BACKUPS)('a backup that is restored %s', (_, token) => {
  it('is noticed by every node, said everywhere, and what it does not hold is served no more', async () => {
    const origin = await startDemoOrigin({ host: '127.0.0.1', port: 0 });
    const gateway = await place.gateway('gateway-1', etcd.endpoints);
    await limit(0, 1);
    await agreed(1);
    const backup = await etcd.snapshot();
    for (let n = 2; n <= 9; n++) await limit(n % 2, n);
    await send(0, '/global-routes', { route: { id: 'late', path: '/late/*', upstream: origin.url } });
    await agreed(9);
    await expect.poll(async () => (await fetch(`${gateway.http}/late/1`)).status, LONG).toBe(200);

    await etcd.restore(backup, token);
    await Promise.all([noticed(0), noticed(1)]);
    for (const n of [0, 1]) {
      const rewound = (await rewoundOf(n))[0] as Rewound;
      if (token === undefined) {
        expect(rewound.to.cluster_id).toBe(rewound.from.cluster_id);
        expect(rewound.to.revision).toBeLessThan(rewound.from.revision);
      } else expect(rewound.to.cluster_id).not.toBe(rewound.from.cluster_id);
      expect(await get(n, '/readyz')).toMatchObject({ status: 'ready', store_rewound: true });
      expect((await get(n, '/drift'))['store_rewound']).toMatchObject([rewound]);
      const metrics = await (await fetch(`${nodes[n]?.url}/metrics`)).text();
      expect(metrics).toMatch(/^lockstep_store_rewinds_total\{.*\} 1$/m);
      expect(nodes[n]?.process.log()).toMatch(/"level":(50|"error").*the store was rewound/);
    }
    await agreed(1);
    await expect.poll(async () => (await fetch(`${gateway.http}/late/2`)).status, LONG).toBe(404);

    const written = await limit(0, 50, '?wait=nodes&timeout_ms=20000');
    expect(written).toMatchObject({ status: 200, sync_status: 'all_nodes_updated' });
    await agreed(50);
    expect((await rewoundOf(0)).length).toBe(1);
    await origin.dispose();
  });

  it('with what the nodes said of their gateways leaves every node knowing all of them', async () => {
    await limit(0, 1);
    for (const n of [0, 1]) {
      await place.gateway(`edge-${n}`, etcd.endpoints, ['--control', nodes[n]?.url ?? '']);
    }
    const synced = ['edge-0 synced', 'edge-1 synced'];
    const known = (n: number) => expect.poll(() => gatewaysOf(n), LONG).toEqual(synced);
    await Promise.all([known(0), known(1)]);
    const backup = await etcd.snapshot();
    await limit(0, 2);
    await agreed(2);

    await etcd.restore(backup, token);
    await Promise.all([noticed(0), noticed(1)]);
    await Promise.all([known(0), known(1)]);
    for (const n of [0, 1]) {
      const written = await limit(n, 50 + n, '?wait=fleet&timeout_ms=20000');
      expect(written).toMatchObject({ status: 200, fleet: { gateways: { known: 2 } } });
    }
  });
});

describe('a backup that is restored while a node is frozen', () => {
  it('and grows past that node is noticed by it all the same; its receipts of before count for nothing', async () => {
    await limit(0, 1);
    await agreed(1);
    const backup = await etcd.snapshot();
    for (let n = 2; n <= 9; n++) await limit(0, n);
    await agreed(9);
    nodes[1]?.process.freeze();
    await etcd.restore(backup);
    await noticed(0);
    await growBy(300);
    const written = await limit(0, 77, '?wait=nodes&timeout_ms=500');
    expect(written).toMatchObject({ status: 202, pending: ['node-2'] });

    nodes[1]?.process.thaw();
    await noticed(1);
    const [rewound] = await rewoundOf(1);
    expect(rewound?.to.revision).toBeGreaterThan(rewound?.from.revision ?? 0);
    await agreed(77);
  });

  it('is noticed by a node that starts later on what it last knew', async () => {
    const data = ['--data-dir', `${place.directory}/last-known`];
    nodes[1] = await place.serve('node-3', etcd.endpoints, data);
    await limit(0, 1);
    const backup = await etcd.snapshot();
    await limit(0, 2);
    await expect.poll(() => get(1, CONFIG), LONG).toMatchObject({ config: { rate_limit: 2 } });
    await nodes[1]?.process.drain();
    await etcd.restore(backup);
    nodes[1] = await place.serve('node-3', etcd.endpoints, data);
    await noticed(1);
    await expect.poll(() => get(1, CONFIG), LONG).toMatchObject({ config: { rate_limit: 1 }, synced: true });
  });
});

it('an etcd that is only restarted, or fails over, is no rewind', async () => {
  await limit(0, 1);
  for (let n = 0; n < 2; n++) {
    await etcd.members[0]?.restart();
    await etcd.members[0]?.ready();
    await expect.poll(async () => (await limit(0, n + 2))['status'], LONG).toBe(200);
    await agreed(n + 2);
  }
  expect([await rewoundOf(0), await rewoundOf(1)]).toEqual([[], []]);
});
