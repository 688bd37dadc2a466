/**
 * API tokens: `ls_{id}_{secret}`. The id finds the record, the secret proves the bearer. 192 random bits can't be
 * guessed or tabulated, so one round of SHA-256 keeps a stolen store from yielding tokens; a slow, salted hash is for
 * secrets that people choose, and would cost every request its time.
 */
import { type TSchema, Type } from '@sinclair/typebox';
import { Refusal, type Text } from '../contract/errors.ts';
import { TenantId } from '../contract/identifier.ts';
import { ROLES } from '../contract/principal.ts';
import { TokenId, type TokenRecord, type TokenSpec, type TokenUse } from '../contract/token.ts';
import { compile } from '../contract/validator.ts';
import { type Decoded, decode } from './record.ts';

export const TOKEN_ID_BYTES = 6;
export const TOKEN_SECRET_BYTES = 24;

const TEXT = /^ls_([0-9a-f]{12})_[0-9a-f]{48}$/;

/** @param id, secret in hex */
export const tokenText = (id: string, secret: string): string => `ls_${id}_${secret}`;

/** The id of what looks like an API token; `undefined` for any other text. */
export const tokenIdOf = (text: string): string | undefined => TEXT.exec(text)?.[1];

export const isExpired = ({ expires_at }: Pick<TokenRecord, 'expires_at'>, now_ms: number): boolean =>
  expires_at !== undefined && Date.parse(expires_at) <= now_ms;

const refuse = (field: 'tenants' | 'expires_at', zh: string, en: string): Refusal => {
  const reason: Text = { zh, en };
  return new Refusal('invalid_value', { pointer: `/${field}`, params: { field, reason } });
};

/** What the schema can't say of a token. @throws Refusal missing_field, invalid_value */
export const checkTokenSpec = ({ role, tenants, expires_at }: TokenSpec, now_ms: number): void => {
  const scoped = role === 'editor' || role === 'viewer';
  if (scoped && !tenants) {
    throw new Refusal('missing_field', { pointer: '/tenants', params: { field: 'tenants' } });
  }
  if (!scoped && tenants) {
    throw refuse('tenants', `角色 ${role} 不限于租户，不得指定`, `the role ${role} is not of tenants`);
  }
  if (isExpired(expires_at === undefined ? {} : { expires_at }, now_ms)) {
    throw refuse('expires_at', '须为将来的时间', 'must be in the future');
  }
};

const RecordSchema: TSchema = Type.Object({
  id: TokenId,
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  role: Type.Union(ROLES.map((role) => Type.Literal(role))),
  tenants: Type.Array(TenantId),
  description: Type.String(),
  created_at: Type.String(),
  created_by: Type.String(),
  expires_at: Type.Optional(Type.String({ format: 'date-time' })),
});
const validateRecord = compile(RecordSchema);
const validateUse = compile(Type.Object({ last_used_at: Type.String({ format: 'date-time' }) }));

/** Reads a stored token; its own id must agree with its key. */
export const decodeToken = (id: string, text: string): Decoded<TokenRecord> => {
  const decoded = decode<TokenRecord>(text, validateRecord);
  return decoded.ok && decoded.value.id !== id
    ? { ok: false, reason: 'its id is not that of its key' }
    : decoded;
};

export const decodeTokenUse = (text: string): Decoded<TokenUse> => decode(text, validateUse);
