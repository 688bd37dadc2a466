import { defineConfig } from 'vitest/config';

/** A test file's suffix names what it needs: nothing, a real etcd, or the whole product from outside. */
const etcd = '**/*.etcd.test.ts';
const endToEnd = '**/*.e2e.test.ts';
const ignored = ['node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...ignored, etcd, endToEnd],
        },
      },
      {
        test: {
          name: 'etcd',
          include: [etcd],
          exclude: ignored,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: [endToEnd],
          exclude: ignored,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
