/** A gateway on free ports, fed by hand, and upstreams to put behind it. */
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  createServer,
  request,
} from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import { revision } from '../../src/shared/revision.ts';
import { Keyspace } from '../../src/store/keys.ts';

const PREFIX = '/apisix/';
const KEYS = new Keyspace('/cdn-defense', '/apisix');

export const parse = (key: string): { directory: string; id: string } | undefined => KEYS.parseApisix(key);

const HOST = '127.0.0.1';

/** Feeds a gateway as a reflector would: one revision for each change. */
export class Feed {
  private at = 1;
  readonly gateway: Gateway;
  private readonly clusterId: string;

  constructor(gateway: Gateway, clusterId = 'cluster') {
    this.gateway = gateway;
    this.clusterId = clusterId;
  }

  list(objects: Readonly<Record<string, unknown>>): number {
    this.at += 1;
    const modRevision = revision(this.at);
    const kvs = Object.entries(objects).map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return { key: PREFIX + key, value: text, modRevision, createRevision: modRevision };
    });
    this.gateway.picture.replace(kvs, { clusterId: this.clusterId, revision: modRevision });
    return this.at;
  }

  /** `undefined` deletes; a text is stored as it is. */
  put(objects: Readonly<Record<string, unknown>>): number {
    this.at += 1;
    const modRevision = revision(this.at);
    const events = Object.entries(objects).map(([key, value]) => {
      if (value === undefined) return { type: 'delete' as const, key: PREFIX + key, modRevision };
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return {
        type: 'put' as const,
        key: PREFIX + key,
        value: text,
        modRevision,
        createRevision: modRevision,
      };
    });
    this.gateway.picture.apply(events, { clusterId: this.clusterId, revision: modRevision });
    return this.at;
  }
}

export type Cleanup = (() => Promise<unknown> | void)[];

export const cleanUp = async (stack: Cleanup): Promise<void> => {
  for (let part = stack.pop(); part; part = stack.pop()) await part();
};

export const startGateway = async (
  stack: Cleanup,
  options: Partial<GatewayOptions> = {},
): Promise<{ gateway: Gateway; feed: Feed; port: number; tlsPort: number }> => {
  const address = { host: HOST, port: 0 };
  const base = { gatewayId: 'gateway-1', parse, clock: systemClock, log: silentLog, drain_ms: 2_000 };
  const gateway = new Gateway({ ...base, http: address, https: address, ...options });
  const addresses = await gateway.start();
  stack.push(() => gateway.dispose());
  const feed = new Feed(gateway);
  return { gateway, feed, port: addresses.http?.port ?? 0, tlsPort: addresses.https?.port ?? 0 };
};

export const listen = async (stack: Cleanup, server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  stack.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
};

export const startUpstream = (stack: Cleanup, listener: RequestListener): Promise<number> =>
  listen(stack, createServer(listener));

/** A port that nothing listens on. */
export const closedPort = async (): Promise<number> => {
  const stack: Cleanup = [];
  const port = await startUpstream(stack, () => {});
  await cleanUp(stack);
  return port;
};

/** A route object as the projection writes it. */
export const routeTo = (port: number | readonly number[], fields: object = {}): object => ({
  uris: ['/*'],
  status: 1,
  upstream: {
    type: 'roundrobin',
    scheme: 'http',
    nodes: [port].flat().map((each) => ({ host: HOST, port: each, weight: 1 })),
    pass_host: 'pass',
  },
  plugins: {},
  ...fields,
});

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export const readAll = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export const ask = (
  port: number,
  { method = 'GET', path = '/', headers = {}, body }: Ask = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: HOST, port, method, path, headers, agent: false }, (message) => {
      const { statusCode, headers: received } = message;
      readAll(message).then(
        (text) => resolve({ status: statusCode ?? 0, headers: received, body: text }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** What the demo upstream says it was asked. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly raw: readonly string[];
  readonly body: string;
  readonly port: number;
}

/** Answers with what it was asked, header order included. */
export const echo = (message: IncomingMessage, response: ServerResponse): void => {
  void readAll(message).then((body) => {
    const { method, url: path, headers, rawHeaders: raw } = message;
    response.end(JSON.stringify({ method, path, headers, raw, body, port: message.socket.localPort }));
  });
};

export const echoOf = (answer: Answer): Echo => JSON.parse(answer.body) as Echo;

/** Sends bytes and returns all that comes back until the other side closes, or `until` holds. */
export const raw = (
  port: number,
  bytes: string,
  until: (text: string) => boolean = () => false,
): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket: Socket = connect(port, HOST, () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
