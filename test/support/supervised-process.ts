/** One process that can't outlive its test: it hangs on a pipe to this process, and dies with it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Runs its arguments behind the first as a child and prints the child's pid. When its standard input ends,
 * however this process came to die, it kills the child and removes the directory, its first argument. It ends
 * when the child ends.
 */
const SUPERVISOR = [
  'directory=$1; shift',
  'exec 3<&0',
  '"$@" </dev/null >&2 3<&- & child=$!',
  'echo $child',
  '{ read _ <&3; trap "" TERM; kill -9 $child; sleep 0.2; rm -rf "$directory"; } >/dev/null 2>&1 & reader=$!',
  'exec 3<&-',
  'wait $child; kill $reader 2>/dev/null',
].join('\n');

export class SupervisedProcess {
  readonly pid: number;
  private readonly supervisor: ChildProcess;
  private readonly exited: Promise<unknown>;

  private constructor(supervisor: ChildProcess, pid: number) {
    this.supervisor = supervisor;
    this.pid = pid;
    this.exited = once(supervisor, 'exit');
  }

  static async start(
    directory: string,
    binary: string,
    args: readonly string[],
    logFile: string,
  ): Promise<SupervisedProcess> {
    const env = { PATH: process.env['PATH'], ETCD_UNSUPPORTED_ARCH: process.arch };
    const command = ['-c', SUPERVISOR, 'supervisor', directory, binary, ...args];
    const supervisor = spawn('sh', command, { stdio: ['pipe', 'pipe', 'pipe'], env });
    supervisor.stderr.pipe(createWriteStream(logFile, { flags: 'a' }));
    const [line] = (await once(createInterface(supervisor.stdout), 'line')) as [string];
    return new SupervisedProcess(supervisor, Number(line));
  }

  get running(): boolean {
    return this.supervisor.exitCode === null && this.supervisor.signalCode === null;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    if (this.running) process.kill(this.pid, name);
  }

  /** kill -9, and waits until it is gone; a stopped process dies of it too. */
  async kill(): Promise<void> {
    if (!this.running) return;
    process.kill(this.pid, 'SIGKILL');
    await this.exited;
  }
}

/** The end of a member's log, for a message about a start that failed. */
export const tailOf = (logFile: string): string => {
  try {
    return readFileSync(logFile, 'utf8').split('\n').slice(-6).join('\n');
  } catch {
    return '(no log)';
  }
};
