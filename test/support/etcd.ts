/** Real etcd for tests: clusters of one or three members on free loopback ports, in temporary directories. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureDebianTool } from '../../scripts/debian.js';
import { SupervisedProcess, tailOf } from './supervised-process.ts';
import { makeCertificates } from './etcd-tls.ts';
import type { TestCertificates } from './etcd-tls.ts';
import { freePorts } from './free-ports.ts';

export interface EtcdClusterOptions {
  /** 1 or 3; default 1. */
  readonly members?: 1 | 3;
  /** TLS with client certificates on the client port. */
  readonly tls?: boolean;
  /** Another binary than `ETCD_BIN`, the installed or Debian's. */
  readonly binary?: string;
  /** More flags for every member. */
  readonly flags?: readonly string[];
}

const START_TIMEOUT_MS = 30_000;

const execute = promisify(execFile);

const etcdctl = async (...args: string[]): Promise<void> => {
  const binary = process.env['ETCDCTL_BIN'] ?? ensureDebianTool('etcdctl');
  await execute(binary, args, { env: { ...process.env, ETCDCTL_API: '3' } });
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Ask {
  readonly url: string;
  readonly body?: string;
  readonly token?: string;
  readonly tls?: TestCertificates | undefined;
}

const ask = ({ url, body, token, tls }: Ask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: token === undefined ? {} : { authorization: token },
      timeout: 5_000,
      agent: false as const,
      ...(tls ? { ca: tls.ca, cert: tls.client.cert, key: tls.client.key } : {}),
    };
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const call = send(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.on('timeout', () => call.destroy(new Error(`${url} did not answer`)));
    call.on('error', reject);
    call.end(body);
  });

export class EtcdMember {
  readonly name: string;
  readonly clientUrl: string;
  /** Swap its contents while the member is down to play a restored backup. */
  readonly dataDirectory: string;
  private readonly healthUrl: string;
  private readonly binary: string;
  private readonly args: readonly string[];
  private readonly logFile: string;
  private process: SupervisedProcess | undefined;

  constructor(parts: {
    name: string;
    clientUrl: string;
    dataDirectory: string;
    healthUrl: string;
    binary: string;
    args: readonly string[];
    logFile: string;
  }) {
    this.name = parts.name;
    this.clientUrl = parts.clientUrl;
    this.dataDirectory = parts.dataDirectory;
    this.healthUrl = parts.healthUrl;
    this.binary = parts.binary;
    this.args = parts.args;
    this.logFile = parts.logFile;
  }

  get pid(): number {
    if (!this.process) throw new Error(`${this.name} is not running`);
    return this.process.pid;
  }

  async start(): Promise<void> {
    this.process = await SupervisedProcess.start(
      dirname(this.dataDirectory),
      this.binary,
      this.args,
      this.logFile,
    );
  }

  /** Resolves when the member has a leader and answers; throws with the end of its log otherwise. */
  async ready(): Promise<void> {
    for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(50)) {
      if (!this.process?.running) throw new Error(`${this.name} ended:\n${tailOf(this.logFile)}`);
      const answer = await ask({ url: this.healthUrl }).catch(() => undefined);
      if (answer?.body.includes('"true"')) return;
    }
    throw new Error(`${this.name} did not become healthy:\n${tailOf(this.logFile)}`);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** Freezes it: its sockets stay open and silent. */
  freeze(): void {
    this.process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.process?.signal('SIGCONT');
  }

  /**
   * kill -9, and start again on a backup. With the cluster's own token the restored cluster has the id of the one it is a
   * backup of; with another token, another id.
   */
  async restore(snapshot: string, token?: string): Promise<void> {
    await this.kill();
    await rm(this.dataDirectory, { recursive: true, force: true });
    const flagOf = (name: string): string =>
      this.args.find((arg) => arg.startsWith(`--${name}=`)) ?? `--${name}=`;
    const flags = ['name', 'initial-cluster', 'initial-advertise-peer-urls', 'data-dir'].map(flagOf);
    flags.push(token === undefined ? flagOf('initial-cluster-token') : `--initial-cluster-token=${token}`);
    await etcdctl('snapshot', 'restore', snapshot, ...flags);
    await this.start();
  }

  /** kill -9 and start again on the same data. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }
}

export class EtcdCluster {
  readonly members: readonly EtcdMember[];
  /** With `tls`: what a client needs. */
  readonly certificates: TestCertificates | undefined;
  private readonly directory: string;

  constructor(members: readonly EtcdMember[], directory: string, certificates: TestCertificates | undefined) {
    this.members = members;
    this.directory = directory;
    this.certificates = certificates;
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ clientUrl }) => clientUrl);
  }

  /**
   * Calls etcd's JSON gateway: `admin('/v3/kv/compaction', { revision: 7 })`.
   * @throws when etcd answers with an error
   */
  async admin(
    path: string,
    message: object,
    options: { token?: string; member?: EtcdMember } = {},
  ): Promise<unknown> {
    const { token, member = this.members[0] } = options;
    if (!member) throw new Error('the cluster has no members');
    const body = JSON.stringify(message);
    const url = `${member.clientUrl}${path}`;
    const answer = await ask({
      url,
      body,
      tls: this.certificates,
      ...(token === undefined ? {} : { token }),
    });
    if (answer.status !== 200) throw new Error(`etcd ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as unknown;
  }

  /** Saves a backup, and says where. */
  async snapshot(): Promise<string> {
    const file = join(this.directory, `snapshot-${Date.now()}.db`);
    await etcdctl('snapshot', 'save', file, `--endpoints=${this.members[0]?.clientUrl}`);
    return file;
  }

  /** Starts all members again on a backup. @param token as of `EtcdMember.restore` */
  async restore(snapshot: string, token?: string): Promise<void> {
    await Promise.all(this.members.map((member) => member.restore(snapshot, token)));
    await Promise.all(this.members.map((member) => member.ready()));
  }

  /** Asks the members until one says who leads. */
  async leader(): Promise<EtcdMember> {
    for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(50)) {
      for (const member of this.members) {
        const status = (await this.admin('/v3/maintenance/status', {}, { member }).catch(() => undefined)) as
          | { leader?: string; header: { member_id: string } }
          | undefined;
        if (status?.leader !== undefined && status.leader === status.header.member_id) return member;
      }
    }
    throw new Error('the cluster has no leader');
  }

  /** Ends all members and removes their data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

const tlsFlags = async (directory: string, tls: TestCertificates): Promise<string[]> => {
  const files = { ca: tls.ca, cert: tls.server.cert, key: tls.server.key };
  for (const [name, pem] of Object.entries(files)) {
    await writeFile(join(directory, `${name}.pem`), pem, { mode: 0o600 });
  }
  return [
    `--cert-file=${join(directory, 'cert.pem')}`,
    `--key-file=${join(directory, 'key.pem')}`,
    `--trusted-ca-file=${join(directory, 'ca.pem')}`,
    '--client-cert-auth',
  ];
};

/** Starts a cluster and waits until every member is healthy. `stop()` it, or use `await using`. */
export const startEtcd = async (options: EtcdClusterOptions = {}): Promise<EtcdCluster> => {
  const { members: count = 1, flags = [] } = options;
  const binary = options.binary ?? process.env['ETCD_BIN'] ?? ensureDebianTool('etcd');
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-etcd-'));
  const certificates = options.tls ? await makeCertificates() : undefined;
  const security = certificates ? await tlsFlags(directory, certificates) : [];
  const ports = await freePorts(count * 3);
  const urlOf = (i: number, scheme = 'http') => `${scheme}://127.0.0.1:${ports[i]}`;
  const peers = Array.from({ length: count }, (_, i) => `m${i}=${urlOf(i * 3 + 1)}`).join(',');
  const members = Array.from({ length: count }, (_, i) => {
    const name = `m${i}`;
    const dataDirectory = join(directory, name);
    const clientUrl = urlOf(i * 3, certificates ? 'https' : 'http');
    const [peerUrl, healthUrl] = [urlOf(i * 3 + 1), urlOf(i * 3 + 2)];
    const args = [
      `--name=${name}`,
      `--data-dir=${dataDirectory}`,
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--listen-metrics-urls=${healthUrl}`,
      `--initial-cluster=${peers}`,
      '--initial-cluster-state=new',
      `--initial-cluster-token=${directory}`,
      ...security,
      ...flags,
    ];
    const logFile = join(directory, `${name}.log`);
    return new EtcdMember({
      name,
      clientUrl,
      dataDirectory,
      healthUrl: `${healthUrl}/health`,
      binary,
      args,
      logFile,
    });
  });
  const cluster = new EtcdCluster(members, directory, certificates);
  try {
    await Promise.all(members.map((member) => member.start()));
    await Promise.all(members.map((member) => member.ready()));
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
};
