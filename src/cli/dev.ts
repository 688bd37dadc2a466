import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Sealer, parseMasterKeys } from '../change/keys/sealer.ts';
import { startControlPlane } from '../compose/control-plane.ts';
import { type RunningGateway, startGateway } from '../compose/gateway.ts';
import type { Reserved } from '../domain/upstream-rules.ts';
import { startDemoOrigin } from '../gateway/demo-origin.ts';
import type { DisposeStack } from '../shared/async.ts';
import { type SslKeyring, parseSslKeyring } from '../shared/ssl-keyring.ts';
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { Keyspace } from '../store/keys.ts';
import { type Command, runUntilSignalled } from './command.ts';
import { createLog, logLevel } from './log.ts';
import { SettingError, type Values, helpOf, readSettings } from './settings.ts';
import { port, ports, text } from './values.ts';
import { VERSION } from './version.ts';

const HOST = '127.0.0.1';

const settings = {
  'data-dir': { value: 'DIR', help: 'where everything is kept', default: '.lockstep', parse: text },
  'node-ports': {
    value: 'PORT,…',
    help: 'one Defense API node each',
    default: '5001,5002,5003',
    parse: ports,
  },
  'http-ports': { value: 'PORT,…', help: 'one gateway each', default: '9080,9081', parse: ports },
  'https-ports': { value: 'PORT,…', help: 'the gateways’ HTTPS', default: '9443,9444', parse: ports },
  'origin-port': { value: 'PORT', help: 'the demo origin', default: '9100', parse: port },
  'log-level': logLevel('warn'),
} as const;

type DevValues = Values<typeof settings>;

/** A secret of this data directory, made at the first start. */
const ownSecret = (directory: string, name: string, make: () => string): string => {
  const path = join(directory, name);
  if (!existsSync(path)) writeFileSync(path, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(path, 'utf8');
};

/** What nothing in the store can be read without. */
const ownKeys = (directory: string): { sealer: Sealer; sslKeyring: SslKeyring } => ({
  sealer: parseMasterKeys(ownSecret(directory, 'master.key', () => randomBytes(32).toString('hex'))),
  sslKeyring: parseSslKeyring(ownSecret(directory, 'ssl-keyring', () => randomBytes(12).toString('base64'))),
});

/** The nodes are no upstreams; each keeps the port it was given out by itself. */
const nodesOf = (values: DevValues): Reserved[] =>
  values['node-ports'].filter((own) => own > 0).map((own) => ({ host: HOST, port: own, use: 'control' }));

interface Running {
  readonly nodes: readonly string[];
  readonly gateways: readonly RunningGateway[];
  readonly origin: string;
}

const startAll = async (values: DevValues, stack: DisposeStack): Promise<Running> => {
  const directory = values['data-dir'];
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const log = createLog(values['log-level'], {});
  const store = await openEmbeddedStore({ directory: join(directory, 'store'), log });
  stack.add('store', () => store.close());
  const { sealer, sslKeyring } = ownKeys(directory);
  const keys = new Keyspace('/cdn-defense', '/apisix');
  const origin = await startDemoOrigin({ host: HOST, port: values['origin-port'], log });
  stack.add('origin', () => origin.dispose());
  const nodes: string[] = [];
  for (const [i, nodePort] of values['node-ports'].entries()) {
    const nodeId = `node-${i + 1}`;
    const plane = await startControlPlane({
      nodeId,
      host: HOST,
      port: nodePort,
      store,
      keys,
      sealer,
      sslKeyring,
      upstreams: { privateRanges: 'open', reserved: nodesOf(values) },
      hostlessRoutes: 'allow',
      gate: { mode: 'off' },
      ownPagesOnly: true,
      version: VERSION,
      log: createLog(values['log-level'], { node: nodeId }),
    });
    stack.add(nodeId, () => plane.dispose());
    nodes.push(plane.url);
  }
  const gateways: RunningGateway[] = [];
  for (const [i, httpPort] of values['http-ports'].entries()) {
    const httpsPort = values['https-ports'][i];
    const gatewayId = `gateway-${i + 1}`;
    const gateway = await startGateway({
      gatewayId,
      http: { host: HOST, port: httpPort },
      https: httpsPort === undefined ? undefined : { host: HOST, port: httpsPort },
      store,
      keys,
      sslKeyring,
      upstreams: { privateRanges: 'open', reserved: nodesOf(values) },
      control: nodes,
      version: VERSION,
      log: createLog(values['log-level'], { gateway: gatewayId }),
    });
    stack.add(gatewayId, () => gateway.dispose());
    gateways.push(gateway);
  }
  return { nodes, gateways, origin: origin.url };
};

const welcome = ({ nodes, gateways, origin }: Running): string => {
  const api = nodes[0] ?? '';
  const other = nodes.at(-1) ?? api;
  const edge = gateways.at(-1)?.urls[0] ?? '';
  const json = `-H 'X-Tenant-ID: demo' -H 'Content-Type: application/json'`;
  return [
    `Lockstep ${VERSION}: everything in one process, on loopback, without a password.`,
    '',
    `  Defense API   ${nodes.join('  ')}`,
    `  API docs      ${api}/docs`,
    ...gateways.map(({ id, urls }) => `  ${id.padEnd(12)}  ${urls.join('  ')}`),
    `  demo origin   ${origin}`,
    '',
    'Try: set a tenant’s config on one node and read it on another, then make a route and use it.',
    '',
    `  curl -X POST '${api}/global-config/tenant?wait=nodes' ${json} -d '{"config":{"threat_threshold":60}}'`,
    `  curl ${other}/global-config/tenant -H 'X-Tenant-ID: demo'`,
    `  curl -X POST ${api}/global-routes ${json} -d '{"route":{"id":"demo","path":"/demo/*","upstream":"${origin}"}}' && curl ${edge}/demo/hello`,
    '',
    'Ctrl-C stops it; the data stays.',
    '',
  ].join('\n');
};

const run: Command['run'] = async (argv, env) => {
  const values = readSettings(settings, argv, env);
  if (values['http-ports'].length < values['https-ports'].length) {
    throw new SettingError('--https-ports has more ports than --http-ports');
  }
  return runUntilSignalled(async (stack) => {
    process.stdout.write(welcome(await startAll(values, stack)));
  });
};

export const dev: Command = {
  help: `lockstep dev [flags]\n\nListens on ${HOST} only; everybody there is the administrator.\n\n${helpOf(settings)}`,
  run,
};
