import { type ServerResponse, createServer } from 'node:http';
import type { Disposable } from '../shared/async.ts';
import type { HostPort } from '../shared/host-port.ts';
import { listenOn } from '../shared/listening.ts';
import type { Log } from '../shared/log.ts';

/** What is scraped. */
export interface Scraped {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Whether clients should be sent to the gateway. */
export interface Readiness {
  readonly status: 'ready' | 'starting' | 'refusing' | 'stopping';
  /** One sentence, where it is not ready. */
  readonly detail?: string;
}

export interface OperationsListener extends Disposable {
  readonly address: HostPort;
}

/**
 * Serves `GET /metrics`, `/readyz` and `/livez` on a listener of its own, so that no route can shadow them and no client of
 * the gateway reaches them. It asks for no credentials: its address is to be one that only the monitoring reaches.
 * @throws when the address can't be had
 */
export const openOperationsListener = async (
  address: HostPort,
  parts: { readonly scraped: Scraped; readonly readiness: () => Readiness },
  log: Log,
): Promise<OperationsListener> => {
  const { scraped, readiness } = parts;
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/livez': (response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': (response) => {
      const found = readiness();
      sendJson(response, found.status === 'ready' ? 200 : 503, found);
    },
    '/metrics': (response) =>
      void scraped.text().then(
        (text) => response.writeHead(200, { 'content-type': scraped.contentType }).end(text),
        () => response.writeHead(500).end(),
      ),
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url?.split('?')[0] ?? ''];
    if (!answer) response.writeHead(404).end();
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    else answer(response);
  });
  const { port } = await listenOn(server, address, log);
  return {
    address: { host: address.host, port },
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
};
