/** A real Redis for tests, on a free loopback port, with nothing on disk: a restart finds it empty. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { ensureDebianTool } from '../../scripts/debian.js';
import type { RedisAddress } from '../../src/shared/redis.ts';
import { makeCertificates } from './etcd-tls.ts';
import { SupervisedProcess, tailOf } from './supervised-process.ts';
import { until } from './until.ts';
import { freePort } from './free-ports.ts';

export interface RedisOptions {
  readonly password?: string;
  /** More users, as in a Redis configuration: `user alice on >secret ~* +@all`. */
  readonly users?: readonly string[];
  readonly tls?: boolean;
}

export class RedisServer {
  /** As the default user, with its password. */
  readonly address: RedisAddress;
  readonly directory: string;
  private readonly configuration: string;
  private process: SupervisedProcess | undefined;

  constructor(address: RedisAddress, directory: string, configuration: string) {
    this.address = address;
    this.directory = directory;
    this.configuration = configuration;
  }

  get url(): string {
    const { host, port, password, tls } = this.address;
    return `${tls ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}${host}:${port}`;
  }

  get pid(): number {
    if (!this.process) throw new Error('Redis is not running');
    return this.process.pid;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const binary = process.env['REDIS_SERVER_BIN'] ?? ensureDebianTool('redis-server');
    const logFile = join(this.directory, 'redis.log');
    this.process = await SupervisedProcess.start(this.directory, binary, [this.configuration], logFile);
    const up = async () => {
      if (!this.process?.running) throw new Error(`redis-server ended:\n${tailOf(logFile)}`);
      return this.ask(['PING']).then(
        (answer) => answer === 'PONG',
        () => false,
      );
    };
    await until('Redis answers', up);
  }

  /** Carries out one command on a connection of its own. @throws what Redis answers as an error */
  async ask(command: string[]): Promise<unknown> {
    const { host, port, password, tls } = this.address;
    const common = { host, port, reconnectStrategy: false as const, connectTimeout: 1_000 };
    const client = createClient({
      socket: tls ? { ...common, tls: true as const, ...(tls.ca ? { ca: tls.ca } : {}) } : common,
      RESP: 2,
      ...(password === undefined ? {} : { password }),
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  /** Freezes it: its sockets stay open and silent. */
  freeze(): void {
    this.process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.process?.signal('SIGCONT');
  }

  /** kill -9 */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Starts a Redis and waits until it answers. */
export const startRedis = async (options: RedisOptions = {}): Promise<RedisServer> => {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-redis-'));
  const port = await freePort();
  const lines = [
    'bind 127.0.0.1',
    `dir ${directory}`,
    'save ""',
    'appendonly no',
    ...(options.tls ? ['port 0', `tls-port ${port}`, 'tls-auth-clients no'] : [`port ${port}`]),
    ...(options.password === undefined ? [] : [`requirepass "${options.password}"`]),
    ...(options.users ?? []),
  ];
  const certificates = options.tls ? await makeCertificates() : undefined;
  if (certificates) {
    const files = { ca: certificates.ca, cert: certificates.server.cert, key: certificates.server.key };
    for (const [name, pem] of Object.entries(files)) {
      await writeFile(join(directory, `${name}.pem`), pem, { mode: 0o600 });
    }
    lines.push(
      ...['cert', 'key'].map((name) => `tls-${name}-file ${join(directory, `${name}.pem`)}`),
      `tls-ca-cert-file ${join(directory, 'ca.pem')}`,
    );
  }
  const configuration = join(directory, 'redis.conf');
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const { password } = options;
  const address: RedisAddress = {
    host: '127.0.0.1',
    port,
    database: 0,
    ...(password === undefined ? {} : { password }),
    ...(certificates ? { tls: { ca: Buffer.from(certificates.ca) } } : {}),
  };
  const server = new RedisServer(address, directory, configuration);
  await server.start();
  return server;
};
