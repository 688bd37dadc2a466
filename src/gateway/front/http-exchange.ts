import type { IncomingMessage, ServerResponse } from 'node:http';
import { SERVER_NAME } from '../request/header-lists.ts';
import { RequestBody } from '../request/request-body.ts';
import type { RequestFacts } from '../request/request-facts.ts';
import type { Route } from '../picture/route.ts';

/** How long the rest of a body that nobody wants is still read, so that the answer gets through. */
const LINGER_MS = 5_000;

export type HeaderPairs = readonly (readonly [string, string])[];

export interface HttpExchangeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly scheme: 'http' | 'https';
  /** The client sent `Expect: 100-continue`. */
  readonly expectsContinue: boolean;
  /** Whether the connection is to end with this answer. */
  readonly closing: () => boolean;
}

/** One request of a client and its answer, from the head to the last byte. */
export class HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: RequestBody;
  readonly scheme: 'http' | 'https';
  /** Filled in as they become known, for the access log. */
  facts: RequestFacts | undefined;
  route: Route | undefined;
  upstream: string | undefined;
  explanation: object | undefined;
  /** The client left, or the gateway gave it up, before the answer was complete. */
  gone = false;
  /** The connection carries a WebSocket now. */
  switched = false;
  /** The connection is to end with this answer. */
  closes = false;
  /** What to end when the client is gone. */
  onGone: (() => void) | undefined;
  /** Sent with whatever answer there is. */
  responseExtra: HeaderPairs = [];
  private invitationOpen: boolean;
  private lingering: NodeJS.Timeout | undefined;

  private readonly closing: () => boolean;

  constructor(options: HttpExchangeOptions) {
    const { request, response, scheme, expectsContinue, closing } = options;
    this.request = request;
    this.response = response;
    this.scheme = scheme;
    this.invitationOpen = expectsContinue;
    this.closing = closing;
    this.body = new RequestBody(request, () => {
      if (this.invitationOpen) response.writeContinue();
      this.invitationOpen = false;
    });
    response.on('timeout', () => this.onIdle());
    response.once('finish', () => this.linger());
    response.once('close', () => this.onClose());
  }

  /** Sends a head; the caller sends the body. @param headers flat list */
  begin(status: number, reason: string | undefined, headers: readonly string[]): void {
    const list = [...headers];
    // A client that still waits for leave to send its body will not send it, and the next request is no body.
    if (this.invitationOpen || this.closes || this.closing()) list.push('Connection', 'close');
    // Node wants text here, and what came off the wire is only known to be bytes.
    if (reason !== undefined && /^[\x20-\x7e]*$/.test(reason)) this.response.writeHead(status, reason, list);
    else this.response.writeHead(status, list);
  }

  /** A whole answer of the gateway's own. */
  answer(status: number, headers: HeaderPairs, body: string | Uint8Array): void {
    if (this.response.headersSent || this.gone) {
      this.response.destroy();
      return;
    }
    const length = ['Content-Length', String(Buffer.byteLength(body))];
    this.begin(status, undefined, [...headers.flat(), 'Server', SERVER_NAME, ...length]);
    this.response.end(body);
  }

  /** APISIX's form of an error of its own. */
  refuse(status: number, message: string): void {
    const body = `${JSON.stringify({ error_msg: message })}\n`;
    this.answer(status, [...this.responseExtra, ['Content-Type', 'application/json']], body);
  }

  /** Answered or left already: nothing is to be sent upstream or down any more. */
  get over(): boolean {
    return this.gone || this.response.headersSent;
  }

  /** The client does not take what it is sent. */
  get lags(): boolean {
    return this.response.writableNeedDrain;
  }

  /** Ends both sides at once; the client sees a broken answer, not a short one. */
  abandon(): void {
    this.response.destroy();
    this.request.destroy();
  }

  private onIdle(): void {
    if (this.lags) this.abandon();
    else if (this.body.incomplete && !this.invitationOpen) {
      if (this.response.headersSent) this.abandon();
      else this.refuse(408, '408 Request Time-out');
    }
  }

  private linger(): void {
    if (!this.body.incomplete) return;
    this.onGone?.();
    this.request.unpipe();
    this.request.resume();
    this.lingering = setTimeout(() => this.request.destroy(), LINGER_MS);
    this.request.once('close', () => clearTimeout(this.lingering));
  }

  private onClose(): void {
    this.gone = !this.response.writableFinished;
    if (this.gone) this.onGone?.();
  }
}
