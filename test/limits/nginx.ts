/** nginx with LuaJIT and several workers, the real plugin in them, and a Redis to share limits through. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureDebianTool } from '../../scripts/debian.js';
import type { RedisAddress } from '../../src/shared/redis.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import { makeCertificates } from '../support/etcd-tls.ts';
import { until } from '../support/until.ts';
import { freePort } from '../support/free-ports.ts';

const here = path.join(import.meta.dirname, 'harness');
const root = path.resolve(import.meta.dirname, '../..');

/** Of the control API. */
export interface LimitsStatus {
  readonly shared: boolean;
  readonly exchanges: Readonly<Record<'done' | 'failed' | 'lost', number>>;
}

/** `plugin_attr.cdn_defense.redis` */
export const settingsOf = ({ host, port, username, password, database, tls }: RedisAddress): object => ({
  ...{ host, port, database },
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
  ...(tls ? { tls: true, tls_server_name: 'localhost' } : {}),
});

export class NginxWithLimits {
  readonly url: string;
  private readonly work: string;
  private readonly child: ChildProcess;

  private constructor(url: string, work: string, child: ChildProcess) {
    this.url = url;
    this.work = work;
    this.child = child;
  }

  /** @param redis absent: limits are not shared. @param tenant the parameters of tenant t1 */
  static async start(redis: RedisAddress | undefined, tenant: object, workers = 2): Promise<NginxWithLimits> {
    const nginxRoot = unpackedNginx();
    if (nginxRoot === undefined) throw new Error('nginx with Lua can not be had here');
    const work = await mkdtemp(path.join(tmpdir(), 'lockstep-limits-'));
    const port = await freePort();
    const filled: Record<string, string> = {
      MODULES: path.join(nginxRoot, 'usr/lib/nginx/modules'),
      USER: process.getuid?.() === 0 ? 'user root;' : '',
      WORKERS: `${workers}`,
      WORK: work,
      HERE: here,
      HARNESS: path.join(root, 'test/engine/harness'),
      ROOT: root,
      LUALIB: path.join(nginxRoot, 'usr/share/lua/5.1'),
      CLIB: path.join(nginxRoot, 'usr/lib/x86_64-linux-gnu/lua/5.1'),
      REDISLIB: path.resolve(ensureDebianTool('lua-nginx-redis'), '../..'),
      PORT: `127.0.0.1:${port}`,
    };
    const template = await readFile(path.join(here, 'nginx.conf'), 'utf8');
    const attr = {
      shared_dict: 'cdn_defense',
      trusted_proxies: ['127.0.0.0/8'],
      ...(redis ? { redis: settingsOf(redis) } : {}),
    };
    const files = {
      'nginx.conf': template.replace(/@([A-Z]+)@/g, (whole, name: string) => filled[name] ?? whole),
      'attr.json': JSON.stringify(attr),
      'tenant.json': JSON.stringify({ id: 't1', ...tenant }),
      'trusted.pem': redis?.tls?.ca ?? (await makeCertificates()).ca,
    };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(work, name), text)));
    const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((each) =>
      path.join(nginxRoot, each),
    );
    const child = spawn(
      path.join(nginxRoot, 'usr/sbin/nginx'),
      ['-p', `${work}/`, '-c', path.join(work, 'nginx.conf')],
      { stdio: 'ignore', env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') } },
    );
    const started = new NginxWithLimits(`http://127.0.0.1:${port}`, work, child);
    await until('nginx answers', () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${started.errors()}`);
      return fetch(`${started.url}/status`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return started;
  }

  errors(): string {
    return readFileSync(path.join(this.work, 'error.log'), 'utf8');
  }

  /** Of whichever worker answers; what is said of limits is the node's. */
  async limits(): Promise<LimitsStatus | undefined> {
    const status = (await (await fetch(`${this.url}/status`)).json()) as { limits?: LimitsStatus };
    return status.limits;
  }

  async reloadPlugin(): Promise<void> {
    await (await fetch(`${this.url}/reload-plugin`)).text();
  }

  /** New workers take over from the old ones. */
  async reload(): Promise<void> {
    const old = await this.workers();
    this.child.kill('SIGHUP');
    await until('new workers', async () => (await this.workers()).every((pid) => !old.includes(pid)));
  }

  /** The workers' process ids. */
  async workers(): Promise<number[]> {
    const { pid = 0 } = this.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.trim().split(/\s+/).filter(Boolean).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    await rm(this.work, { recursive: true, force: true, maxRetries: 3 });
  }
}
