import { X509Certificate } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetAnswer } from '../../src/contract/fleet-answer.ts';
import { type Answer, type NginxGateway, startNginxGateway } from '../engine/nginx-gateway.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import { BROWSER } from '../support/browser-like.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type ReplyBody, httpCall } from '../support/http-call.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';
import { GatewayKeys, routeTo } from './gateway-keys.ts';

const nginxRoot = unpackedNginx();
const TENANT = 'tenant-001';
const CHANGES = 120;
const STALE_MS = 3_000;
/** Nodes list what gateways read every 15 s; what somebody writes by hand is found by then. */
const LISTED_MS = 25_000;

interface Change {
  readonly name: string;
  readonly make: () => Promise<ReplyBody>;
  /** What real traffic answers once the change is in force; compared with what each worker answers. */
  readonly probe: () => Promise<readonly Answer[]>;
  readonly read: (answer: Answer) => unknown;
  readonly expected: unknown;
}

const quantile = (sorted: readonly number[], q: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0).toFixed(1);

/** Lockstep's nodes as built, a real etcd, the real agent in nginx; APISIX's place takes a harness unless APISIX_HOME is set. */
describe.skipIf(nginxRoot === undefined)('an nginx gateway in a fleet', () => {
  let etcd: EtcdCluster;
  let place: Workplace;
  let nodes: { process: LockstepProcess; url: string }[];
  let origins: { server: Server; port: number }[];
  let gateway: NginxGateway;
  let calls = 0;

  const startOrigin = async (name: string): Promise<{ server: Server; port: number }> => {
    const server = createServer((_, response) => response.end(name));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, port: (server.address() as AddressInfo).port };
  };
  const upstreamOf = (n: number): string => `http://127.0.0.1:${origins[n % 2]?.port}`;
  const alive = () => nodes.filter(({ process }) => process.running);
  const nextNode = (): string => alive()[calls++ % alive().length]?.url ?? '';

  const call = async (method: string, path: string, body?: object): Promise<ReplyBody> => {
    const reply = await httpCall(nextNode(), method, path, { tenant: TENANT, body });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.body;
  };
  const gatewayAt = async (url: string) => {
    const reply = await httpCall(url, 'GET', '/fleet');
    const fleet = JSON.parse(reply.text) as FleetAnswer;
    return fleet.gateways.find(({ gateway_id }) => gateway_id === gateway.id);
  };
  /** The node that hears the gateway; others know a moment later. */
  const hearer = async (): Promise<string> => {
    const { node_id } = (await gatewayAt(nextNode())) ?? {};
    return nodes[Number(node_id?.slice('node-'.length)) - 1]?.url ?? nextNode();
  };
  /** Resolves once a node says that the gateway has proved the revision. */
  const proved = (revision: number, url = nextNode()): Promise<void> =>
    until(`revision ${revision} is proved`, async () => ((await gatewayAt(url))?.revision ?? 0) >= revision);

  beforeAll(async () => {
    etcd = await startEtcd();
    place = await Workplace.create();
    origins = [await startOrigin('A'), await startOrigin('B')];
    nodes = await Promise.all(
      ['node-1', 'node-2', 'node-3'].map((id) => place.serve(id, etcd.endpoints, ['--on-drift', 'report'])),
    );
    gateway = await startNginxGateway({
      nginxRoot: nginxRoot ?? '',
      id: 'edge-1',
      etcd: etcd.endpoints,
      controlUrls: nodes.map(({ url }) => url),
    });
    await call('POST', '/global-config/tenant', { config: {} });
    for (const id of ['shop', 'site']) {
      const hosts = [`${id}.example.com`];
      await call('POST', '/global-routes', { route: { id, path: '/*', hosts, upstream: upstreamOf(0) } });
      const { revision } = await call('POST', '/defense-plugin/apply', { route_id: id, defense_config: {} });
      await proved(revision);
    }
  });
  afterAll(async () => {
    await gateway.dispose();
    await place[Symbol.asyncDispose]();
    for (const { server } of origins) await new Promise((resolve) => server.close(resolve));
    await etcd.stop();
  });

  const ask = (id: string, tls = false): Promise<Answer[]> =>
    gateway.everyWorker('/x', { host: `${id}.example.com`, headers: BROWSER, tls });
  const policyOf = ({ headers }: Answer): unknown => headers['ratelimit-policy'];

  const changeOf = async (n: number): Promise<Change> => {
    const limit = 1_000_000 + n;
    switch (n % 6) {
      case 0:
        return {
          name: 'a route’s upstream',
          make: () => call('PUT', '/global-routes/shop', { updates: { upstream: upstreamOf(n / 6) } }),
          probe: () => ask('shop'),
          read: ({ text }) => text,
          expected: (n / 6) % 2 === 0 ? 'A' : 'B',
        };
      case 1:
        return {
          name: 'a tenant’s limit',
          make: () => call('POST', '/global-config/tenant', { config: { rate_limit: limit } }),
          probe: () => ask('shop'),
          read: policyOf,
          expected: `"default";q=${limit};w=60`,
        };
      case 2:
        return {
          name: 'a route’s own limit',
          make: () =>
            call('POST', '/defense-plugin/apply', {
              route_id: 'site',
              defense_config: { rate_limit: limit },
            }),
          probe: () => ask('site'),
          read: policyOf,
          expected: `"default";q=${limit};w=60`,
        };
      case 3: {
        const route = { id: 'brief', path: '/*', hosts: ['brief.example.com'], upstream: upstreamOf(1) };
        return {
          name: 'a new route',
          make: () => call('POST', '/global-routes', { route }),
          probe: () => ask('brief'),
          read: ({ status, text }) => `${status} ${text}`,
          expected: '200 B',
        };
      }
      case 4:
        return {
          name: 'a route deleted',
          make: () => call('DELETE', '/global-routes/brief'),
          probe: () => ask('brief'),
          read: ({ status }) => status,
          expected: 404,
        };
      default: {
        const domain = 'shop.example.com';
        const { cert, key } = await makeCertificate({ names: [domain] });
        return {
          name: 'a certificate',
          make: () => call('POST', '/global-ssl', { domain, cert, key }),
          probe: () => ask('shop', true),
          read: ({ fingerprint }) => fingerprint,
          expected: new X509Certificate(cert).fingerprint256,
        };
      }
    }
  };

  it('gives no receipt that is not true: real traffic to every worker answers by the change it proved', async () => {
    const took: number[] = [];
    const node = await hearer();
    const kinds = new Set<string>();
    for (let n = 0; n < CHANGES; n++) {
      const { name, make, probe, read, expected } = await changeOf(n);
      const { revision } = await make();
      const acknowledged = performance.now();
      await proved(revision, node);
      took.push(performance.now() - acknowledged);
      const answers = await probe();
      expect(answers, name).toHaveLength(2);
      expect(answers.map(read), `${name}, change ${n}`).toEqual([expected, expected]);
      kinds.add(name);
    }
    took.sort((a, b) => a - b);
    console.log(
      `${CHANGES} changes of ${kinds.size} kinds: from a write’s answer to its proof as GET /fleet shows it ` +
        `p50 ${quantile(took, 0.5)} ms, p99 ${quantile(took, 0.99)} ms`,
    );
  });

  it('shows an object that the gateway refused, with its reason, until it is put right', async () => {
    const keys = new GatewayKeys(etcd);
    const bad = await keys.put('routes', 'by-hand', { ...routeTo(1, 'by-hand'), surprise: 1 });
    await until(
      'it is shown as rejected',
      async () => {
        const shown = (await gatewayAt(nextNode()))?.rejected.find(({ id }) => id === 'by-hand');
        return shown?.revision === bad.revision && /surprise/.test(shown.reason) && shown.live === 0;
      },
      LISTED_MS,
    );
    await until('its state says so', async () => (await gatewayAt(nextNode()))?.state === 'rejected');
    await keys.delete('routes', 'by-hand');
    await until('it is gone', async () => (await gatewayAt(nextNode()))?.state === 'synced', LISTED_MS);
  });

  it('is not in step while one worker is frozen, and is again when it thaws', async () => {
    const [, frozen = -1] = gateway.workers();
    gateway.signal(frozen, 'SIGSTOP');
    const { revision } = await call('POST', '/global-config/tenant', { config: { rate_limit: 77 } });
    await until('it is behind', async () => (await gatewayAt(nextNode()))?.state === 'catching_up');
    expect((await gatewayAt(nextNode()))?.revision).toBeLessThan(revision);
    gateway.signal(frozen, 'SIGCONT');
    await proved(revision);
  });

  it('is named stale within three seconds when all of it is frozen, by every node', async () => {
    const frozen = gateway.processes();
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    const froze = performance.now();
    const named = ({ url }: { readonly url: string }) =>
      until('it is stale', async () => (await gatewayAt(url))?.state === 'stale', STALE_MS);
    await Promise.all(nodes.map(named));
    console.log(`a frozen gateway was named by all nodes after ${Math.round(performance.now() - froze)} ms`);
    const { revision } = await call('POST', '/global-config/tenant', { config: { rate_limit: 78 } });
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    await proved(revision);
  });

  it('goes on proving to another node when the one it talks to is killed', async () => {
    const { node_id = '' } = (await gatewayAt(nextNode())) ?? {};
    await nodes[Number(node_id.slice('node-'.length)) - 1]?.process.kill();
    const { revision } = await call('POST', '/global-config/tenant', { config: { rate_limit: 79 } });
    await proved(revision);
    await until('all nodes know where it is', async () => (await gatewayAt(nextNode()))?.node_id !== node_id);
  });

  it('says that it lacks the defense when cdn_defense is not among its plugins', async () => {
    const bare = await startNginxGateway({
      nginxRoot: nginxRoot ?? '',
      id: 'edge-bare',
      etcd: etcd.endpoints,
      controlUrls: alive().map(({ url }) => url),
      plugins: ['proxy-rewrite'],
    });
    try {
      await until('it is reported so', async () => {
        const fleet = JSON.parse((await httpCall(nextNode(), 'GET', '/fleet')).text) as FleetAnswer;
        const shown = fleet.gateways.find(({ gateway_id }) => gateway_id === 'edge-bare');
        return shown?.plugin.loaded === false && shown.state !== 'synced';
      });
    } finally {
      await bare.dispose();
    }
  });
});
