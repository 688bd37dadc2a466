import { defineConfig } from 'vitest/config';

/**
 * A test file's suffix names what it needs: nothing, a real etcd, the whole product from outside, a browser, or the machine
 * for itself.
 */
const etcd = '**/*.etcd.test.ts';
const endToEnd = '**/*.e2e.test.ts';
const browser = '**/*.browser.test.ts';
const cost = '**/*.cost.test.ts';
const ignored = ['node_modules/**', 'dist/**'];

/** For processes that start on a busy machine; what has to happen within a time is held to it by its own test. */
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 15_000 } } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...ignored, etcd, endToEnd, browser, cost],
          // For a busy machine; none takes more than a few seconds.
          testTimeout: 30_000,
          // These tests share no state, so they may share the modules: half the time goes into loading them.
          isolate: false,
          // They hardly use the clock, so they may share the machine as well.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'etcd',
          sequence: { groupOrder: 1 },
          include: [etcd],
          exclude: ignored,
          ...patient,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 1 },
          include: [endToEnd, browser],
          exclude: ignored,
          ...patient,
        },
      },
      {
        test: {
          name: 'cost',
          include: [cost],
          exclude: ignored,
          testTimeout: 120_000,
          // After all others, so that nothing else runs meanwhile.
          sequence: { groupOrder: 2 },
          fileParallelism: false,
        },
      },
    ],
  },
});
