import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { UpstreamPools } from '../upstream/attempt.ts';
import type { TrustedPeers } from '../request/client-address.ts';
import type { Defense, Verdict } from '../defense/defense.ts';
import { HttpExchange, type HeaderPairs } from './http-exchange.ts';
import { forward } from './forward.ts';
import type { GatewayPicture } from '../picture/gateway-picture.ts';
import { type RequestFacts, type Unfit, readFacts } from '../request/request-facts.ts';
import type { Forwarding, Route } from '../picture/route.ts';
import { joinTunnel } from './tunnel.ts';
import type { UpstreamGuard } from '../upstream/upstream-guard.ts';

export interface FrontOptions {
  readonly gatewayId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly defense: Defense | undefined;
  readonly trusted: TrustedPeers;
  readonly picture: GatewayPicture;
  readonly guard?: UpstreamGuard | undefined;
}

type Scheme = 'http' | 'https';
/** Joins the client to an upstream that agreed to an upgrade. */
type Join = (agreed: NonNullable<Awaited<ReturnType<typeof forward>>>, idle_ms: number) => void;

const STATUS_TEXT = {
  400: 'Bad Request',
  405: 'Not Allowed',
  501: 'Not Implemented',
  505: 'HTTP Version Not Supported',
};

const PASS: Verdict = { action: 'pass' };

/** The request path: facts, route, defense, upstream, answer, access log. */
export class Front {
  private readonly options: FrontOptions;
  private readonly pools: UpstreamPools;
  private readonly tunnels = new Set<Socket>();
  /** Connections that brought an unfit request: what was pipelined behind it is not read as a request any more. */
  private readonly distrusted = new WeakSet<Socket>();
  private running = 0;
  private draining = false;

  constructor(options: FrontOptions) {
    this.options = options;
    this.pools = new UpstreamPools(options.guard);
  }

  get inFlight(): number {
    return this.running;
  }

  /** From now on each answer closes its connection. Tunnels have no end to wait for, so they are cut. */
  drain(): void {
    this.draining = true;
    for (const socket of this.tunnels) socket.destroy();
  }

  dispose(): void {
    this.pools.dispose();
  }

  serve(request: IncomingMessage, response: ServerResponse, scheme: Scheme, expectsContinue: boolean): void {
    if (this.distrusted.has(request.socket)) {
      response.destroy();
      return;
    }
    const closing = () => this.draining;
    const exchange = new HttpExchange({ request, response, scheme, expectsContinue, closing });
    this.follow(exchange);
    void this.run(exchange);
  }

  /** Whether a WebSocket handshake leaves HTTP: only where its route says so. */
  allowsWebSocket(request: IncomingMessage, scheme: Scheme): boolean {
    const facts = readFacts(request, scheme, this.options.trusted);
    return 'target' in facts && (this.match(facts)?.websocket ?? false);
  }

  /** A WebSocket handshake; the socket is out of the server's hands. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, scheme: Scheme): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    socket.on('error', () => socket.destroy());
    response.once('finish', () => socket.end());
    this.tunnels.add(socket);
    socket.once('close', () => this.tunnels.delete(socket));
    const exchange = new HttpExchange({
      request,
      response,
      scheme,
      expectsContinue: false,
      closing: () => true,
    });
    this.follow(exchange);
    void this.run(exchange, (agreed, idle_ms) => {
      exchange.switched = true;
      const extra = exchange.responseExtra;
      const { response: answer, socket: upstream, head: upstreamHead } = agreed;
      joinTunnel({ client: socket, clientHead: head, upstream, upstreamHead, answer, extra, idle_ms });
    });
  }

  private match(facts: RequestFacts): Route | undefined {
    return this.options.picture.router.match(facts.host.name, facts.target.uri, facts.method);
  }

  /** Never rejects. */
  private async run(exchange: HttpExchange, join?: Join): Promise<void> {
    try {
      const facts = readFacts(exchange.request, exchange.scheme, this.options.trusted);
      if ('target' in facts) await this.route(exchange, facts, join);
      else this.refuseUnfit(exchange, facts);
    } catch (error) {
      this.options.log.error({ err: error }, 'request failed');
      exchange.refuse(500, '500 Internal Server Error');
    }
  }

  private refuseUnfit(exchange: HttpExchange, { status, reason }: Unfit): void {
    exchange.explanation = { unfit: reason };
    exchange.closes = true;
    this.distrusted.add(exchange.request.socket);
    exchange.refuse(status, `${status} ${STATUS_TEXT[status]}`);
  }

  private async route(exchange: HttpExchange, facts: RequestFacts, join: Join | undefined): Promise<void> {
    exchange.facts = facts;
    const { stamp, refusal } = this.options.picture;
    if (!stamp) return exchange.refuse(503, '503 Configuration Not Loaded');
    if (refusal !== undefined) return this.refuseRoute(exchange, refusal);
    const route = this.match(facts);
    if (!route) return exchange.refuse(404, '404 Route Not Found');
    exchange.route = route;
    const { forwarding } = route;
    if (typeof forwarding === 'string') return this.refuseRoute(exchange, forwarding);
    const extra = await this.defend(exchange, facts, forwarding);
    if (!extra || exchange.over) return;
    const { clock } = this.options;
    // A route may lose its WebSocket between the handshake's arrival and here.
    const webSocket = join !== undefined && route.websocket;
    const agreed = await forward({ exchange, facts, forwarding, pools: this.pools, clock, extra, webSocket });
    if (agreed && join) join(agreed, forwarding.upstream.timeouts.read_ms);
  }

  /** The reason is for the access log only. */
  private refuseRoute(exchange: HttpExchange, reason: string): void {
    exchange.explanation = { refused: reason };
    exchange.refuse(503, '503 Service Unavailable');
  }

  /** @returns headers for the upstream; `undefined` when the defense has answered */
  private async defend(
    exchange: HttpExchange,
    facts: RequestFacts,
    { defense: named }: Forwarding,
  ): Promise<HeaderPairs | undefined> {
    if (!named || !this.options.defense) return [];
    const verdict = await this.decide(exchange, facts, named);
    exchange.explanation = verdict.explanation;
    if (verdict.action === 'respond') {
      exchange.answer(verdict.status, verdict.headers, verdict.body);
      return undefined;
    }
    exchange.responseExtra = verdict.responseHeaders ?? [];
    return verdict.upstreamHeaders ?? [];
  }

  private async decide(
    exchange: HttpExchange,
    facts: RequestFacts,
    named: { readonly tenant: string; readonly route: string },
  ): Promise<Verdict> {
    const { defense, clock, log, picture } = this.options;
    const { request, body } = exchange;
    const headers: (readonly [string, string])[] = [];
    const raw = request.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) headers.push([raw[i] ?? '', raw[i + 1] ?? '']);
    try {
      const verdict = defense?.decide({
        ...named,
        method: facts.method,
        scheme: facts.scheme,
        httpVersion: request.httpVersion,
        target: facts.target.raw,
        uri: facts.target.uri,
        host: facts.host.name,
        headers,
        remoteAddress: facts.remoteAddress,
        peerAddress: facts.peerAddress,
        at_ms: clock.now(),
        objects: picture.defenseObjects,
        body: (max_bytes) => body.peek(max_bytes),
      });
      return (await verdict) ?? PASS;
    } catch (error) {
      if (!exchange.over) log.error({ err: error, ...named }, 'defense failed; the request passes');
      return PASS;
    }
  }

  /** Counts the exchange and writes the access log when it is over. */
  private follow(exchange: HttpExchange): void {
    const { clock, log, gatewayId } = this.options;
    const began = clock.monotonic();
    this.running += 1;
    exchange.response.once('close', () => {
      this.running -= 1;
      const { facts, route, upstream, explanation, request, response } = exchange;
      const entry = {
        gateway_id: gatewayId,
        remote_address: facts?.remoteAddress,
        method: request.method,
        host: facts?.host.name,
        target: request.url,
        status: exchange.switched ? 101 : response.headersSent ? response.statusCode : 499,
        complete: !exchange.gone,
        duration_ms: Math.round((clock.monotonic() - began) * 1000) / 1000,
        route: route?.id,
        upstream,
        request_id: request.headers['x-request-id'],
        ...(explanation ? { explanation } : {}),
      };
      log.info(entry, 'request');
    });
  }
}
