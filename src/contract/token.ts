import { type Static, Type } from '@sinclair/typebox';
import { TenantId } from './identifier.ts';
import { ROLES, type Role } from './principal.ts';

const Tenants = Type.Array(TenantId, {
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
  description: 'Whom an editor or viewer may speak for. Operators and gateways have none.',
});

const RoleName = Type.Unsafe<Role>({
  type: 'string',
  enum: ROLES,
  description:
    '`operator`: everything. `editor`, `viewer`: change and read, or read, what belongs to `tenants`. ' +
    '`gateway`: heartbeats of gateways only.',
});

/** What a new API token is to be. */
export const TokenSpec = Type.Object(
  {
    role: RoleName,
    tenants: Type.Optional(Tenants),
    description: Type.String({
      minLength: 1,
      maxLength: 200,
      format: 'printable',
      description: 'Who or what uses it.',
      examples: ['CI of the shop team'],
    }),
    expires_at: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'From then on it is refused; absent = it works until it is revoked.',
      }),
    ),
  },
  { additionalProperties: false, title: 'TokenSpec' },
);
export type TokenSpec = Static<typeof TokenSpec>;

/** `tokens/{id}`: an API token as stored. Never changed: made, and deleted. */
export interface TokenRecord {
  readonly id: string;
  /** SHA-256 of the whole token, in hex. */
  readonly hash: string;
  readonly role: Role;
  readonly tenants: readonly string[];
  readonly description: string;
  /** ISO 8601. */
  readonly created_at: string;
  readonly created_by: string;
  /** ISO 8601. */
  readonly expires_at?: string;
}

/** `token-uses/{id}`: about when a token was last used. */
export interface TokenUse {
  /** ISO 8601. */
  readonly last_used_at: string;
}

/** A token's id, which is part of its text and no secret. */
export const TokenId = Type.String({
  pattern: '^[0-9a-f]{12}$',
  description: 'The part between the underscores of `ls_{id}_{secret}`.',
  examples: ['3f9a0c51b7de'],
});

/** A token as shown: everything but its secret and its hash. */
export const TokenView = Type.Object(
  {
    id: Type.String(),
    role: RoleName,
    tenants: Type.Array(Type.String()),
    description: Type.String(),
    created_at: Type.String(),
    created_by: Type.String(),
    expires_at: Type.Optional(Type.String()),
    expired: Type.Boolean(),
    last_used_at: Type.Optional(
      Type.String({ description: 'About: other nodes’ uses show within some ten minutes. Absent: never.' }),
    ),
  },
  { title: 'Token' },
);
export type TokenView = Static<typeof TokenView>;
