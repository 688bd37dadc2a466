import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Open at once unless a setting says otherwise. */
export const CONNECTIONS_MAX = 10_000;

/** A TLS connection is two sockets in Node, the raw one and the one that speaks HTTP; both have the same ends. */
const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

interface Connection {
  readonly socket: Socket;
  request?: IncomingMessage;
}

/**
 * Bounds the open connections of a server. At the bound the oldest one that holds no complete request makes room: one
 * that is idle, or that sends its request slowly. So those who only hold connections lose them first, and those whose
 * requests are being answered keep theirs. When every connection is being answered, the new one is turned away.
 */
export class Connections {
  private readonly most: number;
  private readonly open = new Map<string, Connection>();
  private evictions = 0;
  private refusals = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** How many there are, how many made room for others, and how many were turned away. */
  get counts(): { readonly open: number; readonly evicted: number; readonly refused: number } {
    return { open: this.open.size, evicted: this.evictions, refused: this.refusals };
  }

  watch(server: Server): void {
    // Before Node's own listener, so that a connection over the bound costs no parser.
    server.prependListener('connection', (socket: Socket) => this.admit(socket));
    server.on('request', (request, response) => {
      const connection = this.open.get(endOf(request.socket));
      if (!connection) return;
      connection.request = request;
      response.on('close', () => {
        if (connection.request === request) delete connection.request;
      });
    });
  }

  private admit(socket: Socket): void {
    if (this.open.size >= this.most && !this.makeRoom()) {
      this.refusals += 1;
      socket.destroy();
      return;
    }
    const end = endOf(socket);
    const connection = { socket };
    this.open.set(end, connection);
    socket.once('close', () => {
      if (this.open.get(end) === connection) this.open.delete(end);
    });
  }

  private makeRoom(): boolean {
    for (const [end, { socket, request }] of this.open) {
      if (request?.complete) continue;
      this.open.delete(end);
      this.evictions += 1;
      socket.destroy();
      return true;
    }
    return false;
  }
}
