import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
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
