import type { Command } from './command.ts';
import { SettingError } from './settings.ts';
import { VERSION } from './version.ts';

interface Entry {
  readonly summary: string;
  /** Loaded when called for, so that a short command does not wait for a server's libraries. */
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  dev: {
    summary: 'run three nodes, two gateways and a demo origin in one process, nothing to install',
    load: async () => (await import('./dev.ts')).dev,
  },
  serve: {
    summary: 'run one Defense API node on etcd',
    load: async () => (await import('./serve.ts')).serve,
  },
  gateway: {
    summary: 'run the embedded gateway on what APISIX reads from etcd',
    load: async () => (await import('./gateway.ts')).gateway,
  },
  token: {
    summary: 'make, list and revoke API tokens in etcd, without a running node',
    load: async () => (await import('./token.ts')).token,
  },
  keys: {
    summary: 'show which master keys are in use, and seal everything anew with a new one',
    load: async () => (await import('./keys.ts')).keys,
  },
  wait: {
    summary: 'wait until every node and every gateway has a change',
    load: async () => (await import('./wait.ts')).wait,
  },
  status: {
    summary: 'show what nodes and gateways have, and which have not got the newest change',
    load: async () => (await import('./status.ts')).status,
  },
};

const overview = (): string => {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)}  ${summary}`);
  return [
    'lockstep: one change, every node, every gateway, proved',
    '',
    'lockstep COMMAND [flags]',
    '',
    ...rows,
    '',
    'lockstep COMMAND --help shows the flags. Each flag has a variable: --node-id is LOCKSTEP_NODE_ID.',
  ].join('\n');
};

/** Failures of the machine, not of Lockstep: one line says it all. */
const oneLine = (error: unknown): string | undefined => {
  if (error instanceof SettingError) return error.message;
  const { code, address, port, name, message } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (code === 'EADDRINUSE') return `${address}:${port} is in use by another process`;
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine`;
  if (code === 'EACCES') return `no permission: ${message}`;
  return name === 'EmbeddedStoreBusyError' ? message : undefined;
};

const run = async (argv: readonly string[]): Promise<number> => {
  const [name = '--help', ...rest] = argv;
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${overview()}\n`);
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) throw new SettingError(`there is no command ${name}; see lockstep --help`);
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.help}\n`);
    return 0;
  }
  return command.run(rest, process.env);
};

/** The entry point: carries out one command and sets the exit code. */
export const main = async (argv: readonly string[]): Promise<void> => {
  try {
    process.exitCode = await run(argv);
  } catch (error) {
    const line = oneLine(error);
    process.stderr.write(
      line === undefined
        ? `${error instanceof Error ? error.stack : String(error)}\n`
        : `lockstep: ${line}\n`,
    );
    process.exitCode = 1;
  }
};
