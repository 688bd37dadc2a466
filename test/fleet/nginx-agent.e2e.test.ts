import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProveItem } from '../../src/contract/fleet.ts';
import { type NginxGateway, startNginxGateway } from '../engine/nginx-gateway.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { until } from '../support/until.ts';
import { GatewayKeys, routeTo } from './gateway-keys.ts';
import { ScriptedNode } from './scripted-node.ts';

const nginxRoot = unpackedNginx();
const TOKEN = 'a-gateway-token';

/** The real agent in nginx workers on a real etcd. The node is the test's own; APISIX's place takes a harness. */
describe.skipIf(nginxRoot === undefined)('the receipts agent of APISIX', () => {
  let etcd: EtcdCluster;
  let keys: GatewayKeys;
  let origin: Server;
  let port: number;
  let node: ScriptedNode;
  let gateway: NginxGateway;

  beforeAll(async () => {
    etcd = await startEtcd();
    keys = new GatewayKeys(etcd);
    await keys.prepare();
    origin = createServer((request, response) => response.end(`origin ${request.url}`));
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    port = (origin.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await new Promise((resolve) => origin.close(resolve));
    await etcd.stop();
  });
  beforeEach(async () => {
    node = await ScriptedNode.start(TOKEN);
    gateway = await startNginxGateway({
      nginxRoot: nginxRoot ?? '',
      id: 'edge-1',
      etcd: etcd.endpoints,
      controlUrls: [node.url],
      token: TOKEN,
    });
  });
  afterEach(async () => {
    await gateway.dispose();
    await node.stop();
    expect(node.invalid).toEqual([]);
  });

  const heartbeats = (count: number): Promise<void> =>
    until(`${count} heartbeats`, () => node.heartbeats.length >= count);

  it('says who it is: every worker, the version, and that each worker has loaded cdn_defense', async () => {
    await heartbeats(1);
    expect(node.last).toMatchObject({
      gateway_id: 'edge-1',
      kind: 'apisix',
      version: '3.18.0',
      plugin: { loaded: true },
      proved: null,
    });
    expect(node.last.workers.map(({ pid }) => pid).sort()).toEqual([...gateway.workers()].sort());
    node.proved = { cluster_id: node.clusterId, revision: 7 };
    await until('the grant comes back', () => node.last.proved?.revision === 7);
  });

  it('proves what it loaded long before it was asked', async () => {
    const items = [];
    for (let n = 0; n < 2_500; n++)
      items.push(await keys.put('cdn_defense/tenants', `old-${n}`, { id: `old-${n}` }));
    // Notes of events are kept for 15 s; a gateway that has just started has none of these.
    await gateway.reload();
    node.prove(...items);
    const applied = () => node.told.filter(({ state }) => state === 'applied');
    await until('all are proved', () => applied().length >= items.length, 20_000);
    expect(new Set(applied().map(({ receipt }) => receipt.id)).size).toBe(items.length);
    expect(applied().every(({ receipt }) => receipt.workers.length === 2)).toBe(true);
  });

  it('loses nothing that is written while it starts', async () => {
    let writing = true;
    const written = new Map<string, ProveItem>();
    const writer = (async () => {
      for (let n = 0; writing; n++) {
        const id = `during-${n % 100}`;
        written.set(id, await keys.put('cdn_defense/policies', id, { id, n }));
      }
    })();
    await gateway.reload();
    const since = node.heartbeats.length;
    await until('the new workers speak', () => node.heartbeats.length > since + 1);
    writing = false;
    await writer;
    node.prove(...written.values());
    for (const item of written.values()) await node.receipt(item, ['applied']);
  });

  it('merges what it is asked: of one object the newest revision counts', async () => {
    const older = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', rate_limit: 1 });
    const newer = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', rate_limit: 2 });
    const removed = await keys.put('cdn_defense/tenants', 'gone', { id: 'gone' });
    const removal = await keys.delete('cdn_defense/tenants', 'gone');
    node.prove(newer, removal);
    await node.receipt(newer, ['applied']);
    await node.receipt(removal, ['deleted']);
    node.prove(older, removed);
    await node.receipt(older, ['superseded']);
    // An object that is gone was never refused, but a node asks for its deletion, not for what was before.
    await node.receipt(removed, ['rejected']);
  });

  it('says why an object was refused, what is live instead, and stops saying so once it is put right', async () => {
    const good = await keys.put('routes', 'r1', routeTo(port, 'r1'));
    node.prove(good);
    await node.receipt(good, ['applied']);
    const bad = await keys.put('routes', 'r1', { ...routeTo(port, 'r1'), surprise: 1 });
    node.prove(bad);
    const { receipt } = await node.receipt(bad, ['rejected']);
    expect(receipt.reason).toMatch(/surprise/);
    expect(receipt.workers.map(({ loaded }) => loaded)).toEqual([good.revision, good.revision]);
    expect((await gateway.everyWorker('/r1')).map(({ text }) => text)).toEqual(['origin /r1', 'origin /r1']);
    const fixed = await keys.put('routes', 'r1', routeTo(port, 'r1', { desc: 'fixed' }));
    node.prove(fixed);
    expect((await node.receipt(fixed, ['applied'])).receipt.reason).toBeUndefined();
  });

  it('keeps the parameters before those of a wrong type', async () => {
    const good = await keys.put('cdn_defense/tenants', 'typed', { id: 'typed', deny: ['203.0.113.0/24'] });
    node.prove(good);
    await node.receipt(good, ['applied']);
    const bad = await keys.put('cdn_defense/tenants', 'typed', { id: 'typed', deny: '203.0.113.0/24' });
    node.prove(bad);
    const { receipt } = await node.receipt(bad, ['rejected']);
    expect(receipt.reason).toBe('property "deny" is not valid');
    expect(receipt.workers.map(({ loaded }) => loaded)).toEqual([good.revision, good.revision]);
  });

  it.each([
    ['without a route', { tenant: 'acme' }],
    ['with more than names', { tenant: 'acme', route: 'r4', mode: 'observe' }],
  ])('rejects a route whose defense is %s, as the embedded gateway does', async (_what, cdn_defense) => {
    const bad = await keys.put('routes', 'r4', routeTo(port, 'r4', { plugins: { cdn_defense } }));
    node.prove(bad);
    const { receipt } = await node.receipt(bad, ['rejected']);
    expect(receipt.reason).toMatch(/cdn_defense/);
    expect((await gateway.everyWorker('/r4')).map(({ status }) => status)).toEqual([404, 404]);
  });

  it('says that an object is gone whose value is not JSON', async () => {
    const good = await keys.put('routes', 'r2', routeTo(port, 'r2'));
    node.prove(good);
    await node.receipt(good, ['applied']);
    const bad = await keys.put('routes', 'r2', 'not json');
    node.prove(bad);
    const { receipt } = await node.receipt(bad, ['rejected']);
    expect(receipt.workers.map(({ loaded }) => loaded)).toEqual([0, 0]);
    expect((await gateway.everyWorker('/r2')).map(({ status }) => status)).toEqual([404, 404]);
  });

  it('never lets a key out with a reason', async () => {
    const secret = 'NOT-A-PEM-but-a-secret-of-somebody'.repeat(8);
    const { cert } = await makeCertificate({ names: ['a.example.com'] });
    const items = [
      await keys.put('ssls', 'a.example.com', {
        id: 'a.example.com',
        snis: ['a.example.com'],
        cert,
        key: secret,
      }),
      await keys.put('cdn_defense/keyring', 'k9', { id: 'k9', secret: 'short', state: secret }),
    ];
    node.prove(...items);
    for (const item of items) {
      const { receipt } = await node.receipt(item, ['rejected']);
      expect(receipt.reason).toMatch(/not valid/);
      expect(receipt.reason).not.toMatch(/secret-of|short/);
    }
  });

  it('names the worker that is frozen, by leaving it out, and closes when it thaws', async () => {
    await heartbeats(1);
    const [, frozen = -1] = gateway.workers();
    gateway.signal(frozen, 'SIGSTOP');
    const item = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', mode: 'observe' });
    node.prove(item);
    const { receipt } = await node.receipt(item, ['pending']);
    expect(receipt.workers.map(({ pid }) => pid)).toEqual(gateway.workers().filter((pid) => pid !== frozen));
    gateway.signal(frozen, 'SIGCONT');
    expect((await node.receipt(item, ['applied'])).receipt.workers).toHaveLength(2);
  });

  it('outlives each of its processes, and starts its proofs anew with the one that took its place', async () => {
    node.proved = { cluster_id: node.clusterId, revision: 3 };
    await heartbeats(1);
    const count = gateway.processes().length;
    for (let at = 0; at < count; at++) {
      await until('there is a grant', () => node.last.proved !== null);
      const killed = gateway.processes()[at] ?? -1;
      const since = node.heartbeats.length;
      gateway.signal(killed, 'SIGKILL');
      await until('proofs start anew', () =>
        node.heartbeats
          .slice(since)
          .some(({ proved, workers }) => proved === null && workers.every(({ pid }) => pid !== killed)),
      );
      await until('all of it is there', () => gateway.processes().length === count);
      const item = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', rate_limit: 10 + at });
      node.prove(item);
      const { receipt } = await node.receipt(item, ['applied']);
      expect(receipt.workers.map(({ pid }) => pid).sort()).toEqual([...gateway.workers()].sort());
    }
  });

  it('comes back from a reload as a new instance of the same gateway', async () => {
    await heartbeats(1);
    const before = node.last.instance;
    await gateway.reload();
    await until('the new generation speaks', () => node.last.instance !== before);
    const since = node.heartbeats.length;
    const item = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', rate_limit: 5 });
    node.prove(item);
    const { receipt } = await node.receipt(item, ['applied']);
    expect(receipt.workers.map(({ pid }) => pid).sort()).toEqual([...gateway.workers()].sort());
    expect(node.heartbeats.slice(since).filter(({ instance }) => instance === before)).toEqual([]);
  });

  it('takes nothing loaded before for a proof once nodes speak of another etcd cluster, until it is restarted', async () => {
    const item = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', rate_limit: 6 });
    node.prove(item);
    await node.receipt(item, ['applied']);
    node.clusterId = 'cluster-2';
    const other = { ...item, id: 'acme', revision: item.revision };
    await heartbeats(node.heartbeats.length + 2);
    node.told.length = 0;
    node.prove(other);
    const { receipt } = await node.receipt(other, ['pending']);
    expect(receipt.workers.map(({ loaded, seen }) => [loaded, seen])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(receipt.reason).toMatch(/another etcd cluster/);
    await gateway.reload();
    await node.receipt(other, ['applied']);
  });

  it('tells within milliseconds of etcd’s acknowledgement what every worker has in force', async () => {
    await heartbeats(1);
    const took: number[] = [];
    for (let n = 0; n < 200; n++) {
      const id = `quick-${n % 20}`;
      const isPut = n % 40 < 20;
      const item = isPut
        ? await keys.put('cdn_defense/policies', id, { id, n })
        : await keys.delete('cdn_defense/policies', id);
      const acknowledged_ms = performance.now();
      node.prove(item);
      const { at_ms } = await node.receipt(item, [isPut ? 'applied' : 'deleted']);
      took.push(at_ms - acknowledged_ms);
    }
    took.sort((a, b) => a - b);
    const [p50 = 0, p99 = 0] = [took[100], took[198]];
    console.log(
      `from etcd’s acknowledgement to the receipt: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    );
    // Workers that are not woken would be looked at every half second.
    expect(p50).toBeLessThan(100);
  });

  it('leaves requests alone whatever its nodes do', async () => {
    const item = await keys.put('routes', 'r3', routeTo(port, 'r3'));
    node.prove(item);
    await node.receipt(item, ['applied']);
    node.refuseWith = 500;
    await heartbeats(1);
    expect((await gateway.everyWorker('/r3/x')).map(({ status }) => status)).toEqual([200, 200]);
    await node.stop();
    expect((await gateway.everyWorker('/r3/x')).map(({ status }) => status)).toEqual([200, 200]);
  });
});
