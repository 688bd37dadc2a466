import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NginxGateway, type NginxGatewayOptions, startNginxGateway } from '../engine/nginx-gateway.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import { makeCertificates } from '../support/etcd-tls.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { until } from '../support/until.ts';
import { GatewayKeys } from './gateway-keys.ts';
import { ScriptedNode } from './scripted-node.ts';

const nginxRoot = unpackedNginx();
const cpu_ms = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;

/** The real agent on real sockets; nodes that fail in every way are the test's own. */
describe.skipIf(nginxRoot === undefined)('the receipts agent and its nodes', () => {
  let etcd: EtcdCluster;
  let keys: GatewayKeys;
  let nodes: ScriptedNode[];
  let gateway: NginxGateway | undefined;

  beforeAll(async () => {
    etcd = await startEtcd();
    keys = new GatewayKeys(etcd);
    await keys.prepare();
  });
  afterAll(() => etcd.stop());
  beforeEach(async () => {
    nodes = [await ScriptedNode.start('t'), await ScriptedNode.start('t')];
  });
  afterEach(async () => {
    await gateway?.dispose();
    gateway = undefined;
    for (const node of nodes) await node.stop();
  });

  const start = async (options: Partial<NginxGatewayOptions> = {}): Promise<NginxGateway> => {
    gateway = await startNginxGateway({
      nginxRoot: nginxRoot ?? '',
      id: 'edge-1',
      etcd: etcd.endpoints,
      controlUrls: options.controlUrls ?? nodes.map(({ url }) => url),
      token: 't',
      ...options,
    });
    return gateway;
  };
  const first = (): [ScriptedNode, ScriptedNode] => {
    const [one, two] = nodes;
    if (!one || !two) throw new Error('there are two nodes');
    return [one, two];
  };
  const provesOn = async (node: ScriptedNode): Promise<void> => {
    const item = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme', at: performance.now() });
    node.prove(item);
    await node.receipt(item, ['applied']);
  };

  it('talks to one node at a time, and to the next within two seconds when that one dies or freezes', async () => {
    const [one, two] = first();
    await start();
    await provesOn(one);
    expect(two.heartbeats).toEqual([]);
    await one.stop();
    const died_ms = performance.now();
    await until('the second node hears it', () => two.heartbeats.length > 0, 2_000);
    console.log(`a dead node was left after ${Math.round(performance.now() - died_ms)} ms`);
    await provesOn(two);
    const third = await ScriptedNode.start('t');
    nodes.push(third);
    await gateway?.dispose();
    await start({ controlUrls: [two.url, third.url] });
    await provesOn(two);
    two.silent = true;
    const froze_ms = performance.now();
    await until('the third node hears it', () => third.heartbeats.length > 0, 2_400);
    console.log(`a frozen node was left after ${Math.round(performance.now() - froze_ms)} ms`);
    await provesOn(third);
  });

  it('goes on trying at most every two seconds when no node answers, and is back at once when one does', async () => {
    const [one, two] = first();
    one.refuseWith = 503;
    two.refuseWith = 503;
    await start();
    const asked: number[] = [];
    one.onRequest = () => asked.push(performance.now());
    two.onRequest = () => asked.push(performance.now());
    await until('it has asked often', () => asked.length >= 9, 20_000);
    const gaps = asked.slice(1).map((at, n) => at - (asked[n] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(2_300);
    expect(gaps.at(-1)).toBeGreaterThan(900);
    one.refuseWith = undefined;
    two.refuseWith = undefined;
    await until('a node hears it', () => one.heartbeats.length + two.heartbeats.length > 0, 2_500);
  });

  it('says in its log, once, that its token is refused, and never what the token is', async () => {
    const running = await start({ token: 'a-token-nobody-knows' });
    await until('it is said', () => running.log().includes('answers 401'));
    await until('it has tried for a while', () => first()[0].refused > 4);
    expect(running.log().split('answers 401').length - 1).toBeLessThanOrEqual(2);
    expect(running.log()).not.toContain('a-token-nobody-knows');
  });

  it('believes a node over TLS only by a certificate it trusts, and tells another nothing', async () => {
    const tls = await makeCertificates();
    const node = await ScriptedNode.start('t', tls.server);
    nodes.push(node);
    // Names are verified, addresses are not: nginx does not look for them in certificates.
    const controlUrls = [node.url.replace('127.0.0.1', 'localhost')];
    await start({ controlUrls, ca: tls.ca.toString() });
    await until('it speaks', () => node.heartbeats.length > 0);
    await gateway?.dispose();
    node.heartbeats.length = 0;
    const running = await start({ controlUrls });
    await until('it says why it does not', () => /certificate/.test(running.log()));
    expect(node.heartbeats).toEqual([]);
  });

  it('reports that cdn_defense is not loaded, and never calls its objects loaded', async () => {
    const [one] = first();
    await start({ plugins: ['proxy-rewrite'] });
    await until('it speaks', () => one.heartbeats.length > 0);
    expect(one.last.plugin).toEqual({ loaded: false });
    const item = await keys.put('cdn_defense/tenants', 'acme', { id: 'acme' });
    one.prove(item);
    const { receipt } = await one.receipt(item, ['pending']);
    expect(receipt.workers.map(({ loaded, seen }) => [loaded, seen])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(receipt.reason).toMatch(/cdn_defense is not loaded/);
  });

  it('costs an idle gateway next to nothing', async () => {
    const [one] = first();
    const running = await start();
    await provesOn(one);
    const total = (): number => running.processes().reduce((sum, pid) => sum + cpu_ms(pid), 0);
    const from = one.heartbeats.length;
    const from_ms = performance.now();
    const before = total();
    await until('ten heartbeats have passed', () => one.heartbeats.length >= from + 10, 15_000);
    const used = (total() - before) / (performance.now() - from_ms);
    console.log(`an idle gateway of two workers uses ${(used * 100).toFixed(2)} % of a processor`);
    expect(used).toBeLessThan(0.05);
  });
});
