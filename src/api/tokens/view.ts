import type { TokenRecord, TokenView } from '../../contract/token.ts';
import { isExpired } from '../../domain/token.ts';
import type { Node } from '../node.ts';

/** Field by field, so that the hash can't slip through. */
export const tokenView = ({ clock, gate }: Node, record: TokenRecord): TokenView => {
  const { id, role, tenants, description, created_at, created_by, expires_at } = record;
  const last_used_at = gate.uses.last(id);
  return {
    id,
    role,
    tenants: [...tenants],
    description,
    created_at,
    created_by,
    ...(expires_at === undefined ? {} : { expires_at }),
    expired: isExpired(record, clock.now()),
    ...(last_used_at === undefined ? {} : { last_used_at }),
  };
};
