/** API tokens: made and revoked, each by one guarded transaction. What they are is in `domain/token.ts`. */
import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../../contract/errors.ts';
import type { Action } from '../../contract/record.ts';
import type { TokenRecord, TokenSpec } from '../../contract/token.ts';
import {
  TOKEN_ID_BYTES,
  TOKEN_SECRET_BYTES,
  checkTokenSpec,
  decodeToken,
  tokenText,
} from '../../domain/token.ts';
import { NO_REVISION, type Revision } from '../../shared/revision.ts';
import { list } from '../../store/listing.ts';
import type { Put } from '../../store/port.ts';
import { assertCaller, callerGuards } from '../caller.ts';
import { changePut } from '../history/change-log.ts';
import type { ChangeAuthor, ChangeRoom } from '../context.ts';
import { storeRefusal } from '../store-refusal.ts';
import { submit } from '../submit.ts';

export type TokenRoom = Pick<ChangeRoom, 'store' | 'keys' | 'clock' | 'random'>;

export interface IssuedToken {
  /** The token itself: shown now, and never again. */
  readonly text: string;
  readonly record: TokenRecord;
  readonly revision: Revision;
}

export const tokenHash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** For the change log: everything but the hash; of a token that was spoilt by hand no more is known than its id. */
const loggedChange = (
  { keys, clock }: TokenRoom,
  author: ChangeAuthor,
  planned: Revision,
  edit: { readonly id: string; readonly action: Action; readonly record: TokenRecord | undefined },
): Put => {
  const { id, action } = edit;
  const { hash: _secret, ...written } = edit.record ?? { hash: '', id };
  const at = new Date(clock.now()).toISOString();
  return changePut(keys, planned, { ...author, at }, [{ kind: 'token', id, action, written }]);
};

const notFound = (id: string): Refusal =>
  new Refusal('token_not_found', { in: 'path', pointer: '/id', params: { id } });

/**
 * Makes a token.
 * @throws Refusal missing_field, invalid_value, etcd_unavailable, etcd_refused, outcome_unknown
 */
export const createToken = async (
  room: TokenRoom,
  author: ChangeAuthor,
  spec: TokenSpec,
): Promise<IssuedToken> => {
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
    created_by: author.actor,
    ...(spec.expires_at === undefined ? {} : { expires_at: new Date(spec.expires_at).toISOString() }),
  };
  const key = room.keys.token(id);
  const value = JSON.stringify(record);
  const read = () => room.store.range({ key });
  try {
    const planned = (await read()).revision;
    const transaction = {
      guards: [{ key, modRevision: NO_REVISION }, ...callerGuards(room, author)],
      puts: [{ key, value }, loggedChange(room, author, planned, { id, action: 'create', record })],
      deletes: [],
    };
    const revision = await submit(room, transaction, async () => {
      const [stored] = (await read()).kvs;
      return stored?.value === value ? stored.modRevision : undefined;
    });
    if (revision === undefined) {
      await assertCaller(room, author);
      throw new Error(`the random id ${id} was there already`);
    }
    return { text, record, revision };
  } catch (error) {
    throw storeRefusal(error, author.request_id);
  }
};

/**
 * Ends a token: every node refuses it as soon as its watch brings the news.
 * @returns the revision that ended it
 * @throws Refusal token_not_found, etcd_unavailable, etcd_refused, outcome_unknown
 */
export const revokeToken = async (room: TokenRoom, author: ChangeAuthor, id: string): Promise<Revision> => {
  const key = room.keys.token(id);
  const read = () => room.store.range({ key });
  try {
    const page = await read();
    const [stored] = page.kvs;
    if (!stored) throw notFound(id);
    const decoded = decodeToken(id, stored.value);
    const record = decoded.ok ? decoded.value : undefined;
    const transaction = {
      guards: [{ key, modRevision: stored.modRevision }, ...callerGuards(room, author)],
      puts: [loggedChange(room, author, page.revision, { id, action: 'delete', record })],
      deletes: [key, room.keys.tokenUse(id)],
    };
    // Gone is gone, whoever did it.
    const revision = await submit(room, transaction, async () => {
      const now = await read();
      return now.kvs.length === 0 ? now.revision : undefined;
    });
    // Tokens are never altered, so whoever was first has revoked it.
    if (revision === undefined) {
      await assertCaller(room, author);
      throw notFound(id);
    }
    return revision;
  } catch (error) {
    throw storeRefusal(error, author.request_id);
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
    .flatMap((kv) => {
      const place = keys.parse(kv.key);
      const decoded = place?.family === 'tokens' ? decodeToken(place.id, kv.value) : undefined;
      return decoded?.ok ? [decoded.value] : [];
    })
    .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
};
