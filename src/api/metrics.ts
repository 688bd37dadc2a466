import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { DRIFT_KINDS } from '../contract/drift.ts';
import { FLEET_STATES } from '../contract/fleet.ts';
import type { DriftLedger } from '../change/drift/drift-keeper.ts';
import type { Comparisons } from '../fleet/comparisons.ts';
import type { EventPublisher } from '../events/publisher.ts';
import type { CacheCheck } from '../fleet/cache-check.ts';
import type { Convergence } from '../fleet/convergence.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Rewinds } from '../fleet/rewinds.ts';
import type { NodeCache } from '../reflector/cache.ts';
import type { Reflector } from '../reflector/reflector.ts';

export interface MetricsSources {
  readonly nodeId: string;
  readonly cache: NodeCache;
  readonly reflector: Reflector;
  readonly convergence: Convergence;
  readonly rewinds: Rewinds;
  readonly cacheCheck: CacheCheck;
  readonly drift: DriftLedger;
  readonly comparisons: Comparisons;
  readonly publisher: EventPublisher | undefined;
  readonly fleet: Fleet;
}

/** A node's Prometheus metrics. Gauges are read at each scrape, so they never lag behind what they measure. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests: Histogram<'method' | 'route' | 'status'>;
  private readonly refusals: Counter<'code'>;

  constructor(sources: MetricsSources) {
    const { nodeId, cache, reflector, convergence } = sources;
    const registers = [this.registry];
    this.registry.setDefaultLabels({ node: nodeId });
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Histogram({
      name: 'lockstep_http_request_duration_seconds',
      help: 'Time to answer an API request',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.refusals = new Counter({
      name: 'lockstep_refusals_total',
      help: 'Requests refused, by code of the error catalogue',
      labelNames: ['code'],
      registers,
    });
    const gauge = this.gauge.bind(this);
    gauge(
      'lockstep_applied_revision',
      'Newest store revision applied by the cache',
      () => cache.snapshot()?.stamp.revision ?? 0,
    );
    gauge('lockstep_store_live', '1 while the watch on the store is live', () =>
      reflector.status().state === 'live' ? 1 : 0,
    );
    gauge(
      'lockstep_store_age_seconds',
      'Time since the store was last heard from',
      () => reflector.status().age_ms / 1000,
    );
    this.counter('lockstep_reflector_listings_total', 'Full listings', () => reflector.status().listings);
    this.entropyMetrics(sources);
    if (sources.publisher) this.eventMetrics(sources.publisher);
    this.fleetMetrics(sources.fleet);
    gauge(
      'lockstep_quarantined_records',
      'Stored values that can not be used',
      () => cache.snapshot()?.quarantined.size ?? 0,
    );
    gauge('lockstep_live_nodes', 'Nodes with a live lease', () => cache.snapshot()?.nodes.size ?? 0);
    gauge('lockstep_nodes_pending', 'Live nodes that have not reported the newest change', () => {
      const snapshot = cache.snapshot();
      return snapshot ? convergence.pending(snapshot.changed).length : 0;
    });
    new Gauge({
      name: 'lockstep_cached_records',
      help: 'Records in the cache',
      labelNames: ['kind'],
      registers,
      collect() {
        const snapshot = cache.snapshot();
        this.set({ kind: 'config' }, snapshot?.config.size ?? 0);
        this.set({ kind: 'routes' }, snapshot?.routes.size ?? 0);
        this.set({ kind: 'ssl' }, snapshot?.ssl.size ?? 0);
      },
    });
  }

  /** What is not as it should be, and what was done about it. */
  private entropyMetrics({ rewinds, comparisons, cacheCheck, drift }: MetricsSources): void {
    this.gauge(
      'lockstep_drift_comparison_age_seconds',
      'Since any node has compared the store with itself, as far as this one has heard since its start',
      () => comparisons.age_s,
    );
    this.counter(
      'lockstep_store_rewinds_total',
      'Times that the store was found rewound: a restored backup, or another store',
      () => rewinds.total,
    );
    this.counter(
      'lockstep_cache_drift_total',
      'Times that the cache differed from the store and was listed anew',
      () => cacheCheck.differing,
    );
    this.counter(
      'lockstep_drift_repairs_total',
      'Objects in the store that this node has put right',
      () => drift.repairs,
    );
    new Gauge({
      name: 'lockstep_drift_objects',
      help: 'Objects in the store that are not as Lockstep left them and were left so; on the node that looks, 0 elsewhere',
      labelNames: ['found'],
      registers: [this.registry],
      collect() {
        for (const found of DRIFT_KINDS) this.set({ found }, drift.left(found));
      },
    });
  }

  private eventMetrics(publisher: EventPublisher): void {
    this.gauge(
      'lockstep_events_published_revision',
      'The last revision whose events are known to be published; on the node that publishes',
      () => publisher.status().published,
    );
    this.gauge(
      'lockstep_events_backlog',
      'Revisions whose events wait, on the node that publishes; counted up to 2000',
      () => publisher.status().waiting,
    );
    this.counter(
      'lockstep_events_published_total',
      'Events this node has published',
      () => publisher.status().events,
    );
    this.gauge(
      'lockstep_events_redis_connected',
      '1 while this node publishes and has a connection to Redis',
      () => (publisher.status().connected ? 1 : 0),
    );
  }

  /** Who has what, and how long changes took to get there. */
  private fleetMetrics(fleet: Fleet): void {
    const registers = [this.registry];
    const applied = new Histogram({
      name: 'lockstep_change_applied_seconds',
      help: 'From a change, as this node made or heard it, to the receipt of each node, and of each gateway that this node hears',
      labelNames: ['by', 'state'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    fleet.ledger.subscribe({
      node: ({ latency_ms }) => applied.observe({ by: 'node', state: 'applied' }, latency_ms / 1_000),
      gateway: ({ latency_ms, state }) => applied.observe({ by: 'gateway', state }, latency_ms / 1_000),
    });
    new Gauge({
      name: 'lockstep_fleet_gateways',
      help: 'Known gateways of the whole fleet, by state',
      labelNames: ['state'],
      registers,
      collect() {
        for (const state of FLEET_STATES) this.set({ state }, 0);
        for (const { state } of fleet.gateways()) this.inc({ state });
      },
    });
  }

  /** One more number that is read at each scrape. */
  gauge(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  /** One more count since the start of the process that is kept elsewhere and read at each scrape. */
  counter(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status: String(status) }, seconds);
  }

  refused(code: string): void {
    this.refusals.inc({ code });
  }
}
