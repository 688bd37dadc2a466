/** One connection that is kept, with one request at a time: as little work for the asking side as can be. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

export interface KeptReply {
  readonly status: number;
  readonly text: string;
}

const HEAD_END = '\r\n\r\n';

const replyIn = (bytes: Buffer): KeptReply | undefined => {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const from = end + HEAD_END.length;
  if (bytes.length < from + length) return undefined;
  return { status: Number(head.slice(9, 12)), text: bytes.toString('utf8', from, from + length) };
};

export class KeepAliveConnection {
  private readonly host: string;
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (reply: KeptReply) => void; reject: (error: Error) => void } | undefined;

  private constructor(host: string, socket: Socket) {
    this.host = host;
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the connection was closed')));
  }

  /** @param url such as `http://127.0.0.1:5001` */
  static async open(url: string): Promise<KeepAliveConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return new KeepAliveConnection(host, socket);
  }

  /** To be called when the one before has been answered. @throws when the connection breaks */
  post(path: string, body: object): Promise<KeptReply> {
    const text = JSON.stringify(body);
    const head = `POST ${path} HTTP/1.1\r\nhost: ${this.host}\r\ncontent-type: application/json\r\n`;
    const reply = new Promise<KeptReply>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    this.socket.write(`${head}content-length: ${Buffer.byteLength(text)}${HEAD_END}${text}`);
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const reply = replyIn(this.received);
    if (!reply) return;
    this.received = Buffer.alloc(0);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(reply);
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
}
