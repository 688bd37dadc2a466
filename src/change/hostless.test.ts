/** Routes without hosts beside other tenants, by the setting. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { changeRequest, changeRoom } from '../../test/support/change-room.ts';
import type { Refusal } from '../contract/errors.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { uploadCertificate } from './certificate.ts';
import type { ChangeRoom } from './context.ts';
import { createRoute, deleteRoute, updateRoute } from './route.ts';

let store: EmbeddedStore;
beforeEach(async () => {
  store = await openEmbeddedStore({});
});
afterEach(() => store.close());

const create = (room: ChangeRoom, tenant: string, id: string, fields: { path?: string; hosts?: string[] }) =>
  createRoute(room, changeRequest(), tenant, { id, path: '/', upstream: 'http://backend', ...fields });

const coded = (code: string, pointer: string) => expect.objectContaining({ code, pointer }) as Error;

describe('refuse', () => {
  test('takes no route without hosts, of anybody', async () => {
    const room = changeRoom(store, { hostlessRoutes: 'refuse' });
    await expect(create(room, 'acme', 'a', { path: '/a' })).rejects.toEqual(
      coded('hosts_required', '/route/hosts'),
    );
    await create(room, 'acme', 'a', { hosts: ['a.example.com'] });
    await expect(updateRoute(room, changeRequest(), 'acme', 'a', { hosts: null })).rejects.toEqual(
      coded('hosts_required', '/updates/hosts'),
    );
  });

  test('leaves what is there as it is, until its path changes', async () => {
    await create(changeRoom(store), 'acme', 'a', { path: '/a' });
    const room = changeRoom(store, { hostlessRoutes: 'refuse' });
    await updateRoute(room, changeRequest(), 'acme', 'a', { upstream: 'http://other' });
    await expect(updateRoute(room, changeRequest(), 'acme', 'a', { path: '/b' })).rejects.toEqual(
      coded('hosts_required', '/updates/hosts'),
    );
    await updateRoute(room, changeRequest(), 'acme', 'a', { path: '/b', hosts: ['a.example.com'] });
  });
});

describe('sole-tenant', () => {
  let room: ChangeRoom;
  beforeEach(() => {
    room = changeRoom(store, { hostlessRoutes: 'sole-tenant' });
  });

  test('lets a tenant that is alone have routes with and without hosts, and certificates', async () => {
    await create(room, 'acme', 'a', { path: '/api/*' });
    await create(room, 'acme', 'b', { hosts: ['b.example.com'] });
    await create(room, 'acme', 'c', { path: '/other' });
    const { cert, key } = await makeCertificate();
    await uploadCertificate(room, changeRequest(), 'acme', { domain: 'api.example.com', cert, key });
  });

  test('keeps a second tenant from hosts and certificates while the first has a route without', async () => {
    await create(room, 'acme', 'a', { path: '/api/*' });
    await expect(create(room, 'other', 'b', { hosts: ['b.example.com'] })).rejects.toEqual(
      coded('hostless_conflict', '/route/hosts'),
    );
    await expect(create(room, 'other', 'b', { path: '/b' })).rejects.toEqual(
      coded('hosts_required', '/route/hosts'),
    );
    const { cert, key } = await makeCertificate();
    await expect(
      uploadCertificate(room, changeRequest(), 'other', { domain: 'api.example.com', cert, key }),
    ).rejects.toEqual(coded('hostless_conflict', '/domain'));
    await updateRoute(room, changeRequest(), 'acme', 'a', { hosts: ['a.example.com'] });
    await create(room, 'other', 'b', { hosts: ['b.example.com'] });
  });

  test('keeps everybody from routes without hosts once there are two tenants, until one is alone again', async () => {
    await create(room, 'acme', 'a', { hosts: ['a.example.com'] });
    await create(room, 'other', 'b', { hosts: ['b.example.com'] });
    for (const [tenant, id] of [
      ['acme', 'x'],
      ['other', 'y'],
      ['third', 'z'],
    ] as const) {
      await expect(create(room, tenant, id, { path: `/${id}` })).rejects.toEqual(
        coded('hosts_required', '/route/hosts'),
      );
    }
    await deleteRoute(room, changeRequest(), 'other', 'b');
    await create(room, 'acme', 'x', { path: '/x' });
  });

  test('finds the one other tenant among many claims', async () => {
    const open = changeRoom(store);
    for (let n = 0; n < 60; n++) {
      const hosts = Array.from({ length: 10 }, (_, i) => `h${n}-${i}.example.com`);
      await create(open, 'acme', `r${n}`, { hosts });
    }
    await create(room, 'acme', 'x', { path: '/x' });
    await deleteRoute(room, changeRequest(), 'acme', 'x');
    await create(open, 'other', 'last', { hosts: ['zz.example.com'] });
    await expect(create(room, 'acme', 'y', { path: '/y' })).rejects.toEqual(
      coded('hosts_required', '/route/hosts'),
    );
  });

  test('a race of a route without hosts with another tenant’s host has exactly one winner, 50 times', async () => {
    const nodes = [room, changeRoom(store, { hostlessRoutes: 'sole-tenant' })] as const;
    for (let round = 0; round < 50; round++) {
      const tries = [
        () => create(nodes[0], 'acme', `a${round}`, { path: '/api/*' }),
        () => create(nodes[1], 'other', `o${round}`, { hosts: ['o.example.com'] }),
      ];
      const outcomes = await Promise.allSettled(
        (round % 2 ? [...tries].reverse() : tries).map((attempt) => attempt()),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const lost = outcomes.find((outcome) => outcome.status === 'rejected')?.reason as Refusal;
      expect(['hosts_required', 'hostless_conflict']).toContain(lost.code);
      await deleteRoute(room, changeRequest(), 'acme', `a${round}`).catch(() => undefined);
      await deleteRoute(room, changeRequest(), 'other', `o${round}`).catch(() => undefined);
    }
  });
});
