import { Channel, connectivityState, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import type { AuthClient } from './generated/etcdserverpb/Auth.ts';
import type { KVClient } from './generated/etcdserverpb/KV.ts';
import type { LeaseClient } from './generated/etcdserverpb/Lease.ts';
import type { MaintenanceClient } from './generated/etcdserverpb/Maintenance.ts';
import type { WatchClient } from './generated/etcdserverpb/Watch.ts';
import type { EndpointAddress, EtcdTls } from './options.ts';
import { services } from './services.ts';

const CHANNEL: ChannelOptions = {
  'grpc.max_receive_message_length': 64 * 1024 * 1024, // one answer carried 1,000 revisions
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // etcd drops clients that ping more often than every 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // What may be sent again is decided here, not by the transport.
  'grpc.enable_retries': 0,
  // A connection of its own for each channel: 3.4 starves watches that share one with reads over TLS.
  'grpc.use_local_subchannel_pool': 1,
  // An HTTP proxy of the environment is for the web, not for the cluster's own store.
  'grpc.enable_http_proxy': 0,
};

/**
 * `unknown`: not heard from yet. `healthy`: answered last. `doubted`: a call failed, a probe will tell.
 * `ejected`: a probe failed; used only when nothing better is left, until a probe succeeds.
 */
export type Health = 'unknown' | 'healthy' | 'doubted' | 'ejected';

interface Ongoing {
  abort(reason: string): void;
}

/** One etcd member: two connections, what is under way on them, and what is known of its health. */
export class Endpoint {
  readonly url: string;
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly maintenance: MaintenanceClient;
  readonly auth: AuthClient;
  readonly watch: WatchClient;
  health: Health = 'unknown';
  private readonly unary: Channel;
  private readonly streams: Channel;
  private readonly ongoing = new Set<Ongoing>();

  constructor({ url, target, secure }: EndpointAddress, tls: EtcdTls) {
    this.url = url;
    const trust: ChannelCredentials = secure
      ? credentials.createSsl(tls.ca, tls.key, tls.cert)
      : credentials.createInsecure();
    this.unary = new Channel(target, trust, CHANNEL);
    this.streams = new Channel(target, trust, CHANNEL);
    const over = { channelOverride: this.unary };
    this.kv = new services.KV(target, trust, over);
    this.lease = new services.Lease(target, trust, over);
    this.maintenance = new services.Maintenance(target, trust, over);
    this.auth = new services.Auth(target, trust, over);
    this.watch = new services.Watch(target, trust, { channelOverride: this.streams });
  }

  /**
   * Whether a call made now gets somewhere: sent, or turned down at once with the reason why there is no
   * connection. False when the time ran out while connecting, as with a frozen member.
   */
  settled(which: 'unary' | 'streams', timeout_ms: number): Promise<boolean> {
    const channel = this[which];
    const deadline = new Date(Date.now() + timeout_ms);
    return new Promise((resolve) => {
      const look = (error?: Error) => {
        if (error) return resolve(false);
        let state: connectivityState;
        try {
          state = channel.getConnectivityState(true);
        } catch {
          return resolve(false); // closed
        }
        const settled = state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE;
        if (settled || state === connectivityState.SHUTDOWN) return resolve(settled);
        channel.watchConnectivityState(state, deadline, look);
      };
      look();
    });
  }

  /** Remembers something under way until the returned function is called. */
  track(ongoing: Ongoing): () => void {
    this.ongoing.add(ongoing);
    return () => void this.ongoing.delete(ongoing);
  }

  /** Ends everything under way here, so that it can go on elsewhere. */
  abort(reason: string): void {
    for (const each of [...this.ongoing]) each.abort(reason);
  }

  close(): void {
    this.unary.close();
    this.streams.close();
  }
}
