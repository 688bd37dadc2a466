/** A node of the built product on a real etcd, with authentication on, to be fuzzed. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeCache } from '../../src/reflector/cache.ts';
import { Keyspace } from '../../src/store/keys.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { makeCertificate } from '../support/certificates.ts';
import { startEtcd } from '../support/etcd.ts';
import { Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';
import { heapAfterCollection } from './heap.ts';
import { type FuzzReport, fuzzApi } from './run.ts';

/** What the cache, the metrics and what V8 compiles may add between the first tenth of a run and its end. */
const HEAP_GROWTH_MAX = 32 * 1024 * 1024;

export interface FuzzRun extends FuzzReport {
  /** Bytes after a full collection: before the first request, and after each tenth of them. */
  readonly heap: readonly number[];
  /** Bytes of records in the store at the same times: what the node's cache has to hold. */
  readonly records: readonly number[];
  /** Lines of the node's log at level `error`. */
  readonly errors: readonly string[];
}

const DOMAINS = [
  'www.acme.example.com',
  '*.globex.example.com',
  'xn--fiqs8s.example.com',
  'h1.acme.example.com',
];

/** Starts it, sends it `count` requests, and looks at what is left. */
export const fuzzNode = async (count: number, seed: number): Promise<FuzzRun> => {
  await using etcd = await startEtcd();
  await using place = await Workplace.create();
  const token = randomBytes(24).toString('hex');
  const at = (name: string) => join(place.directory, name);
  await writeFile(at('root.token'), token, { mode: 0o600 });
  await writeFile(at('master.key'), '5c'.repeat(32), { mode: 0o600 });
  const args = [
    ...['serve', '--node-id', 'node-1', '--port', '0', '--etcd', etcd.endpoints.join(',')],
    ...['--root-token-file', at('root.token'), '--master-key-file', at('master.key')],
  ];
  const node = await place.start('node-1', args, ['--inspect=127.0.0.1:0']);
  const [url = ''] = await node.printed(/answers on (http:\S+)/g);
  const [inspector = ''] = await node.printed(/Debugger listening on (ws:\S+)/g);
  await until('the node has read', async () => (await fetch(`${url}/readyz`)).ok);
  const certificates = await Promise.all(
    DOMAINS.map(async (domain) => ({ domain, ...(await makeCertificate({ names: [domain] })) })),
  );
  const store = openEtcdStore({ endpoints: etcd.endpoints });
  const heap: number[] = [];
  const records: number[] = [];
  const weigh = async (): Promise<void> => {
    heap.push(await heapAfterCollection(inspector));
    records.push(await bytesOf(store));
  };
  await weigh();
  try {
    const report = await fuzzApi({
      ...{ url, token, certificates, store, seed, count },
      onTenth: weigh,
    });
    const errors = node
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":50') || /unhandled|uncaught/i.test(line));
    const troubles = [...report.troubles, ...(await aftermath(url, token)), ...errors];
    const growth = (heap.at(-1) ?? 0) - (heap[1] ?? 0);
    if (growth > HEAP_GROWTH_MAX) troubles.push(`the heap grew by ${growth} bytes`);
    if (!node.running) troubles.push('the node ended');
    return { ...report, troubles, heap, records, errors };
  } finally {
    await store.close();
  }
};

const bytesOf = async (store: ConfigStore): Promise<number> => {
  const keys = new Keyspace('/cdn-defense', '/apisix');
  const { kvs } = await list(store, NodeCache.listed(keys));
  return kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
};

/** Whether the node is well, and what gateways read is what the records say. */
const aftermath = async (url: string, token: string): Promise<string[]> => {
  const headers = { authorization: `Bearer ${token}` };
  const refreshed = await fetch(`${url}/sync/refresh`, { method: 'POST', headers });
  const { repaired_now } = (await refreshed.json()) as { repaired_now?: unknown[] };
  const ready = await fetch(`${url}/readyz`);
  return [
    ...(repaired_now?.length === 0 ? [] : [`there was something to repair: ${JSON.stringify(repaired_now)}`]),
    ...(ready.ok ? [] : [`the node is not ready: ${ready.status}`]),
  ];
};

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

/** A run in a few lines. */
export const summaryOf = (run: FuzzRun): string => {
  const counts = [...run.statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  const unavailable = [...run.unavailable].map(([code, count]) => `${code}: ${count}`).join(', ') || 'none';
  return [
    `${run.requests} requests in ${run.seconds.toFixed(0)} s (${(run.requests / run.seconds).toFixed(0)}/s), slowest ${run.slowest_ms.toFixed(0)} ms: ${run.slowest}`,
    `answers: ${counts.join(', ')}`,
    `503 by code: ${unavailable}`,
    `changes acknowledged and found in the store: ${run.changes}`,
    `heap after collection, MiB: ${run.heap.map(mib).join(' ')}`,
    `records in the store, KiB: ${run.records.map((bytes) => Math.round(bytes / 1024)).join(' ')}`,
    `what should not have happened: ${Math.max(run.troubled, run.troubles.length)}`,
    ...run.troubles.map((trouble) => `  ${trouble}`),
  ].join('\n');
};
