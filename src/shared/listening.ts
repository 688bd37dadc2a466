import type { AddressInfo, Server } from 'node:net';
import type { Log } from './log.ts';

/** A machine that is out of file descriptors fails thousands of times a second. */
const TOLD_EVERY_MS = 1_000;

/**
 * Has a server that listens go on when it can't accept a connection, for instance for want of file descriptors: an error
 * that nobody listens for ends the process. Logs how many `failures` there were since it logged last.
 */
export const outlastErrors = (server: Server, log: Log): void => {
  let failures = 0;
  let told_ms = -Infinity;
  server.on('error', (error) => {
    failures += 1;
    if (performance.now() - told_ms < TOLD_EVERY_MS) return;
    log.warn({ err: error, failures }, 'a listener failed to accept; it goes on');
    told_ms = performance.now();
    failures = 0;
  });
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
