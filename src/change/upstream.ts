import type { RouteSpec } from '../contract/route.ts';
import { checkUpstream, isAddress, parseUpstream } from '../domain/upstream.ts';
import type { ChangeRoom } from './context.ts';

/**
 * Checks where a route's upstreams lead. A name that does not resolve here is accepted: the gateways, which may
 * see another DNS, resolve it.
 * @throws Refusal upstream_invalid, upstream_forbidden
 */
export const checkUpstreams = async (
  room: ChangeRoom,
  upstream: RouteSpec['upstream'],
  pointer: string,
): Promise<void> => {
  const targets = parseUpstream(upstream, pointer);
  for (const [i, target] of targets.entries()) {
    const addresses = isAddress(target.host) ? [] : await room.resolve(target.host);
    checkUpstream(
      target,
      addresses,
      room.upstreams,
      typeof upstream === 'string' ? pointer : `${pointer}/${i}/url`,
    );
  }
};
