/** The counters of the plugin in APISIX's Prometheus exporter, whichever of the two starts first. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { APISIX_HOME, startNginxGateway } from '../engine/nginx-gateway.ts';
import { GatewayKeys, routeTo } from '../fleet/gateway-keys.ts';
import { startEtcd } from '../support/etcd.ts';
import { freePort } from '../support/free-ports.ts';
import { until } from '../support/until.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cases = path.join(import.meta.dirname, 'counters.lua');

it.each([
  ['before', '3 1 1'],
  ['after', '2 1 1'],
  ['never', '0 0 1'],
])('an exporter that starts %s the plugin', (starts, counted) => {
  expect(execFileSync('luajit', [cases, root, starts]).toString()).toBe(counted);
});

/** APISIX starts its plugins in an order of its own, another one each time. */
const STARTS = 4;

describe.skipIf(APISIX_HOME === undefined)('a real Apache APISIX', () => {
  it(`exports them, however often it is started (${STARTS} times)`, async () => {
    await using etcd = await startEtcd();
    const keys = new GatewayKeys(etcd);
    await keys.prepare();
    const origin = createServer((_, response) => response.end('origin')).listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const plugins = { cdn_defense: { tenant: 'acme', route: 'x' } };
    await keys.put('routes', 'x', routeTo((origin.address() as AddressInfo).port, 'x', { plugins }));
    try {
      for (let i = 0; i < STARTS; i++) {
        const port = await freePort();
        const gateway = await startNginxGateway({
          nginxRoot: '',
          id: 'edge-1',
          etcd: etcd.endpoints,
          controlUrls: ['http://127.0.0.1:9'],
          plugins: ['cdn_defense', 'prometheus'],
          pluginAttr: { prometheus: { export_addr: { ip: '127.0.0.1', port }, refresh_interval: 1 } },
        });
        try {
          await until('the route is there', async () => (await gateway.send('/x')).status === 200);
          await gateway.everyWorker('/x');
          const status = await fetch(`${gateway.controlApiUrl}/v1/plugin/cdn_defense/status`);
          expect(await status.json()).toMatchObject({
            version: expect.any(Number) as number,
            revision: expect.any(Number) as number,
            counts: { pass: expect.any(Number) as number },
          });
          const exported = async () =>
            (await fetch(`http://127.0.0.1:${port}/apisix/prometheus/metrics`)).text();
          await until('they are exported', async () =>
            /^apisix_cdn_defense_requests\{tenant="acme",decided="pass"\} [1-9]/m.test(await exported()),
          );
        } finally {
          await gateway.dispose();
        }
      }
    } finally {
      origin.close();
    }
  }, 120_000);
});
