import { hostname } from 'node:os';
import { DRIFT_SETTINGS } from '../change/drift/drift-keeper.ts';
import { CHANGES_KEPT } from '../change/history/prune-changes.ts';
import { parseMasterKeys } from '../change/keys/sealer.ts';
import { startControlPlane } from '../compose/control-plane.ts';
import { ON_DRIFT } from '../contract/drift.ts';
import { CAPABILITY_GATES } from '../contract/fleet.ts';
import { HOSTLESS_ROUTES } from '../domain/claim.ts';
import type { UpstreamRules } from '../domain/upstream-rules.ts';
import { nodeNeeds, watchAccess } from '../store/access.ts';
import type { RedisAddress } from '../shared/redis.ts';
import { openEtcdStore } from '../store/etcd/etcd-store.ts';
import { accessSettings, gateOf } from './access-settings.ts';
import { type Command, runUntilSignalled } from './command.ts';
import { listenerOptions, listenerSettings, tlsPaths } from './listener-settings.ts';
import { createLog, logLevel } from './log.ts';
import { type Values, helpOf, readSettings } from './settings.ts';
import { redisAddress, redisSettings } from './redis-settings.ts';
import { etcdCredentials, keyspaceOf, storeSettings } from './store-settings.ts';
import { warnOfExposed } from './secret-files.ts';
import { sslKeyringSetting } from './ssl-keyring-setting.ts';
import { reservedOf, upstreamSettings } from './upstream-settings.ts';
import { identifier, isLoopback, oneOf, port, secretFile, text, wholeNumber } from './values.ts';
import { VERSION } from './version.ts';

const settings = {
  'node-id': {
    value: 'ID',
    help: 'this node’s name, unique in the fleet; default: the host name',
    parse: identifier,
  },
  host: { value: 'ADDRESS', help: 'where to listen', default: '127.0.0.1', parse: text },
  port: { value: 'PORT', help: 'where to listen; 0 takes a free one', default: '5001', parse: port },
  ...storeSettings,
  'data-dir': {
    value: 'DIR',
    help: 'keeps the last known configuration, to answer from when started without etcd',
    parse: text,
  },
  'master-key-file': {
    value: 'FILE',
    help: 'master keys that seal private keys, one a line, 32 bytes in hex or base64: the first seals, all open; without it certificates are refused',
    secret: true,
    parse: (path: string) => parseMasterKeys(secretFile(path)),
  },
  ...sslKeyringSetting,
  ...accessSettings,
  ...upstreamSettings,
  'capability-gate': {
    value: 'MODE',
    help: 'refuse: no defense while a gateway that reports has not loaded the plugin. warn: only say so',
    default: 'refuse',
    parse: oneOf(...CAPABILITY_GATES),
  },
  'hostless-routes': {
    value: 'MODE',
    help: 'routes without hosts: refuse; sole-tenant, while no other tenant has hosts; allow. Default sole-tenant, with --auth off allow',
    parse: oneOf(...HOSTLESS_ROUTES),
  },
  ...listenerSettings,
  'audit-entries': {
    value: 'NUMBER',
    help: 'changes that GET /audit goes back to; older ones are forgotten',
    default: String(CHANGES_KEPT),
    parse: wholeNumber(1_000, 10_000_000),
  },
  'drift-interval-s': {
    value: 'SECONDS',
    help: 'how often the store is compared with itself, and this node’s cache with the store',
    default: String(DRIFT_SETTINGS.interval_ms / 1_000),
    parse: wholeNumber(1, 86_400),
  },
  'on-drift': {
    value: 'MODE',
    help: 'repair what was edited past Lockstep, or report it and leave it as it is',
    default: DRIFT_SETTINGS.onDrift,
    parse: oneOf(...ON_DRIFT),
  },
  ...redisSettings,
  redis: { ...redisSettings.redis, help: `where every change is published. ${redisSettings.redis.help}` },
  'log-level': logLevel('info'),
} as const;

type ServeValues = Values<typeof settings>;

const upstreamsOf = (values: ServeValues, redis: RedisAddress | undefined): UpstreamRules => ({
  privateRanges: values.auth === 'off' ? 'open' : (values['upstream-allow'] ?? []),
  closedPorts: values['closed-ports'],
  reserved: reservedOf({ etcd: values.etcd, redis }),
});

/** The host name as a node id, as far as it can be one. */
const defaultNodeId = (): string =>
  hostname()
    .replaceAll(/[^a-zA-Z0-9._-]/g, '-')
    .slice(0, 64) || 'node';

const run: Command['run'] = async (argv, env) => {
  const values = readSettings(settings, argv, env);
  const nodeId = values['node-id'] ?? defaultNodeId();
  const gate = gateOf(values);
  const keys = keyspaceOf(values);
  const credentials = etcdCredentials(values);
  const redis = redisAddress(values);
  const tlsFiles = tlsPaths(values);
  const log = createLog(values['log-level'], { node: nodeId });
  if (!tlsFiles && !isLoopback(values.host)) {
    log.warn({ host: values.host }, 'no TLS: tokens and keys can be read on their way; set --tls-cert-file');
  }
  warnOfExposed(settings, argv, env, log);
  const sealer = values['master-key-file'];
  const sslKeyring = values['apisix-ssl-keyring-file'];
  if (!sealer) log.warn({}, 'no master key: certificate uploads are refused');
  else if (!sslKeyring)
    log.warn(
      { under: keys.projectedIn('ssls') },
      'private keys are in the clear where APISIX reads them; --apisix-ssl-keyring-file encrypts them',
    );
  if (gate.mode === 'on' && gate.rootToken === undefined) {
    log.info({}, 'no root token: make the first token with lockstep token create');
  }
  return runUntilSignalled(async (stack) => {
    const store = openEtcdStore({ endpoints: values.etcd, ...credentials, log });
    const access = watchAccess(store, nodeNeeds(keys), log);
    // Disposed of after the store is closed, which ends what it waits for.
    stack.add('access', () => access.dispose());
    stack.add('etcd', () => store.close());
    const plane = await startControlPlane({
      nodeId,
      host: values.host,
      port: values.port,
      store,
      keys,
      sealer,
      sslKeyring,
      upstreams: upstreamsOf(values, redis),
      capabilityGate: values['capability-gate'],
      hostlessRoutes: values['hostless-routes'] ?? (values.auth === 'off' ? 'allow' : 'sole-tenant'),
      gate,
      version: VERSION,
      log,
      lastKnown: values['data-dir'],
      ...listenerOptions(values),
      ownPagesOnly: values.auth === 'off',
      tlsFiles,
      changesKept: values['audit-entries'],
      redis,
      drift: { interval_ms: values['drift-interval-s'] * 1_000, onDrift: values['on-drift'] },
    });
    stack.add('control plane', () => plane.dispose());
    process.stdout.write(`${nodeId} answers on ${plane.url}\n`);
  });
};

export const serve: Command = {
  help: `lockstep serve [flags]\n\n${helpOf(settings)}`,
  run,
};
