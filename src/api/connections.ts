import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Open at once unless a setting says otherwise. */
export const CONNECTIONS_MAX = 10_000;

/** A TLS connection is two sockets in Node, the raw one and the one that speaks HTTP; both have the same ends. */
const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** How often it is looked at whether answers are taken. */
const LOOK_MS = 1_000;
/** Who takes less of an answer between two looks takes nothing. */
const TAKEN_BYTES_MIN = 4_096;
/** After so many looks in a row at which nothing was taken, a connection is only held. */
const HELD_LOOKS = 3;

/** What a socket says of the bytes that the kernel has not taken yet, also while one large write goes on. */
interface Outflow {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}

/** Of the raw socket, beneath TLS. Node shows what is queued there on its handle only. */
const outflowOf = (socket: Socket): Outflow | undefined =>
  (socket as { _handle?: Outflow | null })._handle ?? undefined;

interface Connection {
  readonly socket: Socket;
  request?: IncomingMessage;
  /** How much of its answers the client has taken, and how many looks ago it last took some of what was there for it. */
  taken_bytes: number;
  stillLooks: number;
}

const isHeld = ({ request, stillLooks }: Connection): boolean =>
  !request?.complete || stillLooks >= HELD_LOOKS;

/**
 * Bounds the open connections of a server. At the bound the oldest one that is merely held makes room: one that is idle,
 * that sends its request slowly, or does not take the answer that is there for it. So those who only hold connections
 * lose them first, and those whose requests are being answered keep theirs. When every connection is being answered,
 * the new one is turned away.
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
    const looking = setInterval(() => this.look(), LOOK_MS).unref();
    server.once('close', () => clearInterval(looking));
  }

  /** Only what waits to be taken counts: an answer that is not there yet keeps its connection. */
  private look(): void {
    for (const connection of this.open.values()) {
      const { bytesWritten = 0, writeQueueSize = 0 } = outflowOf(connection.socket) ?? {};
      const taken_bytes = bytesWritten - writeQueueSize;
      const moved = writeQueueSize === 0 || taken_bytes - connection.taken_bytes >= TAKEN_BYTES_MIN;
      connection.stillLooks = moved ? 0 : connection.stillLooks + 1;
      connection.taken_bytes = taken_bytes;
    }
  }

  private admit(socket: Socket): void {
    if (this.open.size >= this.most && !this.makeRoom()) {
      this.refusals += 1;
      socket.destroy();
      return;
    }
    const end = endOf(socket);
    const connection: Connection = { socket, taken_bytes: 0, stillLooks: 0 };
    this.open.set(end, connection);
    socket.once('close', () => {
      if (this.open.get(end) === connection) this.open.delete(end);
    });
  }

  private makeRoom(): boolean {
    for (const [end, connection] of this.open) {
      if (!isHeld(connection)) continue;
      this.open.delete(end);
      this.evictions += 1;
      connection.socket.destroy();
      return true;
    }
    return false;
  }
}
