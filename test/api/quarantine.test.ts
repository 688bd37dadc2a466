import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { makeCertificate } from '../support/certificates.ts';
import { until } from '../support/until.ts';

const PATH = '/global-config/tenant';

let fleet: Fleet;

beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.dispose());

const spoil = async (tenant: string): Promise<void> => {
  const puts = [{ key: fleet.keys.record('config', tenant), value: 'oops' }];
  await fleet.store.transact({ guards: [], puts, deletes: [] });
  await until('it is quarantined', () => fleet.nodes[0]?.node.cache.snapshot()?.quarantined.size === 1);
};

test('a config spoilt by hand is served as it was last good, and not called synced', async () => {
  await fleet.call('POST', PATH, { tenant: TENANT, body: { config: { threat_threshold: 7 } } });
  await fleet.quiet();
  await spoil(TENANT);
  const { status, body } = await fleet.call('GET', PATH, { tenant: TENANT });
  expect({ status, ...body }).toMatchObject({
    status: 200,
    config: { threat_threshold: 7 },
    synced: false,
    quarantined: 'not JSON',
  });
});

test('a config that was never good is not called missing; writing it anew mends it', async () => {
  await spoil('never-good');
  const { status, body } = await fleet.call('GET', PATH, { tenant: 'never-good' });
  expect({ status, ...body }).toMatchObject({ status: 503, code: 'record_unreadable' });
  const written = await fleet.call('POST', PATH, { tenant: 'never-good', body: { config: {} } });
  expect(written.status).toBe(200);
  expect((await fleet.call('GET', PATH, { tenant: 'never-good' })).body).toMatchObject({
    config: {},
    version: 1,
  });
});

test.each([
  ['another tenant', { tenant_id: 'aaa' }, 'it says it is aaa:shop.example.com'],
  ['another domain', { domain: 'other.example.com' }, 'it says it is bbb:other.example.com'],
])(
  'a certificate that says it is of %s than its key and id do is shown to nobody else',
  async (_, own, reason) => {
    const { cert, key } = await makeCertificate({ names: ['shop.example.com'] });
    const body = { domain: 'shop.example.com', cert, key };
    expect((await fleet.call('POST', '/global-ssl', { tenant: 'bbb', body })).status).toBe(201);
    const id = 'bbb:shop.example.com';
    const at = fleet.keys.record('ssl', id);
    const stored = JSON.parse((await fleet.contents()).get(at) ?? '') as object;
    const puts = [{ key: at, value: JSON.stringify({ ...stored, ...own }) }];
    await fleet.store.transact({ guards: [], puts, deletes: [] });
    const snapshot = () => fleet.nodes[0]?.node.cache.snapshot();
    await until('it is quarantined', () => snapshot()?.quarantined.get(at)?.reason === reason);
    expect((await fleet.call('GET', '/global-ssl', { tenant: 'aaa' })).body.total).toBe(0);
    const { status, text } = await fleet.call('GET', '/global-ssl', { tenant: 'bbb' });
    expect({ status, text }).toEqual({
      status: 200,
      text: expect.stringContaining('"domain":"shop.example.com"') as string,
    });
  },
);
