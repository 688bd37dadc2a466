import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const tokens = (header: string | undefined): string[] =>
  (header ?? '').split(',').map((token) => token.trim().toLowerCase());

/** A handshake as RFC 6455 wants it; `h2c` and anything else is no reason to leave HTTP. */
const isHandshake = (request: IncomingMessage): boolean =>
  request.method === 'GET' &&
  request.httpVersion === '1.1' &&
  tokens(request.headers.connection).includes('upgrade') &&
  request.headers.upgrade?.toLowerCase() === 'websocket' &&
  request.headers['sec-websocket-key'] !== undefined &&
  request.headers['content-length'] === undefined &&
  request.headers['transfer-encoding'] === undefined;

/**
 * Node takes every request with an Upgrade header out of HTTP once a server listens to `upgrade`, body and all
 * (Java's client sends `Upgrade: h2c` on each POST). Node asks `request.upgrade` for it, so this class answers:
 * only WebSocket handshakes that `allowed` agrees to leave HTTP, the rest are requests like any other.
 */
export const webSocketRequest = (allowed: (request: IncomingMessage) => boolean): typeof IncomingMessage =>
  class extends IncomingMessage {
    declare private asked: boolean | null;

    constructor(socket: Socket) {
      super(socket);
    }

    get upgrade(): boolean | null {
      return this.asked && isHandshake(this) && allowed(this);
    }

    set upgrade(asked: boolean | null) {
      this.asked = asked;
    }
  };
