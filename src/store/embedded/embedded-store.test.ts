import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { describeStore } from '../../../test/store/store-contract.ts';
import { openEmbeddedStore } from './embedded-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-embedded-'));
let stores = 0;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

for (const [name, fresh] of [
  ['the embedded store on disk', () => ({ directory: join(directory, `${++stores}`) })],
  ['the embedded store in memory', () => ({})],
] as const) {
  describeStore({
    name,
    shortestLease_s: 1,
    propertyRuns: 50,
    open: async () => {
      const store = await openEmbeddedStore(fresh());
      return { store, compact: async (at) => store.compact(at) };
    },
  });
}
