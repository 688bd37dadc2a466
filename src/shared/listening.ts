import type { AddressInfo, Server } from 'node:net';
import type { Log } from './log.ts';

/**
 * Has a server that listens go on when it can't accept a connection, for instance for want of file descriptors: an error
 * that nobody listens for ends the process.
 */
export const outlastErrors = (server: Server, log: Log): void => {
  server.on('error', (error) => log.warn({ err: error }, 'a listener failed to accept; it goes on'));
};

/** @returns where the server listens, whatever fails afterwards. @throws when the address can't be had */
export const listenOn = (
  server: Server,
  at: { readonly host: string; readonly port: number },
  log: Log,
): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: at.host, port: at.port }, () => {
      outlastErrors(server, log);
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
