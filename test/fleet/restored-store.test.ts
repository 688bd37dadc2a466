/** Gateways, and what they proved, when the store is restored from a backup or turns out to be another one. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { TENANT, startLate } from '../support/control-plane.ts';
import { until } from '../support/until.ts';
import { ProtocolGateway } from './protocol-gateway.ts';
import { useTwoNodes } from './two-nodes.ts';

const pair = useTwoNodes();
const { url, setConfig, gateway, stateOf, joined } = pair;

const EMBEDDED_2 = { id: 'edge-2', kind: 'embedded' as const };

describe('when the store turns out to be another one', () => {
  /** Everything in it is as in the first, at other revisions and under another cluster id. */
  const restore = async (): Promise<EmbeddedStore> => {
    const other = await openEmbeddedStore({});
    // After the hooks: the nodes end first.
    onTestFinished(() => other.close());
    for (const [key, value] of await pair.fleet.contents())
      await other.transact({ guards: [], puts: [{ key, value }], deletes: [] });
    for (const view of pair.fleet.seen) view.become(other);
    await until('every node has read it', async () => {
      const { clusterId } = await other.range({ key: '/any' });
      return pair.fleet.nodes.every(
        ({ node }) => node.cache.snapshot()?.stamp.clusterId === clusterId && node.reflector.status().current,
      );
    });
    return other;
  };

  test('nothing counts that was proved before; a gateway that follows proves it anew', async () => {
    const one = await joined('edge-1', { kind: 'embedded' });
    const before = one.proved;
    await restore();
    const { answer } = await one.heartbeat(url(), { proved: before });
    expect(answer.proved).toBeNull();
    expect(answer.cluster_id).not.toBe(before?.cluster_id);
    await one.catchUp(url());
    expect(await gateway('edge-1')).toMatchObject({ state: 'synced' });
  });

  test('and holds what nodes said, with its leases, every node sees the gateways of all others again', async () => {
    const all = [await joined('edge-1', { kind: 'embedded' }), new ProtocolGateway(EMBEDDED_2)];
    await all[1]?.catchUp(url(1));
    for (const n of [0, 1])
      for (const id of ['edge-1', 'edge-2'])
        await until('the nodes know', async () => (await stateOf(id, n)) === 'synced');
    await restore();
    for (const n of [0, 1])
      for (const id of ['edge-1', 'edge-2'])
        await until('the nodes know who is there', async () => (await gateway(id, n)) !== undefined);
    const reply = await pair.fleet.call('POST', '/global-config/tenant?wait=fleet&timeout_ms=100', {
      tenant: TENANT,
      body: { config: { threat_threshold: 8 } },
    });
    expect([reply.status, reply.body['fleet']]).toMatchObject([202, { gateways: { known: 2 } }]);
    for (const [n, one] of all.entries()) await one.catchUp(url(n));
    for (const n of [0, 1])
      for (const id of ['edge-1', 'edge-2'])
        await until('the nodes know', async () => (await stateOf(id, n)) === 'synced');
  });

  test('an APISIX, which does not notice, proves nothing before it is started anew, at any node', async () => {
    await setConfig(5);
    const one = await joined();
    await until('the other node knows', async () => (await stateOf('edge-1', 1)) === 'synced');
    const other = await restore();
    for (const n of [0, 1]) {
      const { answer } = await one.heartbeat(url(n));
      expect([answer.proved, answer.prove]).toEqual([null, []]);
      expect((await one.tellAll(url(n), one.asked)).answer.states).toContain('pending');
      expect(await stateOf('edge-1', n)).toBe('unknown');
    }
    const late = await startLate(other, pair.fleet.keys);
    await until('a node knows that is started later', () => late.node.fleet.gateways().length === 1);
    await until('it is ready', async () => (await one.heartbeat(late.url)).status === 200);
    expect((await one.heartbeat(late.url)).answer).toMatchObject({ proved: null, prove: [] });
    expect(late.node.fleet.gateways()).toMatchObject([{ state: 'unknown', node_id: 'late' }]);
    await late.dispose();
    const again = await joined();
    expect(again.asked.length).toBeGreaterThan(0);
    expect(await gateway('edge-1')).toMatchObject({ state: 'synced' });
  });
});
