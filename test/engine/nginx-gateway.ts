/**
 * nginx with LuaJIT as a gateway: workers that watch a real etcd, with the real `cdn_defense` and the real receipts agent.
 * What stands in for APISIX around them is a harness: `watching/`. Debian's nginx has no privileged agent, so the agent
 * lives in worker 0 here, as it does wherever nginx has none. With `APISIX_HOME` a real APISIX is started instead.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ensureDebianTool } from '../../scripts/debian.js';
import { makeCertificate } from '../support/certificates.ts';
import { type Answer, type Sent, probe } from '../support/probe.ts';
import { until } from '../support/until.ts';
import { prepareApisix } from './apisix-home.ts';
import { freePorts } from '../support/free-ports.ts';

const here = path.resolve(import.meta.dirname, 'watching');
const root = path.resolve(import.meta.dirname, '../..');
const TOKEN = 'LOCKSTEP_GATEWAY_TOKEN';
const PLUGINS = ['cdn_defense', 'proxy-rewrite'];

export interface NginxGatewayOptions {
  /** Where Debian's nginx was unpacked: `unpackedNginx()`. */
  readonly nginxRoot: string;
  readonly id: string;
  /** etcd's client URLs, in the clear. */
  readonly etcd: readonly string[];
  /** Of the nodes, in the order in which they are tried. */
  readonly controlUrls: readonly string[];
  readonly token?: string;
  /** Default 2. */
  readonly workers?: number;
  /** As `plugins` in config.yaml; without `cdn_defense` a route's defense is skipped silently, as in APISIX. */
  readonly plugins?: readonly string[];
  /** More of `plugin_attr`. */
  readonly pluginAttr?: object;
  /** Certificates, in PEM, that the agent believes nodes by. */
  readonly ca?: string;
  /** `plugin_attr.cdn_defense.redis` */
  readonly redis?: object | undefined;
}

export type { Answer } from '../support/probe.ts';

/** Prints the pid of its arguments, run as a child, which is ended when the standard input ends. */
const SUPERVISOR = [
  'exec 3<&0',
  '"$@" </dev/null >&2 3<&- & child=$!',
  'echo $child',
  '{ read _ <&3; kill -TERM $child; } >/dev/null 2>&1 & reader=$!',
  'exec 3<&-',
  'wait $child; kill $reader 2>/dev/null',
].join('\n');

const titleOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

/** Where a real Apache APISIX is installed, if the tests are to run on it instead of on the harness. */
export const APISIX_HOME = process.env['APISIX_HOME'];

const pluginAttrOf = (options: NginxGatewayOptions): object => ({
  ...options.pluginAttr,
  cdn_defense: {
    shared_dict: 'cdn_defense',
    trusted_proxies: ['127.0.0.0/8'],
    ...(options.redis ? { redis: options.redis } : {}),
  },
  lockstep: {
    gateway_id: options.id,
    control_urls: options.controlUrls,
    ...(options.token === undefined ? {} : { token_env: TOKEN }),
  },
});

/** Where Debian's resty.redis is, and what makes APISIX's of it. */
const restyRedis = (): string[] => [
  path.join(root, 'test/limits/harness'),
  path.resolve(ensureDebianTool('lua-nginx-redis'), '../..'),
];

const prepareHarness = async (
  work: string,
  options: NginxGatewayOptions,
  ports: readonly number[],
): Promise<string[]> => {
  const { nginxRoot } = options;
  const filled: Record<string, string> = {
    MODULES: path.join(nginxRoot, 'usr/lib/nginx/modules'),
    USER: process.getuid?.() === 0 ? 'user root;' : '',
    WORKERS: `${options.workers ?? 2}`,
    WORK: work,
    HERE: here,
    HARNESS: path.join(import.meta.dirname, 'harness'),
    ROOT: root,
    LUALIB: [...(options.redis ? restyRedis() : []), path.join(nginxRoot, 'usr/share/lua/5.1')].join(
      '/?.lua;',
    ),
    CLIB: path.join(nginxRoot, 'usr/lib/x86_64-linux-gnu/lua/5.1'),
    HTTP: `127.0.0.1:${ports[0]}`,
    HTTPS: `127.0.0.1:${ports[1]}`,
  };
  const template = await readFile(path.join(here, 'nginx.conf'), 'utf8');
  const nobody = await makeCertificate({ names: ['nobody.invalid'] });
  const files = {
    'nginx.conf': template.replace(/@([A-Z]+)@/g, (whole, name: string) => filled[name] ?? whole),
    'config.json': JSON.stringify({
      etcd: { host: options.etcd, prefix: '/apisix' },
      plugins: options.plugins ?? PLUGINS,
      plugin_attr: pluginAttrOf(options),
    }),
    'nobody.pem': nobody.cert,
    'nobody.key': nobody.key,
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(work, name), text)));
  await mkdir(path.join(work, 'logs'));
  return [path.join(nginxRoot, 'usr/sbin/nginx'), '-p', work, '-c', path.join(work, 'nginx.conf')];
};

const prepare = async (
  work: string,
  options: NginxGatewayOptions,
  ports: readonly number[],
): Promise<string[]> => {
  const trusted = path.join(work, 'trusted.pem');
  await writeFile(trusted, options.ca ?? (await makeCertificate({ names: ['nobody.invalid'] })).cert);
  if (APISIX_HOME === undefined) return prepareHarness(work, options, ports);
  return prepareApisix(APISIX_HOME, work, {
    etcd: options.etcd,
    plugins: options.plugins ?? PLUGINS,
    pluginAttr: pluginAttrOf(options),
    workers: options.workers ?? 2,
    ports,
    trusted,
    envs: [TOKEN],
  });
};

export class NginxGateway {
  readonly id: string;
  readonly url: string;
  readonly httpsUrl: string;
  /** APISIX's control API; nothing listens there on the harness. */
  readonly controlApiUrl: string;
  /** Of the master. */
  readonly pid: number;
  private readonly work: string;
  private readonly supervisor: ChildProcess;

  constructor(parts: {
    id: string;
    ports: readonly number[];
    pid: number;
    work: string;
    supervisor: ChildProcess;
  }) {
    this.id = parts.id;
    this.url = `http://127.0.0.1:${parts.ports[0]}`;
    this.httpsUrl = `https://127.0.0.1:${parts.ports[1]}`;
    this.controlApiUrl = `http://127.0.0.1:${parts.ports[2]}`;
    this.pid = parts.pid;
    this.work = parts.work;
    this.supervisor = parts.supervisor;
  }

  /** Every process but the master: workers, and the privileged agent where there is one. */
  processes(): number[] {
    const text = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((each) => each !== '')
      .map(Number);
  }

  /** The pids of the workers that take requests. */
  workers(): number[] {
    return this.processes().filter((pid) => titleOf(pid).startsWith('nginx: worker process\0'));
  }

  /** Signals one of the processes. */
  signal(pid: number, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (!this.processes().includes(pid)) throw new Error(`${pid} is no process of this gateway`);
    process.kill(pid, name);
  }

  /** The error log so far. */
  log(): string {
    const file = path.join(this.work, 'logs/error.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** One request on a connection of its own. */
  send(target: string, sent: Sent = {}, timeout_ms = 5_000): Promise<Answer> {
    return probe({ http: this.url, https: this.httpsUrl }, target, sent, timeout_ms);
  }

  /** Sends until every worker has answered. @returns one answer of each */
  async everyWorker(target: string, sent: Sent = {}): Promise<Answer[]> {
    const missing = new Set(this.workers());
    const answers: Answer[] = [];
    for (let tries = 0; missing.size > 0 && tries < 400; tries++) {
      const answer = await this.send(target, sent);
      if (missing.delete(answer.pid)) answers.push(answer);
    }
    if (missing.size > 0) throw new Error(`workers that did not answer: ${[...missing].join(', ')}`);
    return answers;
  }

  /** As `apisix reload`. @returns once new workers have taken the old ones' place */
  async reload(): Promise<void> {
    const before = new Set(this.workers());
    process.kill(this.pid, 'SIGHUP');
    await until('the gateway has new workers only', () => {
      const now = this.workers();
      return now.length === before.size && now.every((pid) => !before.has(pid));
    });
  }

  /** Ends it, frozen workers included, and removes what it wrote. */
  async dispose(): Promise<void> {
    if (this.supervisor.exitCode === null) {
      this.supervisor.stdin?.end();
      await once(this.supervisor, 'exit');
    }
    await rm(this.work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Starts it and waits until it takes connections; its directories are read in the first moments after that. */
export const startNginxGateway = async (options: NginxGatewayOptions): Promise<NginxGateway> => {
  const work = await mkdtemp(path.join(tmpdir(), 'lockstep-nginx-'));
  const ports = await freePorts(3);
  const command = await prepare(work, options, ports);
  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((each) =>
    path.join(options.nginxRoot, each),
  );
  const supervisor = spawn('sh', ['-c', SUPERVISOR, 'supervisor', ...command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      ...(APISIX_HOME === undefined ? { LD_LIBRARY_PATH: libraries.join(':') } : {}),
      [TOKEN]: options.token ?? '',
    },
  });
  const [line] = (await once(createInterface(supervisor.stdout), 'line')) as [string];
  const gateway = new NginxGateway({ id: options.id, ports, pid: Number(line), work, supervisor });
  try {
    await until('nginx answers', () => {
      if (supervisor.exitCode !== null) throw new Error('nginx has ended');
      if (gateway.workers().length < (options.workers ?? 2)) return false;
      return gateway.send('/', {}, 1000).then(
        () => true,
        () => false,
      );
    });
    return gateway;
  } catch (error) {
    const log = gateway.log();
    await gateway.dispose();
    throw new Error(`nginx did not start: ${log}`, { cause: error });
  }
};
