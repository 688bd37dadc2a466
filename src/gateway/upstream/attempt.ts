import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type Socket, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RequestBody } from '../request/request-body.ts';
import { type UpstreamGuard, guardedLookup } from './upstream-guard.ts';
import type { Timeouts, UpstreamNode } from './upstream.ts';

/** Kept-alive connections to upstreams; one pool per address and, with TLS, per server name. */
export class UpstreamPools {
  /** APISIX's own numbers. */
  private readonly options = { keepAlive: true, maxFreeSockets: 320, timeout: 60_000 };
  readonly http = new HttpAgent(this.options);
  /** APISIX leaves nginx's proxy_ssl_verify off: any certificate of the upstream is taken. */
  readonly https = new HttpsAgent({ ...this.options, rejectUnauthorized: false, minVersion: 'TLSv1.2' });
  /** Absent: connections go anywhere. */
  readonly guard: UpstreamGuard | undefined;

  constructor(guard?: UpstreamGuard) {
    this.guard = guard;
  }

  dispose(): void {
    this.http.destroy();
    this.https.destroy();
  }
}

export interface AttemptOptions {
  readonly pools: UpstreamPools;
  readonly scheme: 'http' | 'https';
  readonly node: UpstreamNode;
  readonly method: string;
  readonly path: string;
  /** Flat list; framing included. */
  readonly headers: readonly string[];
  readonly timeouts: Timeouts;
  readonly body: RequestBody;
  /** Idle because the client does not take what was received: not the upstream's fault. */
  readonly clientLags: () => boolean;
}

/** How one try at one node ended. */
export type Outcome =
  | { readonly kind: 'answered'; readonly request: ClientRequest; readonly response: IncomingMessage }
  | {
      readonly kind: 'upgraded';
      readonly response: IncomingMessage;
      readonly socket: Duplex;
      readonly head: Buffer;
    }
  | {
      readonly kind: 'failed';
      readonly status: 502 | 503 | 504;
      readonly detail: string;
      /** `never`: the node has seen nothing of the request. `stale`: a kept connection was closed under it. */
      readonly sent: 'never' | 'stale' | 'perhaps';
    };

type Failure = Extract<Outcome, { kind: 'failed' }>;

/** nginx's `proxy_ssl_name $upstream_host`: without port; addresses are never named. */
const serverNameOf = (headers: readonly string[]): string => {
  const host = headers[0] === 'Host' ? (headers[1] ?? '') : '';
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) === 0 ? name : '';
};

const UNRESOLVED: ReadonlySet<string | undefined> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);

/** One request to one node: from the connection to the head of the answer. */
export class Attempt {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  private readonly options: AttemptOptions;
  private readonly request: ClientRequest;
  private settle: (outcome: Outcome) => void = () => {};
  private settled = false;
  private connected = false;
  private connectTimer: NodeJS.Timeout | undefined;
  private socket: Socket | undefined;

  constructor(options: AttemptOptions) {
    this.options = options;
    this.outcome = new Promise((resolve) => {
      this.settle = (outcome) => {
        this.settled = true;
        clearTimeout(this.connectTimer);
        resolve(outcome);
      };
    });
    this.request = this.open();
    this.watch();
  }

  /** Ends whatever is under way, the answer's body included. */
  abort(): void {
    clearTimeout(this.connectTimer);
    this.request.destroy();
  }

  private open(): ClientRequest {
    const { pools, scheme, node, method, path, headers } = this.options;
    const { guard } = pools;
    const resolving = guard ? { lookup: guardedLookup(guard, node.port) } : {};
    const shared = { host: node.host, port: node.port, method, path, headers, setHost: false, ...resolving };
    if (scheme === 'http') return httpRequest({ ...shared, agent: pools.http });
    return httpsRequest({
      ...shared,
      agent: pools.https,
      servername: serverNameOf(headers),
    });
  }

  private watch(): void {
    const { request } = this;
    request.once('socket', (socket) => this.onSocket(socket));
    request.once('response', (response) => this.settle({ kind: 'answered', request, response }));
    request.once('upgrade', (response, socket, head) => {
      if (this.socket) this.release(this.socket);
      this.settle({ kind: 'upgraded', response, socket, head });
    });
    request.on('error', (error: NodeJS.ErrnoException) => this.fail(error));
    // An answer that Node drops, such as an unasked-for 101, ends without an error.
    request.once('close', () => this.fail(new Error('the connection was closed without an answer')));
  }

  private fail(error: NodeJS.ErrnoException): void {
    if (this.settled) return;
    const stale = this.request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    const sent = !this.connected ? 'never' : stale ? 'stale' : 'perhaps';
    const status = !this.connected && UNRESOLVED.has(error.code) ? 503 : 502;
    this.settle({ kind: 'failed', status, detail: error.code ?? error.message, sent });
  }

  private timeOut(detail: string): void {
    if (!this.settled) {
      const sent: Failure['sent'] = this.connected ? 'perhaps' : 'never';
      this.settle({ kind: 'failed', status: 504, detail, sent });
    }
    this.request.destroy();
  }

  private onSocket(socket: Socket): void {
    this.socket = socket;
    if (this.request.reusedSocket) {
      this.send(socket);
      return;
    }
    const ready = this.options.scheme === 'https' ? 'secureConnect' : 'connect';
    this.connectTimer = setTimeout(() => this.timeOut('connect timeout'), this.options.timeouts.connect_ms);
    socket.once(ready, () => {
      clearTimeout(this.connectTimer);
      if (!this.request.destroyed) this.send(socket);
    });
  }

  /** The connection stands; from here on the node may see the request. */
  private send(socket: Socket): void {
    this.connected = true;
    const { body, timeouts } = this.options;
    socket.on('timeout', this.onIdle);
    this.request.once('close', () => this.release(socket));
    socket.setTimeout(body.empty ? timeouts.read_ms : timeouts.send_ms);
    this.request.once('finish', () => socket.setTimeout(timeouts.read_ms));
    body.streamTo(this.request);
  }

  private release(socket: Socket): void {
    socket.off('timeout', this.onIdle);
  }

  /** Nothing moved for a while: the node's fault unless it is the client's. */
  private readonly onIdle = (): void => {
    const { body, timeouts, clientLags } = this.options;
    const { request, socket } = this;
    if (!request.writableFinished) {
      if (request.writableNeedDrain || !body.incomplete) this.timeOut('send timeout');
      else socket?.setTimeout(timeouts.send_ms);
    } else if (clientLags()) socket?.setTimeout(timeouts.read_ms);
    else this.timeOut('read timeout');
  };
}
