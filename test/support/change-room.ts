/** What changes need of the world, on an embedded store in memory, without HTTP. */
import { randomBytes } from 'node:crypto';
import type { ChangeRequest, ChangeRoom } from '../../src/change/context.ts';
import { RequestLease } from '../../src/change/request-lease.ts';
import { KeyedLock } from '../../src/change/keyed-lock.ts';
import { Sealer } from '../../src/change/keys/sealer.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import { Keyspace } from '../../src/store/keys.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';

export const KEYS = new Keyspace('/cdn-defense', '/apisix');
const MASTER_KEY = randomBytes(32);

/** One node's view of a store; several rooms on one store are several nodes. */
export const changeRoom = (store: ConfigStore, options: Partial<ChangeRoom> = {}): ChangeRoom => ({
  store,
  keys: KEYS,
  clock: systemClock,
  log: silentLog,
  sealer: new Sealer(MASTER_KEY),
  upstreams: { privateRanges: [], reserved: [] },
  hostlessRoutes: 'allow',
  resolve: async (_, hosts) => new Map(hosts.map((host) => [host, []])),
  lock: new KeyedLock(),
  requestLease: new RequestLease(store, systemClock),
  random: Math.random,
  ...options,
});

let requests = 0;

export const changeRequest = (options: Partial<ChangeRequest> = {}): ChangeRequest => ({
  actor: 'tester',
  request_id: `request-${requests++}`,
  ...options,
});

/** Everything under both prefixes, by key. */
export const contentsOf = async (store: ConfigStore): Promise<Map<string, string>> => {
  const { kvs } = await list(store, [KEYS.source, KEYS.projection]);
  return new Map(kvs.map((kv) => [kv.key, kv.value]));
};

/** The keys of what there is, less the history and the change log, which outlive their object. */
export const livingKeys = async (store: ConfigStore): Promise<string[]> =>
  [...(await contentsOf(store)).keys()].filter(
    (key) => !key.startsWith(`${KEYS.source}versions/`) && !key.startsWith(KEYS.changes()),
  );

export const historyOf = async (
  store: ConfigStore,
  kind: 'config' | 'routes' | 'ssl',
  id: string,
): Promise<number[]> => {
  const { kvs } = await store.range({ prefix: KEYS.historyOf(kind, id) });
  return kvs.map((kv) => Number(kv.key.split('/').at(-1))).sort((a, b) => a - b);
};
