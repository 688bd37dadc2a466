import { Refusal } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import type { Endpoint } from './endpoint.ts';

/** The part of an endpoint's declaration that says who may call it. */
export type Declared = Pick<Endpoint, 'method' | 'access' | 'writes'>;

/** A viewer gets nothing that changes anything, whether it is declared as a change or only asked like one. */
const reads = ({ method, writes }: Declared): boolean => method === 'GET' && !writes;

/** Whether the role has any business at the endpoint. Nobody has unless it says so here. */
export const permits = (role: Principal['role'], declared: Declared): boolean => {
  switch (declared.access) {
    case 'public':
      return true;
    case 'tenant':
      return role === 'operator' || role === 'editor' || (role === 'viewer' && reads(declared));
    case 'gateway':
      return role === 'operator' || role === 'gateway';
    case 'operator':
    case 'metrics':
      return role === 'operator';
    default:
      return false;
  }
};

const forbidden = (): Refusal => new Refusal('forbidden', { in: 'header', pointer: '/authorization' });

/**
 * Decides whether a principal may call an endpoint, and for which tenant. The header only chooses among the tenants a
 * principal has; that a tenant it names exists is never said.
 * @param named what `X-Tenant-ID` says
 * @returns the tenant to act for; empty on endpoints of operators without the header
 * @throws Refusal forbidden, tenant_required
 */
export const authorise = (principal: Principal, declared: Declared, named: string | undefined): string => {
  const { role, tenants } = principal;
  if (!permits(role, declared)) throw forbidden();
  if (declared.access !== 'tenant') return named ?? '';
  const scoped = role !== 'operator';
  const [only, second] = scoped ? tenants : [];
  const tenant = named ?? (second === undefined ? only : undefined);
  if (scoped && (tenants.length === 0 || (tenant !== undefined && !tenants.includes(tenant)))) {
    throw forbidden();
  }
  if (tenant === undefined) throw new Refusal('tenant_required', { in: 'header', pointer: '/x-tenant-id' });
  return tenant;
};
