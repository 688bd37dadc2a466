import { randomUUID } from 'node:crypto';
import { type UpstreamRules, closedTo } from '../domain/upstream-rules.ts';
import { EngineDefense } from '../gateway/defense/engine-defense.ts';
import { FleetLimits } from '../gateway/limits/fleet-limits.ts';
import { Gateway } from '../gateway/gateway.ts';
import { GatewayMetrics } from '../gateway/gateway-metrics.ts';
import { Reporter } from '../gateway/heartbeat.ts';
import { type Readiness, openOperationsListener } from '../gateway/operations-listener.ts';
import { type Picture, Reflector } from '../reflector/reflector.ts';
import { together } from '../reflector/together.ts';
import { type Disposable, DisposeStack } from '../shared/async.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import type { ControlFetch } from '../shared/control-fetch.ts';
import type { HostPort } from '../shared/host-port.ts';
import type { Log } from '../shared/log.ts';
import type { RedisAddress } from '../shared/redis.ts';
import type { SslKeyring } from '../shared/ssl-keyring.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore } from '../store/port.ts';

export interface StartGatewayOptions {
  readonly gatewayId: string;
  /** Port 0 takes a free one. */
  readonly http?: HostPort | undefined;
  readonly https?: HostPort | undefined;
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly log: Log;
  readonly clock?: Clock;
  /** Defense API nodes to report to, one at a time. Without any the gateway serves, and nobody sees it. */
  readonly control?: readonly string[] | undefined;
  /** How to speak to them. Default: the global `fetch`. */
  readonly controlFetch?: ControlFetch;
  /** A gateway's API token, for nodes that want one. */
  readonly controlToken?: (() => string) | undefined;
  /** What it says it is. */
  readonly version?: string;
  /** Where to serve Prometheus metrics and health; nowhere when absent. */
  readonly metrics?: HostPort | undefined;
  /** Peers (addresses, CIDRs) whose X-Real-IP is believed. Default 127.0.0.1. */
  readonly realIpFrom?: readonly string[] | undefined;
  /** Proxies (addresses, CIDRs) whose X-Forwarded-For the defense believes. Default none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** What APISIX's private keys are encrypted with, when they are. */
  readonly sslKeyring?: SslKeyring | undefined;
  /** Where connections to upstreams may go. Default: where private ranges are open too. */
  readonly upstreams?: UpstreamRules;
  /** Where limits of scope `fleet` are shared. Absent: each gateway grants them by itself. */
  readonly redis?: RedisAddress | undefined;
}

/** A running embedded gateway. */
export interface RunningGateway extends Disposable {
  readonly id: string;
  /** Where it serves, HTTP first. */
  readonly urls: readonly string[];
  readonly metricsUrl: string | undefined;
  readonly gateway: Gateway;
  readonly defense: EngineDefense;
}

const shown = ({ host, port }: HostPort): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Tells the nodes what this gateway has in force. */
const reporterOf = (options: StartGatewayOptions, gateway: Gateway): Reporter | undefined => {
  const { gatewayId, version = '0', log, control = [], controlToken } = options;
  const send = options.controlFetch ?? fetch;
  if (control.length === 0) return undefined;
  return new Reporter({
    ...{ gatewayId, version, log, control, send },
    token: () => controlToken?.(),
    instance: randomUUID(),
    plugin: { loaded: true, version },
    pid: process.pid,
    applied: () => gateway.applied,
    state: (directory, id) => gateway.state(directory, id),
  });
};

/**
 * A gateway that not every node knows of is not waited for when changes are. One that no node hears goes on by what it has,
 * as it does when the nodes go away later.
 */
const readinessOf = (gateway: Gateway, reporter: Reporter | undefined): Readiness => {
  const own = gateway.readiness();
  if (own.status !== 'ready' || !reporter || reporter.settled) return own;
  return { status: 'starting', detail: 'not every node knows of this gateway yet' };
};

/** A picture that only wants to know that something has changed. */
const told = (changed: () => void): Picture => ({ replace: changed, apply: changed });

/** How long the start waits for the first listing; later ones are served as they come. */
const FIRST_LISTING_MS = 3_000;

/** Starts an embedded gateway on a store that the caller owns. Disposing drains it. */
export const startGateway = async (options: StartGatewayOptions): Promise<RunningGateway> => {
  const { gatewayId, http, https, store, keys, log, clock = systemClock } = options;
  const stack = new DisposeStack();
  const { metrics, realIpFrom, trustedProxies, redis } = options;
  const { upstreams = { privateRanges: 'open', reserved: [] } } = options;
  const limits = redis ? new FleetLimits({ redis, clock, log }) : undefined;
  const fleetCounters = limits?.counters;
  const defense = new EngineDefense({
    clock,
    log,
    fleetCounters,
    ...(trustedProxies ? { trustedProxies } : {}),
  });
  const gateway = new Gateway({
    gatewayId,
    defense,
    ...(http ? { http } : {}),
    ...(https ? { https } : {}),
    ...(realIpFrom ? { realIpFrom } : {}),
    parse: (key) => keys.parseApisix(key),
    sslKeyring: options.sslKeyring,
    guard: (target, addresses) => closedTo(target, addresses, upstreams)?.en,
    clock,
    log,
  });
  const reporter = reporterOf(options, gateway);
  const picture = together(() => [gateway.picture, told(() => reporter?.look())]);
  const reflector = new Reflector({ store, prefix: keys.projection, picture, clock, log });
  try {
    const measured = new GatewayMetrics({ gatewayId, gateway, defense, reflector, limits });
    const parts = { scraped: measured, readiness: () => readinessOf(gateway, reporter) };
    // From before the gateway listens until after it has drained.
    const operations = metrics ? await openOperationsListener(metrics, parts, log) : undefined;
    stack.add('operations', () => operations?.dispose());
    stack.add('fleet limits', () => limits?.dispose());
    limits?.start();
    stack.add('reflector', () => reflector.dispose());
    reflector.start();
    // A gateway that listens before it knows a route answers 404 to everybody.
    await reflector.until(() => gateway.applied !== undefined, FIRST_LISTING_MS);
    stack.add('gateway', () => gateway.dispose());
    const bound = await gateway.start();
    stack.add('reporter', () => reporter?.dispose());
    reporter?.start();
    const urls = [
      ...(bound.http ? [`http://${shown(bound.http)}`] : []),
      ...(bound.https ? [`https://${shown(bound.https)}`] : []),
    ];
    const metricsUrl = operations && `http://${shown(operations.address)}/metrics`;
    return { id: gatewayId, urls, metricsUrl, gateway, defense, dispose: () => stack.dispose() };
  } catch (error) {
    await stack.dispose();
    throw error;
  }
};
