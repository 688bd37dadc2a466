import {
  type KeyDocument,
  type Keyring,
  type Policy,
  compileKeyring,
  compilePolicy,
} from '../../engine/engine.ts';
import type { DefenseObject, DefenseObjects } from './defense.ts';

interface Compiled {
  readonly tenant: DefenseObject | undefined;
  readonly policy: Policy;
}

/**
 * Policies and keyrings, compiled once per change. An object stays the same object until it is written again, so
 * its identity is its version: the request after a change finds nothing here and compiles anew.
 */
export class PolicyCache {
  /** By the route's object: a route has one tenant. */
  private readonly policies = new WeakMap<DefenseObject, Compiled>();
  private readonly keyrings = new WeakMap<DefenseObjects['keyring'], Keyring>();

  /** An object that is not there (yet) counts as one that says nothing. */
  policy(objects: DefenseObjects, tenantId: string, routeId: string): Policy {
    const tenant = objects.tenants.get(tenantId);
    const route = objects.policies.get(routeId);
    const known = route && this.policies.get(route);
    if (known && known.tenant === tenant && known.policy.tenant === tenantId) return known.policy;
    // Identity comes from the route's plugin, whatever the objects call themselves.
    const policy = compilePolicy({ ...tenant, id: tenantId }, { ...route, id: routeId });
    if (route) this.policies.set(route, { tenant, policy });
    return policy;
  }

  /** By id, so that every gateway agrees on which key signs should two say they do. */
  keyring(keys: DefenseObjects['keyring']): Keyring {
    const known = this.keyrings.get(keys);
    if (known) return known;
    const documents = [...keys.values()] as unknown as KeyDocument[];
    const keyring = compileKeyring(documents.sort((a, b) => (a.id < b.id ? -1 : 1)));
    this.keyrings.set(keys, keyring);
    return keyring;
  }
}
