import { type Static, Type } from '@sinclair/typebox';

/** What a principal may do: everything; change or read the config of its tenants; report as a gateway. */
export const ROLES = ['operator', 'editor', 'viewer', 'gateway'] as const;
export type Role = (typeof ROLES)[number];

/** Who is asking, as the gate found out. */
export interface Principal {
  /** Goes into `updated_by`, history and the audit log: `root`, `token:{id}`, `jwt:{subject}`, `jwt-sha256:{digest of it}`. */
  readonly actor: string;
  /** `none` asks for what is public, and has proved nothing. */
  readonly role: Role | 'none';
  /** Whom an editor or viewer may speak for; empty for all others. */
  readonly tenants: readonly string[];
  /** The API token that proved it; absent for the root token, JWTs and `--auth off`. */
  readonly token_id?: string;
  /** The store's revision that wrote that token. Tokens are made and revoked, never altered. */
  readonly token_revision?: number;
  /** The address the request came from. */
  readonly remote: string;
}

/** Where a change came from: kept in the history, beside the actor's name. */
export const Origin = Type.Object(
  {
    role: Type.Optional(Type.String()),
    token_id: Type.Optional(Type.String({ description: 'The API token that was shown.' })),
    from: Type.Optional(Type.String({ description: 'The address the request came from.' })),
  },
  { description: 'Where it came from; shown to operators only.' },
);
export type Origin = Readonly<Static<typeof Origin>>;
