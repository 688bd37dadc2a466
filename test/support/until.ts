import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 5;

/** Waits for a condition, and fails with its name when it does not come true in time. */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeout_ms = 10_000,
): Promise<void> => {
  const end = performance.now() + timeout_ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeout_ms} ms: ${what}`);
    await pause(EVERY_MS);
  }
};
