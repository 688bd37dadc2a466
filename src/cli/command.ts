import { DisposeStack } from '../shared/async.ts';

/** One command of `lockstep`. */
export interface Command {
  /** The whole help text. */
  readonly help: string;
  /** @param argv what follows the command's name. @returns the exit code. @throws SettingError */
  readonly run: (
    argv: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ) => Promise<number>;
}

const DRAIN_MS = 20_000;

/**
 * Runs a server command: starts parts onto a stack, waits for SIGTERM or SIGINT, drains. A second signal, or a drain
 * that takes too long, ends the process at once.
 * @returns the exit code
 */
export const runUntilSignalled = async (start: (stack: DisposeStack) => Promise<void>): Promise<number> => {
  const stack = new DisposeStack();
  const signalled = new Promise<void>((resolve) => {
    let count = 0;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        count += 1;
        if (count > 1) process.exit(1);
        resolve();
      });
    }
  });
  try {
    await start(stack);
  } catch (error) {
    await stack.dispose().catch(() => {});
    throw error;
  }
  await signalled;
  const overdue = setTimeout(() => {
    process.stderr.write('lockstep: draining took too long\n');
    process.exit(1);
  }, DRAIN_MS);
  try {
    await stack.dispose();
  } finally {
    clearTimeout(overdue);
  }
  return 0;
};
