/** Who a verified JWT speaks for: the provider's claims in Lockstep's terms. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { idPattern } from '../contract/identifier.ts';
import type { Role } from '../contract/principal.ts';
import { PRINTABLE } from '../contract/validator.ts';
import { isObject } from '../shared/json.ts';

/** Where the claims are, and what they mean. A claim is named plainly, or as a JSON pointer: `/realm_access/roles`. */
export interface ClaimMapping {
  readonly role: string;
  readonly tenants: string;
  /** Names the person or program in history. */
  readonly actor: string;
  /** The provider's word for a role → ours. Words that are not here mean nothing. */
  readonly roles: ReadonlyMap<string, Role>;
}

export interface Identity {
  readonly actor: string;
  /** Absent: the provider knows them, but gives them nothing to do here. */
  readonly role: Role | undefined;
  readonly tenants: readonly string[];
}

const ACTOR_LENGTH_MAX = 120;

/** The strongest first: who has several words has the strongest. */
const STRENGTH: readonly Role[] = ['operator', 'editor', 'viewer', 'gateway'];

type Claims = Readonly<Record<string, unknown>>;

const claimAt = (claims: Claims, name: string): unknown => {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined;
  const steps = name
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce<unknown>(
    (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
    claims,
  );
};

/** A list of words: an array of texts, or one text with spaces between, as `scope` has it. */
const words = (claim: unknown): string[] => {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word): word is string => typeof word === 'string') : [];
};

const isName = (claim: unknown): claim is string =>
  typeof claim === 'string' && claim !== '' && claim.length <= ACTOR_LENGTH_MAX && PRINTABLE.test(claim);

/** Nobody shares a name: a subject that can't be shown as it is goes by its digest, which no other is called by. */
const actorOf = (claims: Claims, name: string): string => {
  const given = [claimAt(claims, name), claims['sub']].find(isName);
  if (given !== undefined) return `jwt:${given}`;
  // As JSON, in which halves of surrogate pairs differ from one another.
  return `jwt-sha256:${bytesToHex(sha256(utf8ToBytes(JSON.stringify(claims['sub'] ?? null))))}`;
};

/** @param claims verified */
export const identityOf = (claims: Claims, mapping: ClaimMapping): Identity => {
  const roles = words(claimAt(claims, mapping.role)).map((word) => mapping.roles.get(word));
  const role = STRENGTH.find((each) => roles.includes(each));
  const scoped = role === 'editor' || role === 'viewer';
  const tenants = scoped ? words(claimAt(claims, mapping.tenants)).filter((id) => idPattern.test(id)) : [];
  return { actor: actorOf(claims, mapping.actor), role, tenants: [...new Set(tenants)] };
};
