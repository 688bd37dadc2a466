/** HTTP/1.1 byte by byte: sends anything at all and reads whatever comes back. */
import { type Socket, connect } from 'node:net';

/** A request as it goes onto the wire. Text is Latin-1: a character is a byte. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** Its framing is not to be trusted: the connection is given up after one answer. */
  readonly last?: boolean;
}

export interface WireAnswer {
  readonly status: number;
  /** Lower-case names; of several, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const bytesOf = ({ method, target, headers, body }: WireRequest): Buffer => {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body]);
};

/** No answer within the bound, or none at all. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

const chunked = (bytes: Buffer): { body: Buffer; end: number } | undefined => {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const start = line + 2;
    if (bytes.length < start + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks), end: start + 2 };
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
};

/** @returns the first complete answer and where it ends */
const parse = (bytes: Buffer, method: string): { answer: WireAnswer; end: number } | undefined => {
  const head = bytes.indexOf('\r\n\r\n');
  if (head === -1) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, head).split('\r\n');
  const status = Number(first.split(' ')[1]);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const start = head + 4;
  if (status === 100) return parse(bytes.subarray(start), method);
  if (method === 'HEAD' || status === 204 || status === 304) {
    return { answer: { status, headers, body: Buffer.alloc(0) }, end: start };
  }
  if (headers['content-type']?.startsWith('text/event-stream')) {
    // It never ends: what follows is of no interest, and ends the connection.
    return {
      answer: { status, headers: { ...headers, connection: 'close' }, body: Buffer.alloc(0) },
      end: bytes.length,
    };
  }
  if (headers['transfer-encoding'] === 'chunked') {
    const rest = chunked(bytes.subarray(start));
    return rest && { answer: { status, headers, body: rest.body }, end: start + rest.end };
  }
  const length = Number(headers['content-length'] ?? 0);
  if (bytes.length < start + length) return undefined;
  return { answer: { status, headers, body: bytes.subarray(start, start + length) }, end: start + length };
};

/** One connection after the other, a request at a time. */
export class WireClient {
  private readonly host: string;
  private readonly port: number;
  private readonly from: string | undefined;
  private socket: Socket | undefined;

  /** @param from a local address to connect from */
  constructor(url: string, from?: string) {
    const { hostname, port } = new URL(url);
    this.host = hostname;
    this.port = Number(port);
    this.from = from;
  }

  /** @throws NoAnswerError */
  async send(request: WireRequest, timeout_ms: number): Promise<WireAnswer> {
    const socket = this.socket ?? (await this.open());
    this.socket = undefined;
    const answer = await exchange(socket, request, timeout_ms);
    const reusable = !request.last && answer.headers['connection'] !== 'close' && !socket.destroyed;
    if (reusable) this.socket = socket;
    else socket.destroy();
    return answer;
  }

  close(): void {
    this.socket?.destroy();
  }

  private open(): Promise<Socket> {
    const options = { host: this.host, port: this.port, ...(this.from ? { localAddress: this.from } : {}) };
    return new Promise((resolve, reject) => {
      const socket = connect(options, () => resolve(socket));
      socket.setNoDelay(true);
      socket.on('error', reject);
      socket.on('close', () => {
        if (this.socket === socket) this.socket = undefined;
      });
    });
  }
}

const exchange = (socket: Socket, request: WireRequest, timeout_ms: number): Promise<WireAnswer> =>
  new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const settle = (done: () => void) => {
      clearTimeout(timer);
      socket.removeListener('data', onData);
      socket.removeListener('close', onClose);
      done();
    };
    const fail = (why: string) =>
      settle(() => {
        socket.destroy();
        reject(new NoAnswerError(`${why}, after ${JSON.stringify(bytes.toString('latin1', 0, 200))}`));
      });
    const timer = setTimeout(() => fail(`no answer within ${timeout_ms} ms`), timeout_ms);
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const parsed = parse(bytes, request.method);
      if (!parsed) return;
      settle(() => {
        // What follows an answer is the answer to what nobody meant to ask.
        if (parsed.end < bytes.length) socket.destroy();
        resolve(parsed.answer);
      });
    };
    const onClose = () => fail('closed without an answer');
    socket.on('data', onData);
    socket.on('close', onClose);
    socket.write(bytesOf(request));
  });
