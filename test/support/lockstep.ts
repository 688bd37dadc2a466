/** The built product as real processes: what `bin/lockstep.js` starts, on free ports. Needs `npm run build`. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SupervisedProcess, tailOf } from './supervised-process.ts';

const BIN = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** For a busy machine. */
const START_MS = 60_000;
const DRAIN_MS = 20_000;

/** One running command of `lockstep`. */
export class LockstepProcess {
  readonly logFile: string;
  private readonly program: SupervisedProcess;

  private constructor(program: SupervisedProcess, logFile: string) {
    this.program = program;
    this.logFile = logFile;
  }

  /** @param nodeFlags for Node itself */
  static async start(
    directory: string,
    name: string,
    args: readonly string[],
    nodeFlags: readonly string[] = [],
  ): Promise<LockstepProcess> {
    if (!existsSync(BUILT)) throw new Error('run `npm run build` first: these tests start the built product');
    const logFile = join(directory, `${name}-${Date.now()}.log`);
    await writeFile(logFile, '');
    return new LockstepProcess(
      await SupervisedProcess.start(directory, process.execPath, [...nodeFlags, BIN, ...args], logFile),
      logFile,
    );
  }

  get pid(): number {
    return this.program.pid;
  }

  get running(): boolean {
    return this.program.running;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Resolves with the matches of what the process has printed, once there are `count`. */
  async printed(pattern: RegExp, count = 1): Promise<string[]> {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(20)) {
      const found = [...this.log().matchAll(pattern)].map((match) => match[1] ?? match[0]);
      if (found.length >= count) return found;
      if (!this.running) break;
    }
    throw new Error(`did not print ${pattern}:\n${tailOf(this.logFile)}`);
  }

  freeze(): void {
    this.program.signal('SIGSTOP');
  }

  thaw(): void {
    this.program.signal('SIGCONT');
  }

  /** SIGTERM, and waits for the end. */
  async drain(): Promise<void> {
    this.program.signal('SIGTERM');
    for (const end = Date.now() + DRAIN_MS; this.running && Date.now() < end; ) await sleep(20);
  }

  /** kill -9 */
  kill(): Promise<void> {
    return this.program.kill();
  }
}

/** A working directory and the processes started in it; all end with it. */
export class Workplace {
  readonly directory: string;
  private readonly processes: LockstepProcess[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'lockstep-test-')));
  }

  async start(
    name: string,
    args: readonly string[],
    nodeFlags?: readonly string[],
  ): Promise<LockstepProcess> {
    const started = await LockstepProcess.start(this.directory, name, args, nodeFlags);
    this.processes.push(started);
    return started;
  }

  /** A Defense API node on these etcd endpoints, without authentication. @returns its process and address */
  async serve(
    id: string,
    endpoints: readonly string[],
    more: readonly string[] = [],
  ): Promise<{ process: LockstepProcess; url: string }> {
    const masterKey = join(this.directory, 'master.key');
    if (!existsSync(masterKey)) await writeFile(masterKey, '5c'.repeat(32), { mode: 0o600 });
    const process = await this.start(id, [
      'serve',
      ...['--node-id', id, '--port', '0', '--auth', 'off', '--log-level', 'info'],
      ...['--etcd', endpoints.join(','), '--master-key-file', masterKey],
      ...more,
    ]);
    const [url = ''] = await process.printed(/answers on (https?:\S+)/g);
    return { process, url };
  }

  /** An embedded gateway on these endpoints. @returns its process, and where it serves HTTP, HTTPS and its metrics */
  async gateway(
    id: string,
    endpoints: readonly string[],
    more: readonly string[] = [],
  ): Promise<{ process: LockstepProcess; http: string; https: string; metrics: string }> {
    const process = await this.start(id, [
      'gateway',
      ...['--gateway-id', id, '--http', '127.0.0.1:0', '--https', '127.0.0.1:0'],
      ...['--metrics', '127.0.0.1:0', '--etcd', endpoints.join(',')],
      ...more,
    ]);
    const [http = '', https = ''] = await process.printed(/serves (https?:\S+)/g, 2);
    const [metrics = ''] = await process.printed(/metrics at (http:\S+)/g);
    return { process, http, https, metrics };
  }

  /** Everything in one process, on free ports. */
  async dev(): Promise<{
    process: LockstepProcess;
    nodes: string[];
    http: string[];
    https: string[];
    origin: string;
  }> {
    const process = await this.start('dev', [
      'dev',
      ...['--data-dir', join(this.directory, 'data'), '--node-ports', '0,0,0', '--http-ports', '0,0'],
      ...['--https-ports', '0,0', '--origin-port', '0'],
    ]);
    await process.printed(/Ctrl-C/g);
    const text = process.log();
    const line = (start: string) =>
      text
        .split('\n')
        .filter((row) => row.trim().startsWith(start))
        .join(' ');
    const urls = (row: string, scheme: string) => row.match(new RegExp(`${scheme}://\\S+`, 'g')) ?? [];
    return {
      process,
      nodes: urls(line('Defense API'), 'http'),
      http: urls(line('gateway-'), 'http'),
      https: urls(line('gateway-'), 'https'),
      origin: urls(line('demo origin'), 'http')[0] ?? '',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
