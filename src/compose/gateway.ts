import { type UpstreamRules, closedTo } from '../domain/upstream-rules.ts';
import { EngineDefense } from '../gateway/engine-defense.ts';
import { FleetLimits } from '../gateway/fleet-limits.ts';
import { Gateway } from '../gateway/gateway.ts';
import { GatewayMetrics } from '../gateway/gateway-metrics.ts';
import { openMetricsListener } from '../gateway/metrics-listener.ts';
import { Reflector } from '../reflector/reflector.ts';
import { type Disposable, DisposeStack, pause } from '../shared/async.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import type { ControlFetch } from '../shared/control-fetch.ts';
import type { Log } from '../shared/log.ts';
import type { RedisAddress } from '../shared/redis.ts';
import type { SslKeyring } from '../shared/ssl-keyring.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore } from '../store/port.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface StartGatewayOptions {
  readonly gatewayId: string;
  /** Port 0 takes a free one. */
  readonly http?: Address | undefined;
  readonly https?: Address | undefined;
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly log: Log;
  readonly clock?: Clock;
  /** Defense API nodes that should be in reach. */
  readonly control?: readonly string[] | undefined;
  /** How to speak to them. Default: the global `fetch`. */
  readonly controlFetch?: ControlFetch;
  /** Where to serve Prometheus metrics; nowhere when absent. */
  readonly metrics?: Address | undefined;
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

const shown = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** How long the start waits for the first listing; later ones are served as they come. */
const FIRST_LISTING_MS = 3_000;

/** Starts an embedded gateway on a store that the caller owns. Disposing drains it. */
export const startGateway = async (options: StartGatewayOptions): Promise<RunningGateway> => {
  const { gatewayId, http, https, store, keys, log, control = [], clock = systemClock } = options;
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
  const reflector = new Reflector({ store, prefix: keys.projection, picture: gateway.picture, clock, log });
  try {
    stack.add('fleet limits', () => limits?.dispose());
    limits?.start();
    stack.add('reflector', () => reflector.dispose());
    reflector.start();
    // A gateway that listens before it knows a route answers 404 to everybody.
    await reflector.until(() => gateway.applied !== undefined, FIRST_LISTING_MS);
    stack.add('gateway', () => gateway.dispose());
    const bound = await gateway.start();
    const measured = new GatewayMetrics({ gatewayId, gateway, defense, reflector, limits });
    const scraped = metrics ? await openMetricsListener(metrics, measured) : undefined;
    stack.add('metrics', () => scraped?.dispose());
    const look = new AbortController();
    const nodes = { urls: control, send: options.controlFetch ?? fetch };
    const looking = control.length > 0 ? lookForControl(nodes, gatewayId, look.signal, log) : undefined;
    stack.add('control', async () => {
      look.abort();
      await looking;
    });
    const urls = [
      ...(bound.http ? [`http://${shown(bound.http)}`] : []),
      ...(bound.https ? [`https://${shown(bound.https)}`] : []),
    ];
    const metricsUrl = scraped && `http://${shown(scraped.address)}/metrics`;
    return { id: gatewayId, urls, metricsUrl, gateway, defense, dispose: () => stack.dispose() };
  } catch (error) {
    await stack.dispose();
    throw error;
  }
};

const LOOK_MS = 10_000;
const LOOK_TIMEOUT_MS = 2_000;

/** Says in the log when no control-plane node answers, and when one does again. */
const lookForControl = async (
  { urls: control, send }: { urls: readonly string[]; send: ControlFetch },
  gateway: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> => {
  let reached: boolean | undefined;
  while (!signal.aborted) {
    const answers = await Promise.all(control.map((url) => isAlive(url, send, signal)));
    const now = answers.includes(true);
    if (!signal.aborted && now !== reached) {
      if (now) log.info({ gateway }, 'a control-plane node answers');
      else log.warn({ gateway, control }, 'no control-plane node answers; the gateway serves what it has');
      reached = now;
    }
    await pause(LOOK_MS, signal);
  }
};

const isAlive = async (url: string, send: ControlFetch, signal: AbortSignal): Promise<boolean> => {
  try {
    const timeout = AbortSignal.timeout(LOOK_TIMEOUT_MS);
    const response = await send(`${url}/livez`, { signal: AbortSignal.any([signal, timeout]) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
};
