/** What is written past Lockstep: found, shown without its secrets, and adopted, repaired or left. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../../test/support/change-room.ts';
import { makeCertificate } from '../../../test/support/certificates.ts';
import { FlakyStore, type TransactFault } from '../../../test/support/flaky-store.ts';
import { tenantRecord } from '../../../test/support/records.ts';
import type { Drift, DriftReport, OnDrift } from '../../contract/drift.ts';
import type { HistoryEntry, Kind } from '../../contract/record.ts';
import { turn } from '../../shared/async.ts';
import { revision as toRevision } from '../../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/embedded/embedded-store.ts';
import { uploadCertificate } from '../certificate.ts';
import type { ChangeRoom } from '../context.ts';
import { type DriftCheck, checkDrift } from './drift.ts';
import { readDriftReport } from './drift-report.ts';
import { type ProvenVersions } from './record-drift.ts';
import { ensureDirectories } from './repair.ts';
import { applyDefense, createRoute, deleteRoute, updateRoute } from '../route.ts';
import { setTenantConfig } from '../tenant-config.ts';

const certificate = await makeCertificate();
const ACME = KEYS.record('config', 'acme');
const ROUTE = KEYS.record('routes', 'r');
const SSL = KEYS.record('ssl', 'acme:api.example.com');

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
  await ensureDirectories(room);
  await setTenantConfig(room, changeRequest(), 'acme', { rate_limit: 10 });
  await setTenantConfig(room, changeRequest(), 'acme', { rate_limit: 20 });
  const spec = { id: 'r', path: '/a', upstream: 'http://backend', hosts: ['shop.example.com'] };
  await createRoute(room, changeRequest(), 'acme', spec);
  await applyDefense(room, changeRequest(), 'acme', 'r', { threat_threshold: 5 });
  const { cert, key } = certificate;
  await uploadCertificate(room, changeRequest(), 'acme', { domain: 'api.example.com', cert, key });
});

afterEach(() => store.close());

const check = (onDrift: OnDrift = 'repair', of: ChangeRoom = room): Promise<DriftCheck> =>
  checkDrift(of, { nodeId: 'n', onDrift });
const report = async (onDrift: OnDrift = 'repair'): Promise<DriftReport> =>
  (await check(onDrift)).report as DriftReport;
const put = (key: string, value: unknown) =>
  store.transact({
    guards: [],
    puts: [{ key, value: typeof value === 'string' ? value : JSON.stringify(value) }],
    deletes: [],
  });
const remove = (...deletes: string[]) => store.transact({ guards: [], puts: [], deletes });
const stored = async (key: string): Promise<Record<string, unknown>> =>
  JSON.parse((await contentsOf(store)).get(key) ?? 'null') as Record<string, unknown>;
const edit = async (key: string, fields: object): Promise<void> => {
  await put(key, { ...(await stored(key)), ...fields });
};
const entry = async (kind: Kind, id: string, version: number): Promise<HistoryEntry> =>
  (await stored(KEYS.history(kind, id, version))) as unknown as HistoryEntry;
/** All but the report, which moves with every look. */
const everything = async (): Promise<[string, string][]> =>
  [...(await contentsOf(store))].filter(([key]) => key !== KEYS.driftReport());
const named = (drifts: readonly Drift[]) => drifts.map(({ key, found, state }) => [key, found, state]);

test('a store as Lockstep left it has no drift, equal digests, and is not written to', async () => {
  await check();
  const before = await everything();
  const { left, repaired, left_total, digest, records } = await report();
  expect({ left, repaired, left_total, records }).toEqual({
    left: [],
    repaired: [],
    left_total: 0,
    records: 3,
  });
  expect(digest.found).toBe(digest.expected);
  expect(await everything()).toEqual(before);
  await setTenantConfig(room, changeRequest(), 'acme', { rate_limit: 21 });
  const later = await report();
  expect(later.digest.sources).not.toBe(digest.sources);
  expect(later.digest.expected).not.toBe(digest.expected);
});

test('changes that are made while the store is looked at are no drift', async () => {
  let going = true;
  const writer = (async () => {
    for (let n = 0; going; n++) {
      await setTenantConfig(room, changeRequest(), `t${n % 5}`, { rate_limit: n + 1 });
      await updateRoute(room, changeRequest(), 'acme', 'r', { priority: n % 100 });
      const spec = { id: 's', path: '/s', upstream: 'http://backend', hosts: [`h${n}.example.com`] };
      await createRoute(room, changeRequest(), 'acme', spec);
      await deleteRoute(room, changeRequest(), 'acme', 's');
      await turn();
    }
  })();
  const proven: ProvenVersions = new Map();
  for (let n = 0; n < 30; n++) {
    const { report: found, repairs } = await checkDrift(room, { nodeId: 'n', onDrift: 'repair', proven });
    expect([found?.left, found?.repaired, repairs]).toEqual([[], [], []]);
  }
  going = false;
  await writer;
});

describe('a record that was edited past Lockstep', () => {
  test('is adopted as the next version, with history, projection and who it was not', async () => {
    await edit(ACME, { rate_limit: 99 });
    const { repaired, left } = await report();
    expect(left).toEqual([]);
    expect(repaired).toMatchObject([
      {
        key: ACME,
        object: 'record',
        found: 'unversioned',
        state: 'repaired',
        differences: [{ pointer: '/rate_limit', expected: 20, found: 99 }],
      },
    ]);
    expect(await stored(ACME)).toMatchObject({ rate_limit: 99, version: 3, updated_by: 'lockstep-drift' });
    expect(await entry('config', 'acme', 3)).toMatchObject({
      action: 'update',
      by: 'lockstep-drift',
      reason: expect.stringContaining('past Lockstep') as string,
      record: { rate_limit: 99 },
      projected: [{ directory: 'cdn_defense/tenants', id: 'acme', op: 'put' }],
    });
    expect(await stored(KEYS.projected('cdn_defense/tenants', 'acme'))).toMatchObject({ rate_limit: 99 });
    expect((await check()).adopted).toBe(0);
  });

  test('also when it was set back to what an older version said, number and all', async () => {
    await put(ACME, (await entry('config', 'acme', 1)).record);
    expect(named((await report()).repaired)).toEqual([[ACME, 'unversioned', 'repaired']]);
    expect(await stored(ACME)).toMatchObject({ rate_limit: 10, version: 3 });
  });

  test('or that was made past Lockstep, becomes version 1, and its host its tenant’s', async () => {
    const key = KEYS.record('routes', 'made');
    await put(key, { ...(await stored(ROUTE)), id: 'made', hosts: ['made.example.com'], version: 7 });
    await put(KEYS.record('config', 'made'), tenantRecord('made', { rate_limit: 3 }));
    expect((await check()).adopted).toBe(2);
    expect(await stored(key)).toMatchObject({ version: 1, hosts: ['made.example.com'] });
    expect(await entry('config', 'made', 1)).toMatchObject({ action: 'create', record: { rate_limit: 3 } });
    expect(await stored(KEYS.projected('routes', 'made'))).toMatchObject({ hosts: ['made.example.com'] });
    const taken = { id: 'x', path: '/', upstream: 'http://backend', hosts: ['made.example.com'] };
    await expect(createRoute(room, changeRequest(), 'other', taken)).rejects.toMatchObject({
      code: 'domain_taken',
    });
  });

  test('and only sealed anew is the version it was', async () => {
    const before = await stored(SSL);
    await put(SSL, { ...before, sealed_key: before['sealed_key'], resealed_at: '2026-01-01T00:00:00.000Z' });
    expect((await report()).repaired).toEqual([]);
    expect((await report()).left).toEqual([]);
  });

  const REFUSED: [what: string, edit: () => Promise<void>, key: string, reason: RegExp][] = [
    [
      'to lead where no upstream may',
      () => edit(ROUTE, { upstream: 'http://169.254.169.254/' }),
      ROUTE,
      /^upstream_forbidden: /,
    ],
    ['to be another tenant’s', () => edit(ROUTE, { tenant_id: 'other' }), ROUTE, /^route_id_taken: /],
    [
      'to have another tenant’s host',
      async () => {
        const spec = { id: 'b', path: '/b', upstream: 'http://backend', hosts: ['b.example.com'] };
        await createRoute(room, changeRequest(), 'other', spec);
        await edit(ROUTE, { hosts: ['b.example.com'] });
      },
      ROUTE,
      /^domain_taken: /,
    ],
    [
      'and is a certificate',
      () => edit(SSL, { cert: '-----BEGIN CERTIFICATE-----\n' }),
      SSL,
      /upload the certificate/,
    ],
  ];

  test.each(REFUSED)(
    '%s is left and shown with the reason, and nothing follows it',
    async (_, change, key, reason) => {
      await change();
      const before = await everything();
      const { left, repaired } = await report();
      expect(left[0]).toMatchObject({
        key,
        found: 'unversioned',
        state: 'left',
        reason: expect.stringMatching(reason) as string,
      });
      for (const drift of left.slice(1)) expect(drift.reason).toBe('its record was not adopted');
      expect(repaired).toEqual([]);
      expect(await everything()).toEqual(before);
    },
  );

  test('so that it can’t be read is left, and nothing of it is shown', async () => {
    await put(ACME, '{"secret":"-----BEGIN PRIVATE KEY----- hunter2"');
    await put(KEYS.key('k1'), 'hunter2');
    const before = await everything();
    const found = await report();
    expect(named(found.left)).toEqual([
      [ACME, 'unreadable', 'left'],
      [KEYS.key('k1'), 'unreadable', 'left'],
    ]);
    expect(found.left[0]?.reason).toBe('not JSON');
    expect(JSON.stringify(found)).not.toContain('hunter2');
    expect(await everything()).toEqual(before);
  });
});

describe('a record that was deleted past Lockstep', () => {
  test.each([
    ['config', 'acme', 2],
    ['routes', 'r', 2],
    ['ssl', 'acme:api.example.com', 1],
  ] as const)(
    '(%s) gets the version its history lacks, and nothing of it stays',
    async (kind, id, version) => {
      await remove(KEYS.record(kind, id));
      const { repaired, left } = await report();
      expect(left).toEqual([]);
      expect(named(repaired)).toEqual([[KEYS.record(kind, id), 'unversioned', 'repaired']]);
      expect(repaired[0]?.differences).toMatchObject([{ pointer: '', expected: { version } }]);
      expect(await entry(kind, id, version + 1)).toMatchObject({ action: 'delete', by: 'lockstep-drift' });
      const keys = [...(await contentsOf(store)).keys()];
      expect(keys.filter((key) => key.startsWith(KEYS.claims()) && key.endsWith(`${kind}:${id}`))).toEqual(
        [],
      );
      expect(await report()).toMatchObject({ left: [], left_total: 0 });
    },
  );
});

describe('a claim', () => {
  test('that was put into another tenant’s name is its record’s again', async () => {
    const [key] = [...(await contentsOf(store)).keys()].filter(
      (each) => each.startsWith(KEYS.claims()) && each.endsWith('routes:r'),
    );
    await put(key as string, { tenant_id: 'other' });
    const { repaired, left } = await report();
    expect(left).toEqual([]);
    expect(named(repaired)).toEqual([[key, 'different', 'repaired']]);
    expect(JSON.parse((await contentsOf(store)).get(key as string) ?? '')).toEqual({ tenant_id: 'acme' });
  });
});

describe('when drift is only to be reported', () => {
  test('every byte stays, and all of it is shown', async () => {
    await edit(ACME, { rate_limit: 99 });
    await remove(KEYS.record('routes', 'r'));
    await edit(KEYS.projected('ssls', 'api.example.com'), { snis: ['evil.example.com'] });
    await put(KEYS.projected('cdn_defense/policies', 'nobody'), { id: 'nobody' });
    await put(KEYS.claim('hosts', ['com', 'x'], false, 'routes:nobody'), { tenant_id: 'acme' });
    const before = await everything();
    const { left, left_total, repaired, digest } = await report('report');
    expect(await everything()).toEqual(before);
    expect(repaired).toEqual([]);
    expect(left_total).toBe(left.length);
    expect(digest.found).not.toBe(digest.expected);
    expect(named(left)).toEqual(
      expect.arrayContaining([
        [ACME, 'unversioned', 'left'],
        [ROUTE, 'unversioned', 'left'],
        [KEYS.projected('cdn_defense/tenants', 'acme'), 'different', 'left'],
        [KEYS.projected('routes', 'r'), 'orphan', 'left'],
        [KEYS.projected('cdn_defense/policies', 'r'), 'orphan', 'left'],
        [KEYS.projected('ssls', 'api.example.com'), 'different', 'left'],
        [KEYS.projected('cdn_defense/policies', 'nobody'), 'orphan', 'left'],
        [KEYS.claim('hosts', ['com', 'x'], false, 'routes:nobody'), 'orphan', 'left'],
      ]),
    );
  });

  test('what stays keeps the time at which it was first found, over leaders too, until it is repaired', async () => {
    await edit(KEYS.projected('cdn_defense/tenants', 'acme'), { rate_limit: 1 });
    let now = Date.parse('2026-01-01T00:00:00.000Z');
    const clock = { now: () => now, monotonic: () => now };
    const at = changeRoom(store, { clock });
    const first = (await check('report', at)).report;
    expect(first?.left[0]?.since).toBe('2026-01-01T00:00:00.000Z');
    now += 60_000;
    expect((await check('report', changeRoom(store, { clock }))).report?.left[0]?.since).toBe(
      first?.left[0]?.since,
    );
    now += 60_000;
    const { report: last } = await check('repair', changeRoom(store, { clock, sealer: room.sealer }));
    expect(last?.repaired).toMatchObject([
      { since: '2026-01-01T00:00:00.000Z', repaired_at: '2026-01-01T00:02:00.000Z', state: 'repaired' },
    ]);
    expect(await readDriftReport(room)).toEqual(last);
  });
});

describe('a report', () => {
  test('shows no key material of whatever was edited', async () => {
    const ssl = KEYS.projected('ssls', 'api.example.com');
    const { key } = certificate;
    const other = { extra: key, keys: [key], key: 'Zm9v', odd: 'c2VjcmV0IG9mIHNvbWVib2R5' };
    await edit(ssl, other);
    await put(KEYS.projected('ssls', 'planted'), {
      ...other,
      id: 'planted',
      labels: { 'managed-by': 'lockstep' },
    });
    await put(KEYS.projected('cdn_defense/keyring', 'k'), {
      id: 'k',
      secret: 'c2VjcmV0IG9mIHNvbWVib2R5',
      odd: 'Zm9v',
    });
    await edit(KEYS.projected('routes', 'r'), { plugins: { x: { password: 'Zm9v', note: key } } });
    await edit(ACME, { note: key, token: 'Zm9v' });
    const text = JSON.stringify([await report('report'), await report()]);
    for (const secret of ['PRIVATE KEY', 'Zm9v', 'c2VjcmV0', key.split('\n')[2] ?? '?']) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('[redacted]');
  });

  test('is bounded, whatever was done to the store', async () => {
    const body = 'x'.repeat(200);
    for (let from = 0; from < 600; from += 100) {
      const puts = Array.from({ length: 100 }, (_, n) => ({
        key: KEYS.projected('cdn_defense/policies', `p${from + n}`),
        value: JSON.stringify(Object.fromEntries(Array.from({ length: 30 }, (__, i) => [`m${i}`, body]))),
      }));
      await store.transact({ guards: [], puts, deletes: [] });
    }
    const { left, left_total } = await report('report');
    expect([left.length, left_total]).toEqual([200, 600]);
    await check();
    const { repaired } = await report();
    expect(repaired).toHaveLength(100);
    const text = (await contentsOf(store)).get(KEYS.driftReport()) ?? '';
    expect(text.length).toBeLessThan(600_000);
  });
});

describe('a leader whose term is over', () => {
  const KEY = KEYS.leader('drift');
  const spoilAll = async () => {
    await edit(ACME, { rate_limit: 99 });
    await edit(KEYS.projected('routes', 'r'), { uris: ['/evil'] });
    await put(KEYS.projected('cdn_defense/policies', 'nobody'), { id: 'nobody' });
    await put(KEYS.claim('hosts', ['com', 'x'], false, 'routes:nobody'), { tenant_id: 'acme' });
  };

  test('repairs, adopts and reports nothing, however far it has got', async () => {
    const elected = await put(KEY, 'me');
    const fence = { key: KEY, createRevision: elected.revision };
    await spoilAll();
    await remove(KEY);
    await put(KEY, 'another');
    const before = [...(await contentsOf(store))];
    const checked = await checkDrift(room, { nodeId: 'n', onDrift: 'repair', fence });
    expect(checked.report).toBeUndefined();
    expect(checked.adopted).toBe(0);
    expect(checked.repairs.every(({ repaired }) => !repaired)).toBe(true);
    expect([...(await contentsOf(store))]).toEqual(before);
  });

  test('and was paused in the midst of it writes nothing more', async () => {
    const elected = await put(KEY, 'me');
    const fence = { key: KEY, createRevision: elected.revision };
    await spoilAll();
    const view = new FlakyStore(store);
    let writes = 0;
    let after: [string, string][] = [];
    view.transactFault = async (): Promise<TransactFault> => {
      writes += 1;
      if (writes === 2) {
        await remove(KEY);
        await put(KEY, 'another');
        after = [...(await contentsOf(store))];
      }
      return 'none';
    };
    const paused = changeRoom(view, { sealer: room.sealer });
    await checkDrift(paused, { nodeId: 'n', onDrift: 'repair', fence });
    expect(writes).toBeGreaterThan(2);
    expect([...(await contentsOf(store))]).toEqual(after);
  });
});

test('a compaction that overtakes a look ends it without a word of drift', async () => {
  const view = new FlakyStore(store);
  let ranges = 0;
  view.beforeRange = async () => {
    ranges += 1;
    if (ranges !== 20) return;
    const { revision } = await setTenantConfig(room, changeRequest(), 'acme', { rate_limit: 77 });
    await setTenantConfig(room, changeRequest(), 'acme', { rate_limit: 78 });
    store.compact(toRevision(revision ?? 0));
  };
  const looking = checkDrift(changeRoom(view, { sealer: room.sealer }), { nodeId: 'n', onDrift: 'repair' });
  await expect(looking).rejects.toMatchObject({ name: 'CompactedError' });
  expect(await readDriftReport(room)).toBeUndefined();
});
