import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Disposable } from '../shared/async.ts';
import type { HostPort } from '../shared/host-port.ts';

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
  { host, port }: HostPort,
  scraped: Scraped,
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    address: { host, port: (server.address() as AddressInfo).port },
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
