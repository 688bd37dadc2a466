import { startGateway } from '../compose/gateway.ts';
import type { UpstreamRules } from '../domain/upstream-rules.ts';
import type { RedisAddress } from '../shared/redis.ts';
import { gatewayNeeds, watchAccess } from '../store/access.ts';
import { openEtcdStore } from '../store/etcd/etcd-store.ts';
import { controlFetch } from '../shared/control-fetch.ts';
import { type Command, runUntilSignalled } from './command.ts';
import { controlSettings, controlTrust } from './control-settings.ts';
import { createLog, logLevel } from './log.ts';
import { redisAddress, redisSettings } from './redis-settings.ts';
import { warnOfExposed } from './secret-files.ts';
import { SettingError, type Values, helpOf, readSettings } from './settings.ts';
import { etcdCredentials, keyspaceOf, storeSettings } from './store-settings.ts';
import { sslKeyringSetting } from './ssl-keyring-setting.ts';
import { gatewayUpstreamSettings, reservedOf } from './upstream-settings.ts';
import { address, httpUrls, identifier, proxies, secretInFile, text } from './values.ts';
import { VERSION } from './version.ts';

const settings = {
  'gateway-id': { value: 'ID', help: 'this gateway’s name', default: 'gateway-1', parse: identifier },
  http: { value: 'HOST:PORT', help: 'where to serve HTTP', parse: address },
  https: { value: 'HOST:PORT', help: 'where to serve HTTPS with the fleet’s certificates', parse: address },
  ...storeSettings,
  control: {
    value: 'URL[,URL]',
    help: 'Defense API nodes to report to, one at a time; without any, nobody sees this gateway',
    parse: httpUrls,
  },
  'gateway-token': {
    value: 'TOKEN',
    help: 'API token of a gateway, to report with (as LOCKSTEP_GATEWAY_TOKEN, not in the process list)',
    parse: text,
  },
  'gateway-token-file': {
    value: 'FILE',
    help: 'file that holds that token',
    secret: true,
    parse: secretInFile,
  },
  ...controlSettings,
  'real-ip-from': {
    value: 'CIDR[,CIDR]',
    help: 'peers whose X-Real-IP is believed',
    default: '127.0.0.1',
    parse: proxies,
  },
  'trusted-proxies': {
    value: 'CIDR[,CIDR]',
    help: 'proxies whose X-Forwarded-For the defense believes',
    parse: proxies,
  },
  metrics: {
    value: 'HOST:PORT',
    help: 'where to serve /metrics, /readyz and /livez, for loopback or a private network',
    parse: address,
  },
  ...sslKeyringSetting,
  ...gatewayUpstreamSettings,
  ...redisSettings,
  'log-level': logLevel('info'),
} as const;

/** What etcd and Redis are called may resolve to anything by the time of a connection, so their ports are closed. */
const upstreamsOf = (values: Values<typeof settings>, redis: RedisAddress | undefined): UpstreamRules => {
  const reserved = reservedOf({ etcd: values.etcd, redis });
  const shared = new Set([80, 443]);
  const own = reserved.map(({ port }) => port).filter((port) => !shared.has(port));
  const privateRanges = values['upstream-allow'] ?? 'open';
  return { privateRanges, reserved, closedPorts: [...values['closed-ports'], ...own] };
};

const tokenOf = (file: (() => string) | undefined, token: string | undefined): (() => string) | undefined =>
  file ?? (token === undefined ? undefined : () => token);

const run: Command['run'] = async (argv, env) => {
  const values = readSettings(settings, argv, env);
  const { http, https, 'gateway-id': gatewayId } = values;
  if (!http && !https) throw new SettingError('give --http or --https, or both');
  const keys = keyspaceOf(values);
  const credentials = etcdCredentials(values);
  const redis = redisAddress(values);
  const trust = controlTrust(values, values.control ?? []);
  const log = createLog(values['log-level'], { gateway: gatewayId });
  warnOfExposed(settings, argv, env, log);
  return runUntilSignalled(async (stack) => {
    const store = openEtcdStore({ endpoints: values.etcd, ...credentials, log });
    const access = watchAccess(store, gatewayNeeds(keys), log);
    // Disposed of after the store is closed, which ends what it waits for.
    stack.add('access', () => access.dispose());
    stack.add('etcd', () => store.close());
    const gateway = await startGateway({
      gatewayId,
      http,
      https,
      store,
      keys,
      log,
      control: values.control,
      controlFetch: controlFetch(trust),
      controlToken: tokenOf(values['gateway-token-file'], values['gateway-token']),
      version: VERSION,
      metrics: values.metrics,
      realIpFrom: values['real-ip-from'],
      trustedProxies: values['trusted-proxies'],
      redis,
      sslKeyring: values['apisix-ssl-keyring-file'],
      upstreams: upstreamsOf(values, redis),
    });
    stack.add('gateway', () => gateway.dispose());
    for (const url of gateway.urls) process.stdout.write(`${gatewayId} serves ${url}\n`);
    if (gateway.metricsUrl) process.stdout.write(`${gatewayId} metrics at ${gateway.metricsUrl}\n`);
  });
};

export const gateway: Command = {
  help: `lockstep gateway [flags]\n\n${helpOf(settings)}`,
  run,
};
