/** The real product around the gateways of the defense list: etcd, three nodes as processes, an origin. */
import type { KeyDocument } from '../../src/engine/engine.ts';
import { type Answer, type Ask, type Cleanup, ask, echo, echoOf, startUpstream } from '../gateway/fixture.ts';
import { BROWSER } from '../support/browser-like.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type Reply, httpCall } from '../support/http-call.ts';
import { Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';
import type { DefendedGateway, StartGateway } from './gateway.ts';
import { stranger } from './parameter-rows.ts';

export const TENANT = 'tenant-001';
/**
 * A route `/*` on a host of its own each; `plain` has no defense, `other` belongs to another tenant. `probe` is a tenant's
 * that nobody changes: its requests pass, and tell what a gateway decides by.
 */
const ROUTES = [
  { id: 'shop', tenant: TENANT, defended: true },
  { id: 'site', tenant: TENANT, defended: true },
  { id: 'plain', tenant: TENANT, defended: false },
  { id: 'other', tenant: 'tenant-002', defended: true },
  { id: 'probe', tenant: 'tenant-003', defended: true },
] as const;

export const hostOf = (route: (typeof ROUTES)[number]['id']): string => `${route}.example`;

const DEFENSE = '/apisix/cdn_defense/';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
/** The end of the range of all keys with this prefix. */
const endOf = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

interface RangeAnswer {
  readonly kvs?: readonly { readonly mod_revision: string; readonly value?: string }[];
}

export class Stage {
  readonly gateways: readonly DefendedGateway[];
  private readonly etcd: EtcdCluster;
  private readonly nodes: readonly string[];

  constructor(etcd: EtcdCluster, nodes: readonly string[], gateways: readonly DefendedGateway[]) {
    this.etcd = etcd;
    this.nodes = nodes;
    this.gateways = gateways;
  }

  /** Sends a change to a node (1–3) and fails unless it is taken. */
  async write(node: number, path: string, tenant: string, body: object): Promise<Reply> {
    const reply = await httpCall(this.nodes[node - 1] ?? '', 'POST', path, { tenant, body });
    if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.text}`);
    return reply;
  }

  /** Sets the tenant's parameters on node 3; the gateways have them when this resolves. */
  async configure(config: object, tenant: string = TENANT): Promise<void> {
    await this.write(3, '/global-config/tenant', tenant, { config });
    await this.settled();
  }

  /** Sets a route's own parameters on node 3; the gateways have them when this resolves. */
  async apply(defense_config: object, route_id = 'shop', tenant: string = TENANT): Promise<void> {
    await this.write(3, '/defense-plugin/apply', tenant, { route_id, defense_config });
    await this.settled();
  }

  /** Resolves once every gateway decides by the newest object there is. */
  async settled(): Promise<void> {
    const { kvs = [] } = await this.range({ sort_order: 'DESCEND', sort_target: 'MOD', limit: 1 });
    const newest = Number(kvs[0]?.mod_revision ?? 0);
    for (const gateway of this.gateways) {
      await until(`${gateway.name} has revision ${newest}`, async () => {
        const applied = await this.applied(gateway);
        return applied !== undefined && applied >= newest;
      });
    }
  }

  /** The newest revision under `/apisix/cdn_defense/` that a gateway decides by; `undefined` before it defends. */
  async applied(gateway: DefendedGateway): Promise<number | undefined> {
    const answer = await this.get(gateway, { host: hostOf('probe'), ...stranger() });
    if (answer.status !== 200) return undefined;
    const told = echoOf(answer).headers['x-lockstep-revision'];
    return told === undefined ? undefined : Number(told);
  }

  /** The key that signs challenges and clearances now, as the gateways have it. */
  async signingKey(): Promise<KeyDocument> {
    const { kvs = [] } = await this.range({});
    const objects = kvs.map(({ value = '' }) => Buffer.from(value, 'base64').toString());
    const keys = objects.flatMap((text) =>
      text.includes('"secret"') ? [JSON.parse(text) as KeyDocument] : [],
    );
    const signing = keys.find(({ state }) => state === 'signing');
    if (!signing) throw new Error('no key signs');
    return signing;
  }

  /** As a browser that opens a page of the shop, unless told otherwise. */
  get(
    { port }: DefendedGateway,
    headers: Readonly<Record<string, string>> = {},
    path = '/shop/x',
  ): Promise<Answer> {
    return ask(port, { path, headers: { ...BROWSER, host: hostOf('shop'), ...headers } });
  }

  /** As a browser, with another method or a body. */
  send({ port }: DefendedGateway, { path = '/shop/x', headers = {}, ...rest }: Ask): Promise<Answer> {
    return ask(port, { ...rest, path, headers: { ...BROWSER, host: hostOf('shop'), ...headers } });
  }

  private async range(options: object): Promise<RangeAnswer> {
    const range = { key: encoded(DEFENSE), range_end: encoded(endOf(DEFENSE)), ...options };
    return (await this.etcd.admin('/v3/kv/range', range)) as RangeAnswer;
  }
}

const makeRoutes = async (stage: Stage, originPort: number): Promise<void> => {
  const upstream = `http://127.0.0.1:${originPort}`;
  for (const { id, tenant, defended } of ROUTES) {
    const route = { id, path: '/*', hosts: [hostOf(id)], upstream };
    await stage.write(1, '/global-routes', tenant, { route });
    const defense = { route_id: id, defense_config: {} };
    if (defended) await stage.write(1, '/defense-plugin/apply', tenant, defense);
  }
};

/** Every route answers, the defended ones by the defense, and somebody signs challenges. */
const served = async (stage: Stage): Promise<void> => {
  for (const gateway of stage.gateways) {
    for (const { id, defended } of ROUTES) {
      await until(`${gateway.name} serves ${id}`, async () => {
        const answer = await stage.get(gateway, { host: hostOf(id) });
        return answer.status === 200 && (!defended || 'x-lockstep-verdict' in echoOf(answer).headers);
      });
    }
  }
  await until('a key signs', () =>
    stage.signingKey().then(
      () => true,
      () => false,
    ),
  );
  await stage.settled();
};

/** Starts everything; it ends with the stack. */
export const startStage = async (stack: Cleanup, starters: readonly StartGateway[]): Promise<Stage> => {
  const originPort = await startUpstream(stack, echo);
  const etcd = await startEtcd();
  stack.push(() => etcd.stop());
  const place = await Workplace.create();
  stack.push(() => place[Symbol.asyncDispose]());
  const nodes = await Promise.all([1, 2, 3].map((i) => place.serve(`node-${i}`, etcd.endpoints)));
  const urls = nodes.map(({ url }) => url);
  const gateways: DefendedGateway[] = [];
  for (const start of starters) {
    gateways.push(await start({ etcd: etcd.endpoints, nodes: urls, place, stack }));
  }
  const stage = new Stage(etcd, urls, gateways);
  await makeRoutes(stage, originPort);
  await served(stage);
  return stage;
};
