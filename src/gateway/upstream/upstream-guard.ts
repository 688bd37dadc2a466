import { lookup } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import type { HostPort } from '../../shared/host-port.ts';

/**
 * Says why no connection may be opened to a target, in one sentence; `undefined` when it may.
 * @param addresses what the host is or resolves to, as found for this very connection
 */
export type UpstreamGuard = (target: HostPort, addresses: readonly string[]) => string | undefined;

/** What a name resolved to is closed to upstreams. */
export class ClosedUpstreamError extends Error {
  override readonly name = 'ClosedUpstreamError';
}

/** Why a node given by its address, or by a name that tells enough, may not be connected to. */
export const closedNode = (guard: UpstreamGuard, node: HostPort): string | undefined =>
  guard(node, isIP(node.host) === 0 ? [] : [node.host]);

/**
 * Resolves a name and asks the guard about all that it resolves to, before anything is connected to: what was harmless
 * when the route was written may lead elsewhere now.
 */
export const guardedLookup =
  (guard: UpstreamGuard, port: number, resolve: LookupFunction = lookup): LookupFunction =>
  (host, options, callback) => {
    resolve(host, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      const closed = error ? undefined : guard({ host, port }, addresses);
      if (closed === undefined) callback(error, found, family);
      else callback(new ClosedUpstreamError(`${host}: ${closed}`), found, family);
    });
  };
