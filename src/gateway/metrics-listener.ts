import { createServer } from 'node:http';
import type { Disposable } from '../shared/async.ts';
import type { HostPort } from '../shared/host-port.ts';
import { listenOn } from '../shared/listening.ts';
import type { Log } from '../shared/log.ts';

/** What is scraped. */
export interface Scraped {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface MetricsListener extends Disposable {
  readonly address: HostPort;
}

/**
 * Serves `GET /metrics` on a listener of its own, so that no route can shadow it and no client of the gateway
 * reaches it. It asks for no credentials: its address is to be one that only the monitoring reaches.
 * @throws when the address can't be had
 */
export const openMetricsListener = async (
  address: HostPort,
  scraped: Scraped,
  log: Log,
): Promise<MetricsListener> => {
  const server = createServer((request, response) => {
    const found = request.url?.split('?')[0] === '/metrics';
    if (!found || request.method !== 'GET') {
      response.writeHead(found ? 405 : 404).end();
      return;
    }
    scraped.text().then(
      (text) => response.writeHead(200, { 'content-type': scraped.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
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
