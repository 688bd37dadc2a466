import { systemClock } from '../../shared/clock.ts';
import type { Clock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { parseUrl } from '../../shared/url.ts';
import type { Log } from '../../shared/log.ts';

export interface EtcdTls {
  /** PEM; absent: the system's trusted roots. */
  readonly ca?: Buffer;
  /** PEM client certificate chain and its key; both or neither. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface EtcdDeadlines {
  /** Until a member counts as out of reach for this attempt. */
  readonly connect_ms: number;
  /** One attempt of something that may be repeated elsewhere, while there is an elsewhere. */
  readonly attempt_ms: number;
  /** One attempt at a transaction, while there is an elsewhere; after that its outcome is unknown. */
  readonly commit_ms: number;
  /** A whole call with all its attempts. */
  readonly call_ms: number;
  /** Between two looks at each member's health, and the most that one look may take. */
  readonly probe_ms: number;
  /** Between two requests for a sign of life on a quiet watch. */
  readonly progress_ms: number;
  /** A watch without any message for this long is dead. */
  readonly silence_ms: number;
}

export const DEADLINES: EtcdDeadlines = {
  connect_ms: 1_000,
  attempt_ms: 1_500,
  commit_ms: 3_000,
  call_ms: 5_000,
  probe_ms: 1_000,
  progress_ms: 1_000,
  silence_ms: 3_000,
};

export interface EtcdStoreOptions {
  /** `http://host:port` or `https://host:port`, one per member. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTls;
  readonly auth?: { readonly user: string; readonly password: string };
  readonly clock?: Clock;
  readonly log?: Log;
  /** In [0, 1); spreads the nodes of a fleet over the members. */
  readonly random?: () => number;
  readonly deadlines?: Partial<EtcdDeadlines>;
}

export interface EndpointAddress {
  /** As shown to people: scheme, host and port only. */
  readonly url: string;
  /** As gRPC dials it. */
  readonly target: string;
  readonly secure: boolean;
}

export interface EtcdSettings {
  readonly addresses: readonly EndpointAddress[];
  readonly tls: EtcdTls;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly deadlines: EtcdDeadlines;
}

const address = (endpoint: string): EndpointAddress => {
  const url = parseUrl(endpoint);
  const secure = url?.protocol === 'https:';
  if (!url || !(secure || url.protocol === 'http:') || url.hostname === '') {
    throw new TypeError('an etcd endpoint must look like http://host:2379 or https://host:2379');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(
      `put the credentials of etcd endpoint ${url.host} into the user and password options`,
    );
  }
  const port = url.port === '' ? (secure ? '443' : '80') : url.port;
  const target = `${url.hostname}:${port}`;
  return { url: `${url.protocol}//${target}`, target, secure };
};

/** @throws TypeError when the options can't work */
export const settle = (options: EtcdStoreOptions): EtcdSettings => {
  const { endpoints, tls = {}, auth, deadlines } = options;
  if (endpoints.length === 0) throw new TypeError('etcd needs at least one endpoint');
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError('an etcd client certificate needs its key, and the key its certificate');
  }
  return {
    addresses: endpoints.map(address),
    tls,
    auth,
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLog,
    random: options.random ?? Math.random,
    deadlines: { ...DEADLINES, ...deadlines },
  };
};
