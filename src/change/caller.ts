/**
 * A caller's token may be revoked between the moment it was shown and the moment the change commits: while the body is on its
 * way, while names are looked up, while a race is lost. So the token is among the change's guards, and the store decides.
 */
import { Refusal } from '../contract/errors.ts';
import type { Guard } from '../store/port.ts';
import type { ChangeAuthor, ChangeRoom } from './context.ts';

type CallerRoom = Pick<ChangeRoom, 'store' | 'keys'>;

/** That the token which was shown is still there; nothing for callers without one. */
export const callerGuards = ({ keys }: Pick<CallerRoom, 'keys'>, { token }: ChangeAuthor): Guard[] =>
  token === undefined ? [] : [{ key: keys.token(token.id), modRevision: token.revision }];

/** To be asked when guards did not hold. @throws Refusal unauthenticated */
export const assertCaller = async ({ store, keys }: CallerRoom, { token }: ChangeAuthor): Promise<void> => {
  if (token === undefined) return;
  const { kvs } = await store.range({ key: keys.token(token.id) }, { keysOnly: true });
  if (kvs[0]?.modRevision === token.revision) return;
  throw new Refusal('unauthenticated', { in: 'header', pointer: '/authorization' });
};
