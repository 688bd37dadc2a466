/** Master keys over HTTP. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Sealer } from '../../src/change/keys/sealer.ts';
import { makeCertificate } from '../support/certificates.ts';
import { TENANT, startFleet } from '../support/control-plane.ts';
import { expectRefused } from '../support/refused.ts';
import { until } from '../support/until.ts';

test('a rotation is begun on any node, shown on it, and counted', async () => {
  const sealer = new Sealer(randomBytes(32), [randomBytes(32)]);
  const fleet = await startFleet({ nodes: 2, sealer });
  const { cert, key } = await makeCertificate();
  const body = { domain: 'api.example.com', cert, key };
  const uploaded = await fleet.call('POST', '/global-ssl', { tenant: TENANT, body });
  expect(uploaded.status).toBe(201);
  const begun = await fleet.callNode(1, 'POST', '/keys/rotate');
  expect(begun).toMatchObject({ status: 202, body: { message: `正在以主密钥 ${sealer.kid} 重新加密` } });
  const status = async () => (await fleet.callNode(1, 'GET', '/keys?count=true')).body;
  await until('it has ended', async () => (await status())['rotation']?.['ended_at' as never] !== undefined);
  const nodes = [1, 2].map((n) => ({ node_id: `node-${n}`, master_keys: sealer.kids }));
  expect(await status()).toMatchObject({
    node_id: 'node-2',
    kid: sealer.kid,
    nodes,
    // A certificate, its one version, a challenge key.
    sealed: [{ kid: sealer.kid, count: 3 }],
    rotation: { state: 'done', kid: sealer.kid, resealed: 0, unreadable: 0, unreadable_keys: [] },
  });
  const elsewhere = await fleet.call('GET', '/keys');
  expect(elsewhere.body).toMatchObject({ node_id: 'node-1', rotation: { state: 'idle' } });
  expect(elsewhere.body).not.toHaveProperty('sealed');
  const etag = async () =>
    (await fleet.call('GET', `/global-ssl/${TENANT}:api.example.com`, { tenant: TENANT })).body;
  expect(await etag()).toMatchObject({ certificate: { version: 1, revision: uploaded.body.revision } });
  await fleet.dispose();
});

test('without a master key there is nothing to rotate', async () => {
  const fleet = await startFleet({ sealer: undefined });
  expectRefused(await fleet.call('POST', '/keys/rotate'), { code: 'master_key_missing', pointer: '' });
  expect((await fleet.call('GET', '/keys?count=true')).body).toMatchObject({
    kid: null,
    nodes: [{ node_id: 'node-1', master_keys: [] }],
    sealed: [],
  });
  await fleet.dispose();
});
