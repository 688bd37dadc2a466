import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { pause } from '../shared/async.ts';

/** How long requests that have begun may take to end. */
const DRAIN_MS = 8_000;

/**
 * Prepares a server for stopping.
 * @returns stops it: takes nothing new, lets what has begun end, then cuts what is left. A connection without a
 *   request, such as a balancer's probe or a browser's spare one, holds nothing up.
 */
export const drainable = (server: FastifyInstance): (() => Promise<void>) => {
  let underway = 0;
  const idle = new AbortController();
  let closing = false;
  server.server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
    underway += 1;
    response.on('close', () => {
      underway -= 1;
      if (closing && underway === 0) idle.abort();
    });
  });
  return async () => {
    closing = true;
    const closed = server.close();
    if (underway > 0) await pause(DRAIN_MS, idle.signal);
    server.server.closeAllConnections();
    await closed;
  };
};
