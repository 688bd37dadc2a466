/** API tokens: made and revoked, each by one guarded transaction. What they are is in `domain/token.ts`. */
import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../contract/errors.ts';
import type { TokenRecord, TokenSpec } from '../contract/token.ts';
import {
  TOKEN_ID_BYTES,
  TOKEN_SECRET_BYTES,
  checkTokenSpec,
  decodeToken,
  tokenText,
} from '../domain/token.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import { list } from '../store/listing.ts';
import type { ChangeRoom } from './context.ts';
import { storeRefusal } from './store-refusal.ts';
import { submit } from './submit.ts';

export type TokenRoom = Pick<ChangeRoom, 'store' | 'keys' | 'clock' | 'random' | 'log'>;

export interface IssuedToken {
  /** The token itself: shown now, and never again. */
  readonly text: string;
  readonly record: TokenRecord;
  readonly revision: Revision;
}

export const tokenHash = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Makes a token.
 * @param actor who makes it
 * @throws Refusal missing_field, invalid_value, etcd_unavailable, etcd_refused, outcome_unknown
 */
export const createToken = async (room: TokenRoom, actor: string, spec: TokenSpec): Promise<IssuedToken> => {
  const now = room.clock.now();
  checkTokenSpec(spec, now);
  const id = randomBytes(TOKEN_ID_BYTES).toString('hex');
  const text = tokenText(id, randomBytes(TOKEN_SECRET_BYTES).toString('hex'));
  const record: TokenRecord = {
    id,
    hash: tokenHash(text).toString('hex'),
    role: spec.role,
    tenants: spec.tenants ?? [],
    description: spec.description,
    created_at: new Date(now).toISOString(),
    created_by: actor,
    ...(spec.expires_at === undefined ? {} : { expires_at: new Date(spec.expires_at).toISOString() }),
  };
  const key = room.keys.token(id);
  const value = JSON.stringify(record);
  const transaction = { guards: [{ key, modRevision: NO_REVISION }], puts: [{ key, value }], deletes: [] };
  const ours = async () => {
    const { kvs } = await room.store.range({ key });
    return kvs[0]?.value === value ? kvs[0].modRevision : undefined;
  };
  try {
    const revision = await submit(room, transaction, ours);
    if (revision === undefined) throw new Error(`the random id ${id} was there already`);
    room.log.info({ token_id: id, role: record.role, tenants: record.tenants, actor }, 'token made');
    return { text, record, revision };
  } catch (error) {
    throw storeRefusal(error);
  }
};

/**
 * Ends a token: every node refuses it as soon as its watch brings the news.
 * @param actor who ends it
 * @returns the revision that ended it
 * @throws Refusal token_not_found, busy, etcd_unavailable, etcd_refused, outcome_unknown
 */
export const revokeToken = async (room: TokenRoom, actor: string, id: string): Promise<Revision> => {
  const key = room.keys.token(id);
  const read = () => room.store.range({ key });
  try {
    const { kvs } = await read();
    const [stored] = kvs;
    if (!stored) throw new Refusal('token_not_found', { in: 'path', pointer: '/id', params: { id } });
    const transaction = {
      guards: [{ key, modRevision: stored.modRevision }],
      puts: [],
      deletes: [key, room.keys.tokenUse(id)],
    };
    // Gone is gone, whoever did it.
    const revision = await submit(room, transaction, async () => {
      const page = await read();
      return page.kvs.length === 0 ? page.revision : undefined;
    });
    if (revision === undefined) throw new Refusal('busy');
    room.log.info({ token_id: id, actor }, 'token revoked');
    return revision;
  } catch (error) {
    throw storeRefusal(error);
  }
};

/** All tokens, read from the store, oldest first. @throws Refusal etcd_unavailable */
export const readTokens = async ({
  store,
  keys,
}: Pick<TokenRoom, 'store' | 'keys'>): Promise<TokenRecord[]> => {
  const { kvs } = await list(store, [keys.tokens()]).catch((error: unknown) => {
    throw storeRefusal(error);
  });
  return kvs
    .map((kv) => decodeToken(kv.key.slice(keys.tokens().length), kv.value))
    .flatMap((decoded) => (decoded.ok ? [decoded.value] : []))
    .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
};
