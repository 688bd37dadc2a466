import { createClient } from '@redis/client';
import type { HostPort } from './host-port.ts';
import { jittered } from './async.ts';

/** Where a Redis is, and as whom to speak to it. Only `shownRedis` of it may be logged. */
export interface RedisAddress extends HostPort {
  readonly database: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Absent: no TLS. Without a CA of its own the system's are trusted. */
  readonly tls?: { readonly ca?: Buffer | undefined } | undefined;
}

/** An address for logs, without credentials. */
export const shownRedis = ({ host, port, database, tls }: RedisAddress): string =>
  `${tls ? 'rediss' : 'redis'}://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;

const CONNECT_TIMEOUT_MS = 2_000;
/** A connection that is silent for this long is given up. The pings keep a quiet one from being that. */
const SILENCE_MS = 2_000;
const PING_MS = 500;
const RETRY_BASE_MS = 50;
const RETRY_MAX_MS = 1_000;

/** What happens to a connection; both may come again and again. */
export interface RedisListener {
  readonly onReady: () => void;
  /** It was lost, or an attempt to make it failed; the next one is on its way. */
  readonly onError: (error: Error) => void;
}

const clientOf = (address: RedisAddress, random: () => number) => {
  const { host, port, database, username, password, tls } = address;
  const common = {
    host,
    port,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    // Its own strategy gives up for good after a silence.
    reconnectStrategy: (attempt: number) => jittered(attempt, RETRY_BASE_MS, RETRY_MAX_MS, random),
  };
  return createClient({
    socket: tls ? { ...common, tls: true as const, ...(tls.ca ? { ca: tls.ca } : {}) } : common,
    database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    RESP: 2,
    pingInterval: PING_MS,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
};

/**
 * One connection to Redis that makes itself anew for as long as it takes. While there is none, commands are refused
 * at once and none is kept for later; of those under way when it breaks nobody knows whether Redis carried them out.
 */
export class RedisConnection {
  readonly client: ReturnType<typeof clientOf>;

  constructor(address: RedisAddress, listener: RedisListener, random: () => number = Math.random) {
    this.client = clientOf(address, random);
    this.client.on('ready', listener.onReady);
    this.client.on('error', listener.onError);
  }

  open(): void {
    // Its promise ends with the first connection, or with `close`; failures come to the listener.
    this.client.connect().catch(() => {});
  }

  get ready(): boolean {
    return this.client.isReady;
  }

  /** Cuts the connection; commands under way are refused. */
  close(): void {
    this.client.destroy();
  }
}
