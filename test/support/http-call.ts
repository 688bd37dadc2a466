import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; an empty object when it is none. */
  readonly body: ReplyBody;
}

/** What tests read of answers. Whether an answer really has a field is what they assert. */
export interface ReplyBody {
  readonly [field: string]: unknown;
  readonly code: string;
  readonly detail: string;
  readonly message: string;
  readonly request_id: string;
  readonly revision: number;
  readonly version: number;
  readonly total: number;
  readonly next: string;
  readonly entries: readonly { readonly version: number; readonly record: Record<string, unknown> }[];
  readonly routes: readonly { readonly id: string }[];
  readonly paths: Readonly<Record<string, Record<string, OpenApiOperation>>>;
}

export interface OpenApiOperation {
  readonly summary: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

export interface CallOptions {
  readonly tenant?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** The address to come from: any of 127.0.0.0/8. */
  readonly from?: string;
  /** An object is sent as JSON; text and bytes as they are, with the content type of JSON unless named. */
  readonly body?: unknown;
}

const parsed = (text: string): ReplyBody => {
  try {
    return JSON.parse(text) as ReplyBody;
  } catch {
    return {} as ReplyBody;
  }
};

/** One request with nothing added that was not asked for (`fetch` adds an `Accept-Language`). */
export const httpCall = (
  base: string,
  method: string,
  path: string,
  { tenant, headers = {}, from, body }: CallOptions = {},
): Promise<Reply> => {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  // Never a string: Node would send it together with the headers, and those in UTF-8 then.
  const bytes = body instanceof Buffer ? body : text === undefined ? undefined : Buffer.from(text);
  const sent: OutgoingHttpHeaders = {
    ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }),
    ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
    ...headers,
  };
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const target = {
      host: hostname,
      port,
      method,
      path,
      headers: sent,
      ...(from ? { localAddress: from } : {}),
    };
    const outgoing = request(target, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
      });
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
};

/** Sends bytes as they are on a connection of their own and reads until it closes, or one answer is complete. */
export const rawCall = (base: string, bytes: string | Buffer): Promise<Reply> => {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    const look = () => {
      const reply = parseReply(Buffer.concat(chunks).toString('latin1'));
      if (reply) socket.destroy();
      return reply;
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const reply = look();
      if (reply) resolve(reply);
    });
    // The server may refuse and close before everything is sent; what it said counts.
    socket.on('error', () => {});
    socket.on('close', () => {
      const reply = look();
      if (reply) resolve(reply);
      else reject(new Error(`no answer, only: ${Buffer.concat(chunks).toString('latin1').slice(0, 200)}`));
    });
  });
};

const parseReply = (text: string): Reply | undefined => {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const rest = Buffer.from(text.slice(end + 4), 'latin1');
  const length = Number(headers['content-length'] ?? 0);
  if (rest.length < length) return undefined;
  const body = rest.subarray(0, length).toString();
  return { status: Number(first.split(' ')[1]), headers, text: body, body: parsed(body) };
};
