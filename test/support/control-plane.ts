/** A fleet of Defense API nodes in this process, on one embedded store in memory. Real sockets, real watches. */
import { randomBytes } from 'node:crypto';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../src/compose/control-plane.ts';
import { Sealer } from '../../src/change/keys/sealer.ts';
import { type Log, silentLog } from '../../src/shared/log.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { Keyspace } from '../../src/store/keys.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { FlakyStore } from './flaky-store.ts';
import { type CallOptions, type Reply, httpCall } from './http-call.ts';
import { until } from './until.ts';

/** Where the tests' store pretends to be, so that upstreams to it can be refused. */
export const STORE_ADDRESS = { host: '127.0.0.1', port: 2379, use: 'store' as const };

export interface Fleet {
  readonly store: EmbeddedStore;
  readonly keys: Keyspace;
  readonly nodes: readonly ControlPlane[];
  /** What node `n` sees of the store. */
  readonly seen: readonly FlakyStore[];
  /** Asks node 0. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  callNode(n: number, method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Everything under both prefixes, by key. */
  contents(): Promise<Map<string, string>>;
  /** The store's revision: moves with every write, whoever makes it. */
  revision(): Promise<number>;
  /** Resolves once every node has applied and reported every change. */
  quiet(): Promise<void>;
  dispose(): Promise<void>;
}

export type FleetOptions = Partial<
  Pick<
    ControlPlaneOptions,
    'upstreams' | 'names' | 'hostlessRoutes' | 'gate' | 'sealer' | 'clock' | 'keyring' | 'drift'
  > &
    Pick<
      ControlPlaneOptions,
      'capabilityGate' | 'corsOrigins' | 'ownPagesOnly' | 'connectionsMax' | 'silence_ms' | 'trustedProxies'
    >
> & {
  readonly nodes?: number;
  readonly log?: Log;
};

/** The newest revision that put a key under a prefix. */
const newestIn = async (store: EmbeddedStore, prefix: string): Promise<number> => {
  const { kvs } = await list(store, [prefix], { keysOnly: true });
  return Math.max(0, ...kvs.map((kv) => kv.modRevision));
};

const MASTER_KEY = randomBytes(32);

export const startFleet = async (options: FleetOptions = {}): Promise<Fleet> => {
  const store = await openEmbeddedStore({});
  const keys = new Keyspace('/cdn-defense', '/apisix');
  const seen = Array.from({ length: options.nodes ?? 1 }, () => new FlakyStore(store));
  const nodes = await Promise.all(
    seen.map((view, n) =>
      startControlPlane({
        nodeId: `node-${n + 1}`,
        host: '127.0.0.1',
        port: 0,
        store: view,
        keys,
        sealer: new Sealer(MASTER_KEY),
        upstreams: { privateRanges: [], reserved: [STORE_ADDRESS] },
        hostlessRoutes: 'allow',
        gate: { mode: 'off' },
        version: '0.0.0-test',
        log: silentLog,
        // What the machine of the tests sees of the world decides nothing.
        names: { servers: [] },
        ...options,
      }),
    ),
  );
  const callNode = (n: number, method: string, path: string, call?: CallOptions): Promise<Reply> =>
    httpCall(nodes[n]?.url ?? '', method, path, call);
  const revision = async () => (await store.range({ key: keys.source })).revision;
  const isQuiet = ({ node }: ControlPlane, newest: number): boolean => {
    const snapshot = node.cache.snapshot();
    return (
      node.reflector.status().state === 'live' &&
      snapshot !== undefined &&
      snapshot.stamp.revision >= newest &&
      snapshot.nodes.size === nodes.length &&
      node.convergence.pending(snapshot.changed).length === 0
    );
  };
  const quiet = () =>
    until('every node has reported every change', async () => {
      const newest = await newestIn(store, keys.source);
      return nodes.every((node) => isQuiet(node, newest));
    });
  await until('the directories of APISIX exist', async () => {
    const { kvs } = await store.range({ prefix: keys.projection });
    return kvs.length >= keys.apisixDirectories().length;
  });
  await until('the leader that looks for drift is elected', async () => {
    const { kvs } = await store.range({ key: keys.leader('drift') });
    return kvs.length > 0;
  });
  if (nodes.some(({ node }) => node.changes.sealer)) {
    await until('the first challenge key is there', async () => {
      const { kvs } = await store.range({ prefix: keys.keyring() });
      return kvs.length > 0;
    });
  }
  await quiet();
  return {
    store,
    keys,
    nodes,
    seen,
    call: (method, path, call) => callNode(0, method, path, call),
    callNode,
    contents: async () => {
      const { kvs } = await list(store, [keys.source, keys.projection]);
      return new Map(kvs.map((kv) => [kv.key, kv.value]));
    },
    revision,
    quiet,
    dispose: async () => {
      for (const view of seen) view.recover();
      await Promise.all(nodes.map((node) => node.dispose()));
      await store.close();
    },
  };
};

/** A node that is started after the others. */
export const startLate = (store: ConfigStore, keys: Keyspace): Promise<ControlPlane> =>
  startControlPlane({
    ...{ nodeId: 'late', host: '127.0.0.1', port: 0, store, keys, sealer: undefined },
    ...{
      upstreams: { privateRanges: [], reserved: [] },
      gate: { mode: 'off' },
      version: '0',
      log: silentLog,
    },
  });

export const TENANT = 'tenant-001';

export const ROUTE = {
  id: 'api-route-1',
  path: '/api/v1/*',
  upstream: 'http://backend:8080',
  methods: ['GET', 'POST', 'PUT', 'DELETE'],
  strip_path: true,
};
