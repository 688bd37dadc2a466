/** Claims of one edit: who may have which hosts, and which paths without hosts. */
import { Refusal, type Text } from '../contract/errors.ts';
import type { Kind, RecordOf } from '../contract/record.ts';
import { type ClaimPlace, samePlace } from '../domain/claim.ts';
import { suffixUnder } from '../domain/public-suffix.ts';
import type { Put } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';
import { type Edit, claimsOf } from './edit.ts';
import type { GuardedReader } from './reader.ts';

/**
 * The claims that an edit takes and gives up.
 * @throws Refusal domain_taken, path_taken, wildcard_too_wide, hosts_required, hostless_conflict
 */
export const prepareClaims = async (
  room: ChangeRoom,
  reader: GuardedReader,
  edit: Edit,
  record: RecordOf[Kind] | null,
): Promise<{ puts: Put[]; deletes: string[] }> => {
  const held = edit.before ? claimsOf(edit.kind, edit.before.record) : [];
  const wanted = record ? claimsOf(edit.kind, record) : [];
  const added = wanted.filter((place) => !held.some((other) => samePlace(place, other)));
  const dropped = held.filter((place) => !wanted.some((other) => samePlace(place, other)));
  const holder = room.keys.holder(edit.kind, edit.id);
  const tenant_id = record?.tenant_id ?? '';
  await checkHostless(room, reader, edit, added, tenant_id);
  const puts: Put[] = [];
  for (const place of added) {
    checkWidth(edit, place);
    if (!(await reader.claimable(place, tenant_id))) throw refusedClaim(edit, place);
    puts.push({
      key: room.keys.claim(place.space, place.labels, place.wildcard, holder),
      value: JSON.stringify({ tenant_id }),
    });
  }
  return {
    puts,
    deletes: dropped.map((place) => room.keys.claim(place.space, place.labels, place.wildcard, holder)),
  };
};

const hostPointer = ({ kind, pointer = '' }: Edit): string =>
  `${pointer}/${kind === 'ssl' ? 'domain' : 'hosts'}`;

/** What lies beneath a public suffix belongs to strangers. */
const checkWidth = (edit: Edit, { space, shown }: ClaimPlace): void => {
  const suffix = space === 'hosts' ? suffixUnder(shown) : undefined;
  if (suffix === undefined) return;
  throw new Refusal('wildcard_too_wide', { pointer: hostPointer(edit), params: { domain: shown, suffix } });
};

/** Keeps routes without hosts and the hosts of other tenants apart, as the room is set. */
const checkHostless = async (
  { hostlessRoutes }: ChangeRoom,
  reader: GuardedReader,
  edit: Edit,
  added: readonly ClaimPlace[],
  tenant_id: string,
): Promise<void> => {
  if (hostlessRoutes === 'allow') return;
  const adds = (space: ClaimPlace['space']): boolean => added.some((place) => place.space === space);
  if (adds('hosts') && (await reader.heldByOthers('paths', tenant_id))) {
    throw new Refusal('hostless_conflict', { pointer: hostPointer(edit) });
  }
  if (!adds('paths')) return;
  const alone = hostlessRoutes === 'sole-tenant' && !(await reader.heldByOthers('hosts', tenant_id));
  if (alone && !(await reader.heldByOthers('paths', tenant_id))) return;
  throw new Refusal('hosts_required', {
    pointer: hostPointer(edit),
    params: { reason: hostlessRoutes === 'refuse' ? NONE_WITHOUT_HOSTS : NOT_ALONE },
  });
};

const NONE_WITHOUT_HOSTS: Text = {
  zh: '本集群不接受未限定域名的路由',
  en: 'this fleet takes no routes without hosts',
};
const NOT_ALONE: Text = {
  zh: '集群中还有其他租户，未限定域名的路由会接到它们域名下的请求',
  en: 'there are other tenants, and a route without hosts would get requests for theirs',
};

const HELD: Text = {
  zh: '其他租户已使用该域名，或覆盖它、被它覆盖的域名',
  en: 'another tenant has it, or one that covers it or lies beneath it',
};
const refusedClaim = (edit: Edit, { space, shown }: ClaimPlace): Refusal =>
  space === 'paths'
    ? new Refusal('path_taken', { pointer: `${edit.pointer ?? ''}/path`, params: { path: shown } })
    : new Refusal('domain_taken', {
        pointer: hostPointer(edit),
        params: { domain: shown, reason: HELD },
      });
