import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { Disposable } from '../shared/async.ts';
import { listenOn } from '../shared/listening.ts';
import { type Log, silentLog } from '../shared/log.ts';

export interface DemoOriginOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What the origin calls itself in its answers. Default `demo-origin`. */
  readonly name?: string;
  /** Default: nothing is logged. */
  readonly log?: Log;
}

export interface DemoOrigin extends Disposable {
  readonly url: string;
  readonly port: number;
}

/** Answers with what was asked: `{origin, method, path, headers, body_bytes}`. */
const echo = (origin: string, request: IncomingMessage, response: ServerResponse): void => {
  let body_bytes = 0;
  request.on('data', (chunk: Buffer) => {
    body_bytes += chunk.length;
  });
  request.on('end', () => {
    const { method, url: path, headers } = request;
    const body = `${JSON.stringify({ origin, method, path, headers, body_bytes })}\n`;
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
};

/**
 * A site to put behind the gateway.
 * @throws when the address can't be had
 */
export const startDemoOrigin = async (options: DemoOriginOptions): Promise<DemoOrigin> => {
  const { host, port, name = 'demo-origin', log = silentLog } = options;
  const server = createServer((request, response) => echo(name, request, response));
  const bound = await listenOn(server, { host, port }, log);
  const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    url: `http://${shown}:${bound.port}`,
    port: bound.port,
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
