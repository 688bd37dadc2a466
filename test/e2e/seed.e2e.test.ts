import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoOrigin } from '../../src/gateway/demo-origin.ts';
import type { DemoOrigin } from '../../src/gateway/demo-origin.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { Workplace } from '../support/lockstep.ts';
import { runScript, seedIsHere, seedScript, withCertificate } from '../support/seed.ts';

interface Fleet {
  readonly nodes: readonly string[];
  readonly http: readonly string[];
  readonly https: readonly string[];
}

const ACME = { 'x-tenant-id': 'company-acme', 'content-type': 'application/json' };

const overTls = (
  url: string,
  servername: string,
): Promise<{ status: number; body: string; fingerprint: string }> =>
  new Promise((resolve, reject) => {
    const call = request(
      `${url}/api/v1/tls`,
      { servername, rejectUnauthorized: false, agent: false },
      (response) => {
        let body = '';
        const socket = response.socket as TLSSocket;
        const fingerprint = socket.getPeerCertificate().fingerprint256;
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, fingerprint }));
      },
    );
    call.on('error', reject);
    call.end();
  });

/** What chapters 6.1 and 6.2 promise, on any fleet. */
const promises = (fleet: () => Fleet): void => {
  let origin: DemoOrigin;

  beforeAll(async () => {
    origin = await startDemoOrigin({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => origin.dispose());

  it('carries chapter 6.1 out as written', async () => {
    const { cert, key } = await makeCertificate({ names: ['api.acme.com'] });
    const script = withCertificate(seedScript('### 6.1'), cert, key);
    const answers = (await runScript(script, fleet().nodes))
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers.map(({ message }) => message)).toEqual([
      '租户 company-acme 的全局配置已更新',
      '路由 acme-api 已创建',
      'SSL证书已上传',
      '防御插件已应用到路由 acme-api',
      undefined,
      undefined,
    ]);
    expect(answers.slice(0, 4).map(({ sync_status }) => sync_status)).toEqual([
      'broadcasting_to_all_nodes',
      'syncing_to_apisix_and_nodes',
      'syncing_to_all_nodes',
      'all_nodes_updated',
    ]);
    expect(answers[2]).toMatchObject({ cert_id: 'company-acme:api.acme.com' });
    for (const [i, answer] of answers.slice(4).entries()) {
      expect(answer).toMatchObject({
        node_id: `node-${i + 1}`,
        etcd_connected: true,
        sync_status: { total_cached_configs: 1, total_cached_routes: 1, etcd_connected: true },
      });
    }
  });

  it('carries chapter 6.2 out as written: the new threshold reads back on all three nodes', async () => {
    const output = await runScript(seedScript('### 6.2'), fleet().nodes);
    expect(output.split('\n').filter((line) => /^\d+$/.test(line))).toEqual(['60', '60', '60']);
  });

  it('leads requests through each gateway to a new upstream, over HTTP and HTTPS, without a restart', async () => {
    const { nodes, http, https } = fleet();
    const answer = await fetch(`${nodes[2]}/global-routes/acme-api?wait=nodes`, {
      method: 'PUT',
      headers: ACME,
      body: JSON.stringify({ updates: { upstream: origin.url } }),
    });
    expect(await answer.json()).toMatchObject({
      message: '路由 acme-api 已更新',
      sync_status: 'all_nodes_updated',
    });
    for (const url of http) {
      await expect.poll(async () => (await fetch(`${url}/api/v1/things?x=1`)).status).toBe(200);
      const seen = (await (await fetch(`${url}/api/v1/things?x=1`)).json()) as { path: string };
      expect(seen.path).toBe('/api/v1/things?x=1');
    }
    for (const url of https) {
      const seen = await overTls(url, 'api.acme.com');
      expect(seen.status).toBe(200);
      expect(JSON.parse(seen.body)).toMatchObject({ path: '/api/v1/tls' });
      await expect(overTls(url, 'other.acme.com')).rejects.toThrow();
    }
  });

  it('swaps a certificate live on each gateway', async () => {
    const { nodes, https } = fleet();
    const renewed = await makeCertificate({ names: ['api.acme.com'] });
    const fingerprint = new X509Certificate(renewed.cert).fingerprint256;
    const body = JSON.stringify({ domain: 'api.acme.com', cert: renewed.cert, key: renewed.key });
    const answer = await fetch(`${nodes[0]}/global-ssl`, { method: 'POST', headers: ACME, body });
    expect(answer.status).toBe(200);
    for (const url of https) {
      await expect.poll(async () => (await overTls(url, 'api.acme.com')).fingerprint).toBe(fingerprint);
    }
  });

  it('takes a deleted route off each gateway', async () => {
    const { nodes, http } = fleet();
    const answer = await fetch(`${nodes[1]}/global-routes/acme-api`, { method: 'DELETE', headers: ACME });
    expect(await answer.json()).toMatchObject({ message: '路由 acme-api 已删除' });
    for (const url of http) {
      await expect.poll(async () => (await fetch(`${url}/api/v1/things`)).status).toBe(404);
    }
  });
};

describe.skipIf(!seedIsHere)('the seed’s chapter 6', () => {
  describe('on `lockstep dev`', () => {
    let place: Workplace;
    let fleet: Fleet;
    beforeAll(async () => {
      place = await Workplace.create();
      fleet = await place.dev();
    });
    afterAll(() => place[Symbol.asyncDispose]());
    promises(() => fleet);
  });

  describe('on three `serve` processes and a three-member etcd', () => {
    let etcd: EtcdCluster;
    let place: Workplace;
    let fleet: Fleet;
    beforeAll(async () => {
      etcd = await startEtcd({ members: 3 });
      place = await Workplace.create();
      const nodes = await Promise.all([1, 2, 3].map((i) => place.serve(`node-${i}`, etcd.endpoints)));
      const gateways = await Promise.all([1, 2].map((i) => place.gateway(`gateway-${i}`, etcd.endpoints)));
      fleet = {
        nodes: nodes.map(({ url }) => url),
        http: gateways.map(({ http }) => http),
        https: gateways.map(({ https }) => https),
      };
    });
    afterAll(async () => {
      await place[Symbol.asyncDispose]();
      await etcd.stop();
    });
    promises(() => fleet);
  });
});
