/** A DNS server on loopback that says what a test wants of each name. */
import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';

/** Addresses (IPv4 ones only are told), that there is no such name, that the server fails, or nothing at all. */
export type Saying = readonly string[] | 'absent' | 'failing' | 'silent';

const A = 1;
const CODES = { absent: 3, failing: 2 } as const;

/** The name a query asks for, and the end of its question. */
const questionOf = (query: Buffer): { name: string; end: number } => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
};

const answerTo = (query: Buffer, saying: Exclude<Saying, 'silent'>): Buffer => {
  const { end } = questionOf(query);
  const isA = query.readUInt16BE(end - 4) === A;
  const addresses = typeof saying === 'string' || !isA ? [] : saying.filter((each) => isIPv4(each));
  const code = typeof saying === 'string' ? CODES[saying] : 0;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([head, query.subarray(12, end), ...records]);
};

export class NameServer {
  readonly asked: string[] = [];
  private readonly socket: Socket;

  private constructor(socket: Socket, says: (name: string) => Saying) {
    this.socket = socket;
    socket.on('message', (query, { port, address }) => {
      const { name } = questionOf(query);
      this.asked.push(name);
      const saying = says(name);
      if (saying !== 'silent') socket.send(answerTo(query, saying), port, address);
    });
  }

  static async start(says: (name: string) => Saying): Promise<NameServer> {
    const socket = createSocket('udp4');
    const server = new NameServer(socket, says);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  stop(): void {
    this.socket.close();
  }
}
