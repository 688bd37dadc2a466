import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Reflector } from '../reflector/reflector.ts';
import type { EngineDefense } from './defense/engine-defense.ts';
import type { FleetLimits } from './limits/fleet-limits.ts';
import type { Gateway, GatewayStatus } from './gateway.ts';

export interface GatewayMetricsSources {
  readonly gatewayId: string;
  readonly gateway: Pick<Gateway, 'applied' | 'status'>;
  readonly defense: Pick<EngineDefense, 'tally'>;
  readonly reflector: Pick<Reflector, 'status'>;
  /** Absent where limits of scope `fleet` are not shared. */
  readonly limits?: Pick<FleetLimits, 'status'> | undefined;
}

/** An embedded gateway's Prometheus metrics, all read at the scrape. */
export class GatewayMetrics {
  private readonly registry = new Registry();
  private readonly sources: GatewayMetricsSources;

  constructor(sources: GatewayMetricsSources) {
    this.sources = sources;
    this.registry.setDefaultLabels({ gateway: sources.gatewayId });
    collectDefaultMetrics({ register: this.registry });
    this.addVerdicts();
    this.addGauges();
    this.addObjects();
    if (sources.limits) this.addLimits(sources.limits);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private addVerdicts(): void {
    const { defense } = this.sources;
    new Counter({
      name: 'lockstep_gateway_verdicts_total',
      help: 'Requests on defended routes by what was decided; failed: could not be judged and passed',
      labelNames: ['decided'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [decided, count] of Object.entries(defense.tally)) this.inc({ decided }, count);
      },
    });
  }

  private addGauges(): void {
    const { gateway, reflector } = this.sources;
    const add = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    add(
      'lockstep_gateway_applied_revision',
      'Newest store revision that requests are served by; 0 before the first listing',
      () => gateway.applied?.revision ?? 0,
    );
    add('lockstep_gateway_store_live', '1 while the watch on the store is live', () =>
      reflector.status().state === 'live' ? 1 : 0,
    );
    add(
      'lockstep_gateway_store_age_seconds',
      'Time since the store was last heard from',
      () => reflector.status().age_ms / 1000,
    );
  }

  /** Several numbers of one status, taken once a scrape: it walks over all objects. */
  private addObjects(): void {
    const { gateway } = this.sources;
    const registers = [this.registry];
    // The registry reads its metrics in the order they were made: this one sets those below it.
    new Gauge({
      name: 'lockstep_gateway_objects',
      help: 'Objects in force',
      labelNames: ['directory'],
      registers,
      collect() {
        const status: GatewayStatus = gateway.status();
        this.reset();
        for (const [directory, count] of Object.entries(status.counts)) this.set({ directory }, count);
        unread.reset();
        for (const [directory, count] of Object.entries(status.unread.counts))
          unread.set({ directory }, count);
        inFlight.set(status.requests_in_flight);
        rejected.set(status.rejected.length);
      },
    });
    const unread = new Gauge({
      name: 'lockstep_gateway_unread_objects',
      help: 'Objects that APISIX may act on and this gateway does not read; with any in global_rules it refuses every request',
      labelNames: ['directory'],
      registers,
    });
    const inFlight = new Gauge({
      name: 'lockstep_gateway_requests_in_flight',
      help: 'Requests being served',
      registers,
    });
    const rejected = new Gauge({
      name: 'lockstep_gateway_rejected_objects',
      help: 'Objects that are not served as written',
      registers,
    });
  }

  private addLimits(limits: Pick<FleetLimits, 'status'>): void {
    const registers = [this.registry];
    new Gauge({
      name: 'lockstep_gateway_limits_shared',
      help: '1 while limits of scope fleet are shared with the other gateways',
      registers,
      collect() {
        this.set(limits.status.shared === true ? 1 : 0);
      },
    });
    new Gauge({
      name: 'lockstep_gateway_limits_round_trip_seconds',
      help: 'Round trip of the last exchange of counts',
      registers,
      collect() {
        this.set(limits.status.round_trip_ms / 1000);
      },
    });
    new Counter({
      name: 'lockstep_gateway_limits_exchanges_total',
      help: 'Exchanges of counts by how they ended; lost: what was told before was no longer there',
      labelNames: ['outcome'],
      registers,
      collect() {
        const { done, failed, losses } = limits.status;
        this.reset();
        this.inc({ outcome: 'done' }, done);
        this.inc({ outcome: 'failed' }, failed);
        this.inc({ outcome: 'lost' }, losses);
      },
    });
  }
}
