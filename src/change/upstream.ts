import { Refusal } from '../contract/errors.ts';
import type { RouteSpec } from '../contract/route.ts';
import { type UpstreamRules, checkUpstream } from '../domain/upstream-rules.ts';
import { type UpstreamTarget, isAddress, parseUpstream } from '../domain/upstream.ts';
import type { ChangeRoom } from './context.ts';

type Found = ReadonlyMap<string, readonly string[]>;

/**
 * Checks where a route's upstreams lead. A name that does not resolve here is accepted: the gateways, which may
 * see another DNS, resolve it. One of which that can't be told now is not, except where all is open but metadata
 * services: there a resolver that is away holds nobody up.
 * @throws Refusal upstream_invalid, upstream_forbidden, names_unresolvable_now
 */
export const checkUpstreams = async (
  room: ChangeRoom,
  tenant_id: string,
  upstream: RouteSpec['upstream'],
  pointer: string,
): Promise<void> => {
  const targets = parseUpstream(upstream, pointer);
  const names = targets.flatMap((target) => namesOf(room.upstreams, target));
  const found = await room.resolve(tenant_id, names);
  for (const [i, target] of targets.entries()) {
    const place = typeof upstream === 'string' ? pointer : `${pointer}/${i}/url`;
    checkUpstream(target, found.get(target.host) ?? [], rulesFor(room.upstreams, target.port, found), place);
    const told = namesOf(room.upstreams, target).every((name) => found.has(name));
    if (told || room.upstreams.privateRanges === 'open') continue;
    const params = { upstream: `${target.host}:${target.port}` };
    throw new Refusal('names_unresolvable_now', { pointer: place, params });
  }
};

const reservedAt = ({ reserved }: UpstreamRules, port: number) => reserved.filter((own) => own.port === port);

/** What must be looked up to judge a target. */
const namesOf = (rules: UpstreamRules, { host, port }: UpstreamTarget): string[] =>
  [host, ...reservedAt(rules, port).map((own) => own.host)].filter((name) => !isAddress(name));

/** The rules for a port, with the addresses of what is reserved by name. */
const rulesFor = (rules: UpstreamRules, port: number, found: Found): UpstreamRules => {
  const reserved = reservedAt(rules, port);
  const resolved = reserved.flatMap((own) => (found.get(own.host) ?? []).map((host) => ({ ...own, host })));
  return { ...rules, reserved: [...reserved, ...resolved] };
};
