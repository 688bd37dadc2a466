import type { RouteSpec } from '../contract/route.ts';
import { type UpstreamRules, checkUpstream } from '../domain/upstream-rules.ts';
import { isAddress, parseUpstream } from '../domain/upstream.ts';
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
      await rulesFor(room, target.port),
      typeof upstream === 'string' ? pointer : `${pointer}/${i}/url`,
    );
  }
};

/** The rules for a port, with the addresses of what is reserved by name. */
const rulesFor = async ({ upstreams, resolve }: ChangeRoom, port: number): Promise<UpstreamRules> => {
  const reserved = upstreams.reserved.filter((own) => own.port === port);
  const named = reserved.filter((own) => !isAddress(own.host));
  const resolved = await Promise.all(
    named.map(async (own) => (await resolve(own.host)).map((host) => ({ ...own, host }))),
  );
  return { ...upstreams, reserved: [...reserved, ...resolved.flat()] };
};
