/**
 * The deployment without its containers: the commands and variables of compose.yaml, with loopback addresses in place of the
 * services' names, on secrets that secrets.sh has made. APISIX and the images themselves are not run here.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDebianTool } from '../../scripts/debian.js';
import { SupervisedProcess, tailOf } from '../support/supervised-process.ts';
import { until } from '../support/until.ts';
import { COMPOSE, type Deployment, deployment, entryOf, makeSecrets } from './deployment.ts';
import { freePorts } from '../support/free-ports.ts';

const BIN = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));
const all: Deployment = deployment();
const started: SupervisedProcess[] = [];
let directory: string;
let ports: Map<string, number>;

const secret = (name: string): string => join(directory, 'secrets', name);

/** A container's words in this machine's: paths, and names with ports. */
const here = (text: string, service: string): string =>
  text
    .replaceAll('/secrets/', `${directory}/secrets/`)
    .replaceAll('/tokens/', `${directory}/`)
    .replace(/(^|=)\/data$/, `$1${join(directory, service)}`)
    .replaceAll('https://0.0.0.0:', `https://${service}:`)
    .replaceAll(/\b((?:etcd|lockstep)-\d|redis):(\d+)/g, (_, name: string, port: string) => {
      return `localhost:${ports.get(`${name}:${port}`)}`;
    });

/** etcd listens on addresses only. */
const listening = (argument: string): string =>
  /^--listen-/.test(argument) ? argument.replaceAll('localhost', '127.0.0.1') : argument;

const start = async (name: string, binary: string, args: readonly string[]): Promise<void> => {
  const log = join(directory, `${name}.log`);
  writeFileSync(log, '');
  started.push(await SupervisedProcess.start(directory, binary, args, log));
};

const variablesOf = (name: string, more: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries({ ...entryOf(all, name).environment, ...more }).map(
    ([variable, value]) => `${variable}=${here(value, name)}`,
  );

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const ask = (n: number, method: string, path: string, body?: object): Promise<Answer> => {
  const agent = new Agent({ ca: readFileSync(secret('ca.pem')) });
  const headers = {
    authorization: `Bearer ${readFileSync(secret('root-token'), 'utf8').trim()}`,
    'x-tenant-id': 'acme',
    'content-type': 'application/json',
  };
  const port = ports.get(`lockstep-${n}:5001`);
  return new Promise((done, failed) => {
    const sent = request({ host: 'localhost', port, path, method, headers, agent }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }),
      );
    });
    sent.on('error', failed);
    sent.end(body && JSON.stringify(body));
  });
};

const etcdctl = (user: string, ...args: string[]): string => {
  const password = readFileSync(secret(`etcd-${user}-password`), 'utf8').trim();
  const endpoint = `https://localhost:${ports.get('etcd-1:2379')}`;
  const tls = [
    `--cacert=${secret('ca.pem')}`,
    `--cert=${secret('apisix-client.pem')}`,
    `--key=${secret('apisix-client.key')}`,
  ];
  const options = ['--endpoints', endpoint, ...tls, '--user', `${user}:${password}`];
  return execFileSync(ensureDebianTool('etcdctl'), [...options, ...args], {
    env: { ...process.env, ETCDCTL_API: '3' },
    stdio: 'pipe',
  }).toString();
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-compose-'));
  makeSecrets(join(directory, 'secrets'));
  const names = [1, 2, 3].flatMap((i) => [`etcd-${i}:2379`, `etcd-${i}:2380`, `lockstep-${i}:5001`]);
  const free = await freePorts(names.length + 1);
  ports = new Map([...names, 'redis:6379'].map((name, i) => [name, free[i] ?? 0]));
  for (const i of [1, 2, 3]) {
    const name = `etcd-${i}`;
    const [, ...args] = entryOf(all, name).command ?? [];
    await start(
      name,
      process.env['ETCD_BIN'] ?? ensureDebianTool('etcd'),
      args.map((argument) => listening(here(argument, name))),
    );
  }
  const endpoints = [1, 2, 3].map((i) => `https://localhost:${ports.get(`etcd-${i}:2379`)}`).join(',');
  const path = `${ensureDebianTool('etcdctl').replace(/\/[^/]+$/, '')}:${process.env['PATH']}`;
  const env = {
    ...process.env,
    PATH: path,
    ETCDCTL_API: '3',
    ETCD_ENDPOINTS: endpoints,
    SECRETS: join(directory, 'secrets'),
  };
  const grant = () =>
    execFileSync('sh', [join(COMPOSE, 'etcd-access.sh')], { env, stdio: 'pipe' }).toString();
  await until('etcd has its users', () => {
    try {
      return grant() !== '';
    } catch {
      return false;
    }
  });
  expect(grant()).toContain('already on');
  const [, ...redis] = entryOf(all, 'redis').command ?? [];
  const redisArgs = redis.map((argument) =>
    argument === '6379' ? String(ports.get('redis:6379')) : here(argument, 'redis'),
  );
  await start('redis', process.env['REDIS_SERVER_BIN'] ?? ensureDebianTool('redis-server'), redisArgs);
  for (const i of [1, 2, 3]) {
    const name = `lockstep-${i}`;
    const port = String(ports.get(`${name}:5001`));
    const variables = variablesOf(name, { LOCKSTEP_PORT: port, LOCKSTEP_HOST: '127.0.0.1' });
    await start(name, 'env', [...variables, process.execPath, BIN, 'serve']);
    await until(`${name} is ready`, async () => {
      try {
        return (await ask(i, 'GET', '/readyz')).status === 200;
      } catch {
        if (!started.at(-1)?.running) throw new Error(tailOf(join(directory, `${name}.log`)));
        return false;
      }
    });
  }
}, 120_000);

afterAll(async () => {
  for (const process of started.reverse()) await process.kill();
});

test('a change made on one node is on the others, over TLS with every secret in place', async () => {
  const made = await ask(1, 'POST', '/global-config/tenant?wait=nodes', { config: { threat_threshold: 61 } });
  expect(made).toMatchObject({ status: 200, body: { sync_status: 'all_nodes_updated' } });
  for (const n of [2, 3]) {
    expect(await ask(n, 'GET', '/global-config/tenant')).toMatchObject({
      status: 200,
      body: { config: { threat_threshold: 61 } },
    });
  }
});

test('a gateway reads what is under the prefix of APISIX, and nothing else, and writes nothing', () => {
  expect(etcdctl('apisix', 'get', '--prefix', '/apisix', '--keys-only')).toContain(
    '/apisix/cdn_defense/tenants/acme',
  );
  for (const args of [
    ['get', '--prefix', '/cdn-defense'],
    ['put', '/apisix/routes/x', '{}'],
  ]) {
    expect(() => etcdctl('apisix', ...args)).toThrow('permission denied');
  }
});

test('the token of the gateways is made once, and is a gateway’s', async () => {
  const file = join(directory, 'gateway');
  const script = readFileSync(join(COMPOSE, 'gateway-token.sh'), 'utf8').replace(
    '/lockstep/bin/lockstep.js',
    BIN,
  );
  const env = {
    PATH: process.env['PATH'],
    ...Object.fromEntries(
      variablesOf('gateway-token').map((each) => each.split(/=(.*)/s).slice(0, 2) as [string, string]),
    ),
  };
  const run = () => execFileSync('sh', ['-c', script, 'gateway-token.sh', file], { env, stdio: 'pipe' });
  run();
  const token = readFileSync(file, 'utf8');
  expect(token).toMatch(/^ls_\w+/);
  run();
  expect(readFileSync(file, 'utf8')).toBe(token);
  const { body } = await ask(1, 'GET', '/tokens');
  expect(JSON.stringify(body)).toContain('"role":"gateway"');
});
