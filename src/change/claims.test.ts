/** Hosts and paths belong to one tenant at a time, whoever is first, under any race. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { changeRequest, changeRoom, livingKeys } from '../../test/support/change-room.ts';
import type { Refusal } from '../contract/errors.ts';
import { hostPlace, routeClaims } from '../domain/claim.ts';
import type { ClaimPlace } from '../domain/claim.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { deleteCertificate, uploadCertificate } from './certificate.ts';
import type { ChangeRoom } from './context.ts';
import { applyDefense, createRoute, deleteRoute, removeDefense, updateRoute } from './route.ts';
import { deleteTenantConfig, setTenantConfig } from './tenant-config.ts';

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
});

afterEach(() => store.close());

const upstream = 'http://backend';
const create = (through: ChangeRoom, tenant: string, id: string, spec: { path?: string; hosts?: string[] }) =>
  createRoute(through, changeRequest(), tenant, { id, path: '/', upstream, ...spec });

/** What the rule says, place by place and with no store: the same place, or one that covers the other. */
const overlapsNaively = (a: ClaimPlace, b: ClaimPlace): boolean => {
  const covers = (wide: ClaimPlace, narrow: ClaimPlace): boolean =>
    wide.wildcard &&
    narrow.labels.length >= wide.labels.length &&
    wide.labels.every((label, i) => label === narrow.labels[i]) &&
    (narrow.labels.length > wide.labels.length || narrow.wildcard);
  const same = a.wildcard === b.wildcard && JSON.stringify(a.labels) === JSON.stringify(b.labels);
  return a.space === b.space && (same || covers(a, b) || covers(b, a));
};

describe('the rule', () => {
  const label = fc.constantFrom('a', 'b', 'com');
  const host = fc
    .tuple(fc.boolean(), fc.array(label, { maxLength: 3 }))
    .map(([wildcard, labels]) => (wildcard ? '*.' : '') + [...labels, 'example', 'com'].join('.'));
  const path = fc
    .tuple(fc.boolean(), fc.array(label, { maxLength: 3 }))
    .map(([prefix, labels]) => `/${labels.join('/')}${prefix ? (labels.length ? '/*' : '*') : ''}`);
  const spec = fc.oneof(
    fc.record({ hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 3 }) }),
    fc.record({ path }),
  );

  test('overlapping is symmetric, and every host overlaps itself', () => {
    fc.assert(
      fc.property(host, host, (a, b) => {
        expect(overlapsNaively(hostPlace(a), hostPlace(b))).toBe(overlapsNaively(hostPlace(b), hostPlace(a)));
        expect(overlapsNaively(hostPlace(a), hostPlace(a))).toBe(true);
      }),
    );
  });

  test('the store decides as a naive comparison of all claims with all would', async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('acme', 'other', 'third'), spec, fc.nat(9)), {
      maxLength: 14,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const own = await openEmbeddedStore({});
        const through = changeRoom(own);
        const held = new Map<string, { tenant: string; places: ClaimPlace[] }>();
        for (const [tenant, fields, n] of sequence) {
          const id = `r${n}`;
          const holder = held.get(id);
          if (holder) {
            await deleteRoute(through, changeRequest(), holder.tenant, id);
            held.delete(id);
            continue;
          }
          const places = routeClaims({ path: '/', ...fields });
          const free = [...held.values()].every(
            (each) =>
              each.tenant === tenant || !each.places.some((p) => places.some((q) => overlapsNaively(p, q))),
          );
          const created = await create(through, tenant, id, fields).then(
            () => true,
            (error: Refusal) => (expect(error.code).toMatch(/^(domain|path)_taken$/), false),
          );
          expect(created).toBe(free);
          if (created) held.set(id, { tenant, places });
        }
        await own.close();
      }),
      { numRuns: 150 },
    );
  }, 30_000);
});

describe('races of two tenants', () => {
  test.each<[name: string, acme: object, other: object]>([
    ['one host', { hosts: ['a.example.com'] }, { hosts: ['a.example.com'] }],
    ['a wildcard and a host beneath it', { hosts: ['*.example.com'] }, { hosts: ['a.example.com'] }],
    ['a wildcard and one deeper', { hosts: ['*.example.com'] }, { hosts: ['*.b.example.com'] }],
    ['a path and its prefix', { path: '/api/*' }, { path: '/api/v1' }],
    ['a prefix and its base', { path: '/api/*' }, { path: '/api' }],
    ['everything and something', { path: '/*' }, { path: '/x/y/*' }],
  ])('for %s have exactly one winner, 50 times', async (_, acme, other) => {
    const nodes = [changeRoom(store), changeRoom(store)] as const;
    for (let round = 0; round < 50; round++) {
      const order = round % 2 === 0;
      const tries = [
        () => create(nodes[0], 'acme', `acme-${round}`, acme),
        () => create(nodes[1], 'other', `other-${round}`, other),
      ];
      const outcomes = await Promise.allSettled(
        (order ? tries : [...tries].reverse()).map((attempt) => attempt()),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const won = (outcomes[0]?.status === 'fulfilled') === order ? 'acme' : 'other';
      await deleteRoute(room, changeRequest(), won, `${won}-${round}`);
    }
    expect(await livingKeys(store)).toEqual([]);
  });

  test('for one route id have exactly one winner, 50 times', async () => {
    for (let round = 0; round < 50; round++) {
      const outcomes = await Promise.allSettled(
        ['acme', 'other', 'third'].map((tenant) =>
          create(changeRoom(store), tenant, `r${round}`, { hosts: [`${tenant}-${round}.example.com`] }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  test('a host given up while another tenant takes it changes hands or stays, and is never lost or doubled', async () => {
    for (let round = 0; round < 50; round++) {
      const host = `h${round}.example.com`;
      await create(room, 'acme', `a${round}`, { hosts: [host] });
      const [deleted, taken] = await Promise.allSettled([
        deleteRoute(changeRoom(store), changeRequest(), 'acme', `a${round}`),
        create(changeRoom(store), 'other', `o${round}`, { hosts: [host] }),
      ]);
      expect(deleted.status).toBe('fulfilled');
      const claims = (await livingKeys(store)).filter((key) =>
        key.includes(`/claims/hosts/-com/-example/-h${round}/`),
      );
      expect(claims).toHaveLength(taken.status === 'fulfilled' ? 1 : 0);
    }
  });

  test('a certificate and another tenant’s route compete for one host', async () => {
    const { cert, key } = await makeCertificate({ names: ['*.example.com'] });
    const upload = { domain: '*.example.com', cert, key };
    await uploadCertificate(room, changeRequest(), 'acme', upload);
    await expect(create(room, 'other', 'r', { hosts: ['a.example.com'] })).rejects.toMatchObject({
      code: 'domain_taken',
    });
    expect(await create(room, 'acme', 'r', { hosts: ['a.example.com'] })).toMatchObject({
      edits: [{ version: 1 }],
    });
    await deleteCertificate(room, changeRequest(), 'acme', 'acme:*.example.com');
    await expect(uploadCertificate(room, changeRequest(), 'other', upload)).rejects.toMatchObject({
      code: 'domain_taken',
    });
    await deleteRoute(room, changeRequest(), 'acme', 'r');
    await uploadCertificate(room, changeRequest(), 'other', upload);
  });
});

describe('deletes', () => {
  test('leave nothing of a route, its hosts, its defense, a config and a certificate but their history', async () => {
    const before = await livingKeys(store);
    const { cert, key } = await makeCertificate({ names: ['*.acme.example'] });
    const spec = { id: 'r', path: '/a/*', upstream, hosts: ['a.acme.example', '*.b.acme.example'] };
    await setTenantConfig(room, changeRequest(), 'acme', { threat_threshold: 5 });
    await createRoute(room, changeRequest(), 'acme', spec);
    await applyDefense(room, changeRequest(), 'acme', 'r', { enabled: true });
    await uploadCertificate(room, changeRequest(), 'acme', { domain: '*.acme.example', cert, key });
    expect(await livingKeys(store)).toHaveLength(before.length + 10);
    await deleteCertificate(room, changeRequest(), 'acme', 'acme:*.acme.example');
    await deleteRoute(room, changeRequest(), 'acme', 'r');
    await deleteTenantConfig(room, changeRequest(), 'acme');
    expect(await livingKeys(store)).toEqual(before);
  });

  test('of hosts, of all hosts, and of the defense leave nothing of these', async () => {
    const id = 'r';
    await create(room, 'acme', id, { path: '/a/*' });
    const hostless = await livingKeys(store);
    await updateRoute(room, changeRequest(), 'acme', id, { hosts: ['a.example.com', 'b.example.com'] });
    await updateRoute(room, changeRequest(), 'acme', id, { hosts: ['b.example.com'] });
    expect((await livingKeys(store)).filter((key) => key.includes('/claims/'))).toEqual([
      '/cdn-defense/claims/hosts/-com/-example/-b/./routes:r',
    ]);
    await updateRoute(room, changeRequest(), 'acme', id, { hosts: null });
    expect(await livingKeys(store)).toEqual(hostless);
    await applyDefense(room, changeRequest(), 'acme', id, {});
    await removeDefense(room, changeRequest(), 'acme', id);
    expect(await livingKeys(store)).toEqual(hostless);
  });
});
