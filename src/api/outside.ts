/** Where Node answers by itself, without a body, or drops what it does not expect: refusals without a request. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, Refusal } from '../contract/errors.ts';
import { problemBody } from './problem.ts';

/** What the HTTP server's own parser refuses, before there is a request. */
const PARSER_CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** A request of a connection that has come completely, and its answer, until that is given. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers what is no request to this API, or no HTTP at all, then closes. */
export class OutsideRequests {
  private readonly latest = new WeakMap<Duplex, Exchange>();

  watch(server: Server): void {
    // The size of all headers is bounded; a bound on their number would drop the last ones in silence.
    server.maxHeadersCount = 0;
    server.on('request', (request, response) => this.latest.set(request.socket, { request, response }));
    const malformed = (pointer: string): Refusal =>
      new Refusal('malformed_request', { in: 'header', pointer });
    server.on('checkExpectation', ({ socket }) => this.refuse(socket, malformed('/expect')));
    server.on('connect', (_request, socket) => this.refuse(socket, malformed('')));
  }

  /** What could not even be parsed. */
  refuseUnparsed(error: Error & { code?: string }, socket: Duplex): void {
    const code = PARSER_CODES[error.code ?? ''] ?? 'malformed_request';
    this.refuse(socket, new Refusal(code, { in: 'header' }));
  }

  private refuse(socket: Duplex, refusal: Refusal): void {
    if (!socket.writable) return void socket.destroy();
    const exchange = this.latest.get(socket);
    if (exchange?.request.complete && !exchange.response.writableFinished) {
      // A refusal sent now would be taken for the answer to the request before it. That one is answered, and no more.
      exchange.response.once('close', () => socket.end());
      return;
    }
    const body = JSON.stringify(problemBody(refusal, 'zh', randomUUID()));
    const head = [
      `HTTP/1.1 ${refusal.status} Refused`,
      'Content-Type: application/problem+json; charset=utf-8',
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
}
