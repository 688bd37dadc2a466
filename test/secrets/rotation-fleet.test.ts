/** Gateways have nothing to prove when the master key changes: nothing of theirs was written. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { resealAll } from '../../src/change/keys/reseal.ts';
import { Sealer } from '../../src/change/keys/sealer.ts';
import { NO_REVISION } from '../../src/shared/revision.ts';
import { startControlPlane } from '../../src/compose/control-plane.ts';
import { silentLog } from '../../src/shared/log.ts';
import { ProtocolGateway } from '../fleet/protocol-gateway.ts';
import { makeCertificate } from '../support/certificates.ts';
import { TENANT, startFleet } from '../support/control-plane.ts';
import { httpCall } from '../support/http-call.ts';
import { until } from '../support/until.ts';

test('sealing everything anew asks nothing of a gateway, and later changes are proved as before', async () => {
  const old = randomBytes(32);
  const sealer = new Sealer(old);
  const fleet = await startFleet({ sealer });
  const upload = async (): Promise<number> => {
    const { cert, key } = await makeCertificate();
    const body = { domain: 'api.example.com', cert, key };
    return (await fleet.call('POST', '/global-ssl', { tenant: TENANT, body })).body.revision;
  };
  await upload();
  // A node that knows the challenge keys from a listing only.
  const node = await startControlPlane({
    nodeId: 'node-2',
    host: '127.0.0.1',
    port: 0,
    store: fleet.store,
    keys: fleet.keys,
    sealer,
    upstreams: { privateRanges: [], reserved: [] },
    gate: { mode: 'off' },
    version: '0.0.0-test',
    log: silentLog,
  });
  const { url } = node;
  const gateway = new ProtocolGateway({ id: 'edge-1' });
  await until('the node is ready', async () => (await gateway.heartbeat(url)).status === 200);
  await gateway.catchUp(url);

  const room = { ...node.node.changes, sealer: new Sealer(randomBytes(32), [old]) };
  const fence = { key: fleet.keys.leader('rotation'), modRevision: NO_REVISION };
  let resealed = 0;
  await resealAll(room, { fence, signal: new AbortController().signal }, (told) => ({ resealed } = told));
  expect(resealed).toBe(3);
  const { revision: sealed } = await fleet.store.range({ key: fleet.keys.source });
  await node.node.reflector.reached(sealed, 5_000);
  const { answer } = await gateway.heartbeat(url, { hold_ms: 200 });
  expect(answer.prove).toEqual([]);
  expect((await httpCall(url, 'GET', '/fleet')).body).toMatchObject({
    gateways: [{ gateway_id: 'edge-1', state: 'synced' }],
  });

  const revision = await upload();
  const asked = (await gateway.heartbeat(url, { hold_ms: 1_000 })).answer.prove;
  expect(asked).toEqual([{ directory: 'ssls', id: 'api.example.com', revision, op: 'put' }]);
  await node.dispose();
  await fleet.dispose();
});
