import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { drainable } from '../api/drain.ts';
import { Gate, type GateOptions } from '../api/gate.ts';
import { Metrics } from '../api/metrics.ts';
import { listenAlso, renewCertificate } from '../api/listener.ts';
import type { Node } from '../api/node.ts';
import { type ServerOptions, createServer } from '../api/server.ts';
import type { ChangeRoom } from '../change/context.ts';
import { RequestLease } from '../change/request-lease.ts';
import { KeyedLock } from '../change/keyed-lock.ts';
import { DriftLedger, DRIFT_SETTINGS, type DriftSettings } from '../change/drift/drift-keeper.ts';
import { keepKeyring } from '../change/keys/keyring.ts';
import { CHANGES_KEPT, keepChangeLog } from '../change/history/prune-changes.ts';
import { ensureDirectories } from '../change/drift/repair.ts';
import { Rotation } from '../change/keys/rotation.ts';
import type { Sealer } from '../change/keys/sealer.ts';
import type { CapabilityGate } from '../contract/fleet.ts';
import type { HostlessRoutes } from '../domain/claim.ts';
import { KEYRING_TIMES, type KeyringTimes } from '../domain/keyring.ts';
import type { Reserved, UpstreamRules } from '../domain/upstream-rules.ts';
import { CacheCheck } from '../fleet/cache-check.ts';
import { Comparisons } from '../fleet/comparisons.ts';
import { Convergence } from '../fleet/convergence.ts';
import { Leader, type LeaderOptions } from '../fleet/leader.ts';
import { Fleet } from '../fleet/fleet.ts';
import { Presence } from '../fleet/presence.ts';
import { Rewinds } from '../fleet/rewinds.ts';
import { NodeCache } from '../reflector/cache.ts';
import { LastKnown } from '../reflector/last-known.ts';
import { Reflector } from '../reflector/reflector.ts';
import { together } from '../reflector/together.ts';
import { type Disposable, DisposeStack, disposeTogether, jittered, pause } from '../shared/async.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import { outlastErrors } from '../shared/listening.ts';
import type { Log } from '../shared/log.ts';
import type { SslKeyring } from '../shared/ssl-keyring.ts';
import type { RedisAddress } from '../shared/redis.ts';
import type { Revision } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore } from '../store/port.ts';
import { driftKeeper } from './drift.ts';
import { eventLeader, eventPublisher } from './events.ts';
import { feedOf, fleetOf } from './fleet.ts';
import { Names, type NamesOptions } from './names.ts';
import { type TlsPaths, openTls } from './tls-files.ts';

export interface ControlPlaneOptions extends Omit<ServerOptions, 'tls'> {
  /** HTTPS with these; HTTP without. */
  readonly tlsFiles?: TlsPaths | undefined;
  readonly nodeId: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly sealer: Sealer | undefined;
  /** What APISIX's private keys are encrypted with; absent: APISIX reads them in the clear. */
  readonly sslKeyring?: SslKeyring | undefined;
  readonly upstreams: UpstreamRules;
  /** How upstreams' names are looked up. Default: as this machine does. */
  readonly names?: Partial<NamesOptions>;
  /** What becomes of defense that a gateway would not run. Default `refuse`. */
  readonly capabilityGate?: CapabilityGate;
  /** Default `sole-tenant`. */
  readonly hostlessRoutes?: HostlessRoutes;
  readonly gate: GateOptions;
  readonly version: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** Directory of the last known configuration, to answer from when started without the store. */
  readonly lastKnown?: string | undefined;
  /** How long challenge keys live. */
  readonly keyring?: KeyringTimes;
  /** How many entries of the change log are kept. */
  readonly changesKept?: number | undefined;
  /** Where changes are published; absent: nowhere. */
  readonly redis?: RedisAddress | undefined;
  /** Default: each minute, and repair. */
  readonly drift?: Partial<DriftSettings>;
}

/** A running Defense API node. */
export interface ControlPlane extends Disposable {
  /** Where it answers, such as `http://127.0.0.1:5001`. */
  readonly url: string;
  readonly node: Node;
}

/** Where this node can be reached once it listens. */
const listenersAt = (host: string, port: number): Reserved[] => {
  const everywhere = host === '0.0.0.0' || host === '::';
  const hosts = everywhere
    ? Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address))
    : [host];
  return hosts.map((own) => ({ host: own.replace(/%.*/, ''), port, use: 'control' }));
};

/** @param reserved where upstreams may not lead beside what the options say; grows once the node listens */
const changeRoom = (
  options: ControlPlaneOptions,
  clock: Clock,
  reserved: readonly Reserved[],
): ChangeRoom => {
  const { store, keys, log, sealer, sslKeyring, hostlessRoutes = 'sole-tenant' } = options;
  const upstreams = { ...options.upstreams, reserved };
  const names = new Names(options.names);
  return {
    store,
    keys,
    clock,
    log,
    sealer,
    sslKeyring,
    upstreams,
    hostlessRoutes,
    resolve: (tenant_id, hosts) => names.resolve(tenant_id, hosts),
    lock: new KeyedLock(),
    requestLease: new RequestLease(store, clock),
    random: Math.random,
  };
};

/** One node of the fleet keeps the challenge keys; which one, they settle among themselves. */
const keyringKeeper = (options: ControlPlaneOptions, changes: ChangeRoom): Leader | undefined => {
  const { sealer } = changes;
  const { nodeId, store, keys, log, keyring = KEYRING_TIMES } = options;
  if (!sealer) {
    log.warn({}, 'no master key: this node makes no challenge keys, only one that has it does');
    return undefined;
  }
  return new Leader({
    store,
    key: keys.leader('keyring'),
    nodeId,
    log,
    work: (term) => keepKeyring({ ...changes, sealer }, keyring, term),
  });
};

/** One node of the fleet keeps the change log to its size. */
const changeLogKeeper = (options: ControlPlaneOptions, changes: ChangeRoom): Leader => {
  const { nodeId, store, keys, log, changesKept = CHANGES_KEPT } = options;
  return new Leader({
    store,
    key: keys.leader('changes'),
    nodeId,
    log,
    work: (term) => keepChangeLog(changes, changesKept, term),
  });
};

interface Assembled {
  readonly node: Node;
  readonly lastKnown: LastKnown | undefined;
  /** Addresses that no upstream may name; this node's own is added once it is known. */
  readonly reserved: Reserved[];
}

/** Seals everything anew on demand; one node of the fleet at a time. */
const rotationOf = (options: ControlPlaneOptions, changes: ChangeRoom): Rotation | undefined => {
  const { sealer } = changes;
  if (!sealer) return undefined;
  const { nodeId, store, keys, log } = options;
  const key = keys.leader('rotation');
  const elect = (work: LeaderOptions['work']) => new Leader({ store, key, nodeId, log, work });
  return new Rotation({ room: { ...changes, sealer }, elect });
};

/** What a node writes to see it come back: everything before it has then come too. */
const markerOf =
  ({ store, keys, nodeId }: ControlPlaneOptions, clock: Clock) =>
  async (): Promise<Revision> => {
    const put = { key: keys.marker(), value: `${nodeId} ${new Date(clock.now()).toISOString()}` };
    return (await store.transact({ guards: [], puts: [put], deletes: [] })).revision;
  };

/** Puts a node's parts together; nothing runs yet. */
const assemble = async (options: ControlPlaneOptions): Promise<Assembled> => {
  const { nodeId, store, keys, log, version, clock = systemClock } = options;
  const reserved = [...options.upstreams.reserved];
  const committed = (revision: Revision, began_ms: number): void => fleet.committed(revision, began_ms);
  const changes = { ...changeRoom(options, clock, reserved), committed };
  const cache = new NodeCache(keys);
  const heardAt = (): number | undefined => reflector.status().heard_at;
  const lastKnown =
    options.lastKnown === undefined
      ? undefined
      : new LastKnown(options.lastKnown, { keys, cache, log, heardAt });
  const lastHeardAt = await lastKnown?.load();
  const rewinds = new Rewinds(clock);
  const comparisons = new Comparisons(keys, clock);
  const writeMarker = markerOf(options, clock);
  const reflector: Reflector = new Reflector({
    store,
    prefix: keys.source,
    listed: [...NodeCache.listed(keys), ...Fleet.listed(keys)],
    // What gateways should have is known before a snapshot tells that the change is here.
    picture: together(() => [fleet.picture, comparisons, cache]),
    writeMarker,
    clock,
    log,
    heardAt: lastHeardAt,
    knownAt: cache.snapshot()?.stamp,
    onRewound: (from, to) => {
      rewinds.note(from, to);
      fleet.rewound();
    },
    onCurrent: () => presence.look(),
  });
  const convergence = new Convergence(cache, reflector, nodeId);
  const masterKeys = options.sealer?.kids ?? [];
  const current = (): boolean => reflector.status().current;
  const own = { nodeId, instance: randomUUID(), version, masterKeys };
  const pulseOf = (): string | undefined => fleet.pulse();
  const presence: Presence = new Presence({ store, keys, cache, current, pulseOf, ...own, clock, log });
  const about = { store, keys, nodeId, instance: own.instance, cache, convergence, clock, log };
  const fleet: Fleet = fleetOf(about, reflector, writeMarker);
  const feed = feedOf(own.instance, clock, () => node);
  const drift = new DriftLedger({ ...DRIFT_SETTINGS, ...options.drift });
  const { interval_ms } = drift.settings;
  const cacheCheck = new CacheCheck({ store, keys, cache, reflector, writeMarker, interval_ms, clock, log });
  const publisher = eventPublisher(options, clock);
  const entropy = { rewinds, comparisons, cacheCheck, drift, publisher };
  const metrics = new Metrics({ nodeId, cache, reflector, convergence, fleet, ...entropy });
  const gate = new Gate(options.gate, { room: changes, cache });
  const node: Node = {
    nodeId,
    version,
    changes,
    reflector,
    cache,
    convergence,
    ...entropy,
    presence,
    fleet,
    capabilityGate: options.capabilityGate ?? 'refuse',
    feed,
    rotation: rotationOf(options, changes),
    gate,
    metrics,
    clock,
    log,
    repairs: [],
  };
  return { node, lastKnown, reserved };
};

/** Starts one Defense API node on a store that the caller owns. Disposing drains it. */
export const startControlPlane = async (options: ControlPlaneOptions): Promise<ControlPlane> => {
  const { log } = options;
  const stack = new DisposeStack();
  const { node, lastKnown, reserved } = await assemble(options);
  const { changes, fleet, gate, presence, reflector } = node;
  try {
    // An address that can't be had is found out before anything else has begun.
    const tls = await openTls(options.tlsFiles, node);
    const server = await createServer(node, { ...options, tls: tls?.material });
    const drain = drainable(server);
    await server.listen({ host: options.host, port: options.port });
    outlastErrors(server.server, log);
    stack.add('listener', () => server.close());
    const { port } = server.server.address() as AddressInfo;
    reserved.push(...listenersAt(options.host, port));
    stack.add('certificate files', () => tls?.dispose());
    tls?.watch((material) => renewCertificate(server.server, material));
    stack.add('reflector', () => reflector.dispose());
    reflector.start();
    stack.add('last known', () => lastKnown?.dispose());
    lastKnown?.start();
    stack.add('presence', () => presence.dispose());
    presence.start();
    stack.add('fleet', () => fleet.dispose());
    fleet.start();
    stack.add('gate', () => gate.dispose());
    gate.start();
    const directories = keepTrying('apisix directories', () => ensureDirectories(changes), log);
    stack.add('apisix directories', () => directories.dispose());
    const keepers = [
      keyringKeeper(options, changes),
      driftKeeper(node),
      node.publisher && eventLeader(options, node.publisher),
      changeLogKeeper(options, changes),
      node.cacheCheck,
    ].filter((keeper) => keeper !== undefined);
    // Together: each may have to wait for a store that does not answer.
    stack.add('keepers', () => disposeTogether(keepers));
    for (const keeper of keepers) keeper.start();
    stack.add('rotation', () => node.rotation?.dispose());
    stack.add('api', drain);
    stack.add('other addresses', await listenAlso(server.server, options.host, log));
    stack.add('heartbeats', () => fleet.releaseHeartbeats());
    stack.add('fleet feed', () => node.feed.dispose());
    const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
    return { url: `${tls ? 'https' : 'http'}://${shown}:${port}`, node, dispose: () => stack.dispose() };
  } catch (error) {
    await stack.dispose();
    throw error;
  }
};

const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 5_000;

/** Does something once, however long the store is away. */
const keepTrying = (name: string, work: () => Promise<void>, log: Log): Disposable => {
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    for (let attempt = 0; !stopped.signal.aborted; attempt++) {
      try {
        return await work();
      } catch (error) {
        log.warn({ err: error }, `${name}: not yet`);
        await pause(jittered(attempt, RETRY_BASE_MS, RETRY_MAX_MS, Math.random), stopped.signal);
      }
    }
  };
  const running = run();
  return {
    dispose: async () => {
      stopped.abort();
      await running;
    },
  };
};
