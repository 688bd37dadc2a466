import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../test/support/change-room.ts';
import { FlakyStore, type TransactFault } from '../../test/support/flaky-store.ts';
import type { Revision } from '../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ChangeAuthor, ChangeRoom } from './context.ts';
import { updateAllDefense } from './defense-all.ts';
import { createRoute } from './route.ts';
import { setTenantConfig } from './tenant-config.ts';
import { createToken, revokeToken } from './tokens/token.ts';

let store: EmbeddedStore;
let flaky: FlakyStore;
let room: ChangeRoom;
let caller: { id: string; revision: Revision };

beforeEach(async () => {
  store = await openEmbeddedStore({});
  flaky = new FlakyStore(store);
  room = changeRoom(flaky);
  const { record, revision } = await createToken(room, changeRequest(), {
    role: 'operator',
    description: 'x',
  });
  caller = { id: record.id, revision };
});

afterEach(() => store.close());

const changes: [name: string, change: (author: ChangeAuthor) => Promise<unknown>][] = [
  ['a config', (author) => setTenantConfig(room, author, 'acme', { rate_limit: 1 })],
  ['a route', (author) => createRoute(room, author, 'acme', { id: 'r', path: '/r', upstream: 'http://b' })],
  ['a token', (author) => createToken(room, author, { role: 'operator', description: 'successor' })],
  ['all configs', (author) => updateAllDefense(room, author, 'acme', { rate_limit: 2 })],
];

test.each(changes)('a caller with a token changes %s', async (_, change) => {
  await change(changeRequest({ token: caller }));
});

test.each(changes)(
  'a caller whose token goes in the moment before the commit changes nothing of %s',
  async (_, change) => {
    let left: Map<string, string> | undefined;
    flaky.transactFault = async (): Promise<TransactFault> => {
      if (left) return 'none';
      left = new Map();
      await revokeToken({ ...room, store }, changeRequest(), caller.id);
      left = await contentsOf(store);
      return 'none';
    };
    await expect(change(changeRequest({ token: caller }))).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await contentsOf(store)).toEqual(left);
    expect([...(left ?? new Map<string, string>()).keys()]).not.toContain(KEYS.token(caller.id));
  },
);

test('a token may revoke itself', async () => {
  await revokeToken(room, changeRequest({ token: caller }), caller.id);
  expect([...(await contentsOf(store)).keys()]).not.toContain(KEYS.token(caller.id));
});
