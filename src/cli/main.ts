import type { Command } from './command.ts';
import { dev } from './dev.ts';
import { gateway } from './gateway.ts';
import { serve } from './serve.ts';
import { SettingError } from './settings.ts';
import { status } from './status.ts';
import { VERSION } from './version.ts';

const COMMANDS: Readonly<Record<string, Command>> = { dev, serve, gateway, status };

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
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new SettingError(`there is no command ${name}; see lockstep --help`);
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
