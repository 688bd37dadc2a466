/**
 * The embedded gateway: a small stand-in for Apache APISIX that reads the same objects under the same keys with
 * the same meaning, and where it can't, refuses. docs/gateway.md lists what it serves and where it is stricter.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Picture } from '../reflector/reflector.ts';
import type { Clock } from '../shared/clock.ts';
import type { HostPort } from '../shared/host-port.ts';
import type { Log } from '../shared/log.ts';
import type { Stamp } from '../shared/revision.ts';
import type { SslKeyring } from '../shared/ssl-keyring.ts';
import { TrustedPeers } from './request/client-address.ts';
import type { Defense } from './defense/defense.ts';
import { Front } from './front/front.ts';
import { GatewayPicture, type ObjectState } from './picture/gateway-picture.ts';
import { type Listener, openListener } from './front/listener.ts';
import type { Readiness } from './operations-listener.ts';
import type { ParseKey } from './stored/parse-key.ts';
import type { Rejection } from './picture/shelf.ts';
import type { UpstreamGuard } from './upstream/upstream-guard.ts';
import { webSocketRequest } from './front/websocket-request.ts';

export interface GatewayOptions {
  readonly gatewayId: string;
  /** Port 0 takes a free one. */
  readonly http?: HostPort | undefined;
  readonly https?: HostPort | undefined;
  readonly parse: ParseKey;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: routes with the `cdn_defense` plugin are served without it. */
  readonly defense?: Defense | undefined;
  /** Peers (addresses, CIDRs) whose X-Real-IP is believed. APISIX's default: 127.0.0.1. */
  readonly realIpFrom?: readonly string[];
  /** Asked before each connection to an upstream. Absent: they go anywhere. */
  readonly guard?: UpstreamGuard | undefined;
  /** What private keys may be encrypted with: APISIX's keyring. */
  readonly sslKeyring?: SslKeyring | undefined;
  /** How long `dispose` waits for requests in flight. Default 10,000. */
  readonly drain_ms?: number;
}

export interface GatewayStatus {
  readonly gateway_id: string;
  /** What the last step applied belongs to; `undefined` before the first listing. */
  readonly cluster_id: string | undefined;
  readonly revision: number | undefined;
  readonly draining: boolean;
  readonly requests_in_flight: number;
  /** Objects in force by directory (`routes`, `ssls`, `cdn_defense/…`). */
  readonly counts: Readonly<Record<string, number>>;
  /** What is not served as written, and what is served in its place. */
  readonly rejected: readonly (Rejection & { readonly directory: string })[];
  /** Keys of the prefix that APISIX may act on and this gateway does not read: how many in each directory, and some of them. */
  readonly unread: { readonly counts: Readonly<Record<string, number>>; readonly keys: readonly string[] };
  /** Why every request is answered with 503; `undefined` when routes are served. */
  readonly refusal: string | undefined;
  /** The write in force, by directory and id. */
  readonly loaded: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Where the gateway really listens. */
export interface GatewayAddresses {
  readonly http?: HostPort | undefined;
  readonly https?: HostPort | undefined;
}

const DRAIN_MS = 10_000;
const UNREAD_SHOWN = 20;

export class Gateway {
  private readonly options: GatewayOptions;
  private readonly config: GatewayPicture;
  private readonly front: Front;
  private listeners: { readonly scheme: 'http' | 'https'; readonly listener: Listener }[] = [];
  private stopping: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.options = options;
    this.config = new GatewayPicture(options.parse, options.log, options.defense, options.sslKeyring);
    const { gatewayId, clock, log, defense, guard } = options;
    const trusted = new TrustedPeers(options.realIpFrom ?? ['127.0.0.1']);
    this.front = new Front({ gatewayId, clock, log, defense, trusted, guard, picture: this.config });
  }

  /** To be fed by a reflector on APISIX's prefix. */
  get picture(): Picture {
    return this.config;
  }

  /** The last step applied; `undefined` before the first listing. */
  get applied(): Stamp | undefined {
    return this.config.stamp;
  }

  /** Listens. @throws when an address can't be had; nothing is left open then */
  async start(): Promise<GatewayAddresses> {
    try {
      for (const scheme of ['http', 'https'] as const) {
        const address = this.options[scheme];
        if (address) this.listeners.push({ scheme, listener: await this.open(scheme, address) });
      }
    } catch (error) {
      await Promise.all(this.listeners.map(({ listener }) => listener.close(0)));
      throw error;
    }
    return Object.fromEntries(this.listeners.map(({ scheme, listener }) => [scheme, listener.address]));
  }

  /** Stops accepting, lets requests in flight end for `drain_ms`, then cuts what is left. */
  dispose(): Promise<void> {
    this.stopping ??= this.stop();
    return this.stopping;
  }

  /** What is in force at one place; cheap, for receipts. */
  state(directory: string, id: string): ObjectState {
    return this.config.state(directory, id);
  }

  /** Whether requests would be served by what the store has. */
  readiness(): Readiness {
    if (this.stopping) return { status: 'stopping' };
    if (!this.applied) return { status: 'starting', detail: 'nothing has been read from the store yet' };
    if (this.listeners.length === 0) return { status: 'starting', detail: 'it does not listen yet' };
    const { refusal } = this.config;
    return refusal === undefined ? { status: 'ready' } : { status: 'refusing', detail: refusal };
  }

  status(): GatewayStatus {
    const loaded: Record<string, Record<string, number>> = {};
    for (const { directory, id, modRevision } of this.config.loaded()) {
      loaded[directory] ??= {};
      loaded[directory][id] = modRevision;
    }
    return {
      gateway_id: this.options.gatewayId,
      cluster_id: this.applied?.clusterId,
      revision: this.applied?.revision,
      draining: this.stopping !== undefined,
      requests_in_flight: this.front.inFlight,
      counts: this.config.counts(),
      rejected: [...this.config.rejections()],
      unread: { counts: this.config.unread.counts, keys: this.config.unread.keys.slice(0, UNREAD_SHOWN) },
      refusal: this.config.refusal,
      loaded,
    };
  }

  private async open(scheme: 'http' | 'https', address: HostPort): Promise<Listener> {
    const attach = (server: Server): void => {
      const serve = this.front.serve.bind(this.front);
      server.on('request', (request, response) => serve(request, response, scheme, false));
      server.on('checkContinue', (request, response) => serve(request, response, scheme, true));
      // Expectations other than 100-continue are nobody's business here, as in nginx.
      server.on('checkExpectation', (request, response) => serve(request, response, scheme, false));
      server.on('upgrade', (request: IncomingMessage, socket, head) =>
        this.front.upgrade(request, socket as Socket, head, scheme),
      );
      server.on('connect', (_request, socket) => {
        socket.on('error', () => socket.destroy());
        socket.end('HTTP/1.1 405 Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      });
    };
    const IncomingMessage = webSocketRequest((request) => this.front.allowsWebSocket(request, scheme));
    const find = (serverName: string) => this.config.certificates.find(serverName)?.context();
    return openListener({ scheme, address, IncomingMessage, find, attach, log: this.options.log });
  }

  private async stop(): Promise<void> {
    this.front.drain();
    const drain_ms = this.options.drain_ms ?? DRAIN_MS;
    await Promise.all(this.listeners.map(({ listener }) => listener.close(drain_ms)));
    this.front.dispose();
  }
}
