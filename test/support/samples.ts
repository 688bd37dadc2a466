/** One good request or more for every endpoint: what the tests of access walk. */
import type { Endpoint } from '../../src/api/endpoint.ts';
import type { TestCertificate } from './certificates.ts';
import { ROUTE } from './control-plane.ts';

/** What a sample is about. Everything in it belongs to one tenant. */
export interface Names {
  readonly tenant: string;
  /** A route with defense on. */
  readonly route: string;
  readonly host: string;
  /** Has a certificate. */
  readonly domain: string;
}

export interface Sample {
  readonly path: string;
  readonly body?: unknown;
}

export interface World {
  readonly certificate: TestCertificate;
  /** A name that nobody has. */
  unused(): string;
  /** The id of an API token that may be spent. */
  token(): Promise<string>;
  /** The revision of a change. */
  change(): Promise<number>;
  /** A gateway that a node hears. */
  gateway(): Promise<{ readonly gateway_id: string; readonly instance: string }>;
}

type Sampler = (names: Names, world: World) => Sample[] | Promise<Sample[]>;

/** What a gateway says of itself. */
export const GATEWAY = {
  instance: 'sample-instance',
  kind: 'embedded',
  version: '0',
  plugin: { loaded: true },
  workers: [{ id: 0, pid: 1 }],
  proved: null,
  hold_ms: 0,
} as const;

/** Changes are looked at only, so that each caller finds the same world. */
const DRY = '?dry_run=true';

const certificateId = ({ tenant, domain }: Names): string => `${tenant}:${domain}`;

const SAMPLES: Readonly<Record<string, Sampler>> = {
  'POST /global-config/tenant': () => [
    { path: `/global-config/tenant${DRY}`, body: { config: { threat_threshold: 50 } } },
  ],
  'PATCH /global-config/tenant': () => [
    { path: `/global-config/tenant${DRY}`, body: { config: { threat_threshold: 51 } } },
  ],
  'DELETE /global-config/tenant': () => [{ path: `/global-config/tenant${DRY}` }],
  'POST /global-routes': ({ tenant }, world) => [
    {
      path: `/global-routes${DRY}`,
      body: { route: { ...ROUTE, id: world.unused(), hosts: [`${world.unused()}.${tenant}.example.com`] } },
    },
  ],
  'GET /global-routes/:id': ({ route }) => [{ path: `/global-routes/${route}` }],
  'PUT /global-routes/:id': ({ route }) => [
    { path: `/global-routes/${route}${DRY}`, body: { updates: { strip_path: false } } },
  ],
  'DELETE /global-routes/:id': ({ route }) => [{ path: `/global-routes/${route}${DRY}` }],
  'POST /global-ssl': ({ domain }, { certificate: { cert, key } }) => [
    { path: `/global-ssl${DRY}`, body: { domain, cert, key } },
  ],
  'GET /global-ssl/:id': (names) => [{ path: `/global-ssl/${certificateId(names)}` }],
  'DELETE /global-ssl/:id': (names) => [{ path: `/global-ssl/${certificateId(names)}${DRY}` }],
  'POST /defense-plugin/apply': ({ route }) => [
    {
      path: `/defense-plugin/apply${DRY}`,
      body: { route_id: route, defense_config: { threat_threshold: 10 } },
    },
  ],
  'DELETE /defense-plugin/:route_id': ({ route }) => [{ path: `/defense-plugin/${route}${DRY}` }],
  'POST /defense-plugin/update-all': () => [
    { path: `/defense-plugin/update-all${DRY}`, body: { defense_config: { threat_threshold: 10 } } },
  ],
  'POST /fleet/heartbeat': (_, world) => [
    {
      path: '/fleet/heartbeat',
      body: { ...GATEWAY, gateway_id: world.unused(), leaving: true },
    },
  ],
  'POST /fleet/receipts': async (_, world) => [
    { path: '/fleet/receipts', body: { ...(await world.gateway()), receipts: [] } },
  ],
  'GET /fleet/stream': () => [{ path: '/fleet/stream?max_ms=0' }],
  'GET /changes/:revision': async (_, world) => [{ path: `/changes/${await world.change()}` }],
  'POST /sync/refresh': () => [{ path: '/sync/refresh' }],
  'GET /history/:kind/:id': (names) => [
    { path: `/history/config/${names.tenant}` },
    { path: `/history/routes/${names.route}` },
    { path: `/history/ssl/${certificateId(names)}` },
  ],
  'POST /keys/rotate': () => [{ path: '/keys/rotate' }],
  'POST /tokens': ({ tenant }) => [
    { path: '/tokens', body: { role: 'viewer', tenants: [tenant], description: 'of a sample' } },
  ],
  'GET /tokens/:id': async (_, world) => [{ path: `/tokens/${await world.token()}` }],
  'DELETE /tokens/:id': async (_, world) => [{ path: `/tokens/${await world.token()}` }],
};

export const keyOf = ({ method, url }: Pick<Endpoint, 'method' | 'url'>): string => `${method} ${url}`;

/** Keys of samples, to see that none is left over. */
export const SAMPLED: readonly string[] = Object.keys(SAMPLES);

/** Good requests for an endpoint. @throws when it needs an example and has none here */
export const samplesOf = async (endpoint: Endpoint, names: Names, world: World): Promise<Sample[]> => {
  const sampler = SAMPLES[keyOf(endpoint)];
  if (sampler) return sampler(names, world);
  if (endpoint.method === 'GET' && !endpoint.url.includes(':')) return [{ path: endpoint.url }];
  throw new Error(`give ${keyOf(endpoint)} a sample request in test/support/samples.ts`);
};
