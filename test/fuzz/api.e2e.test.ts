/** A short run of `npm run fuzz:api`; each run in CI takes another seed. */
import { expect, it } from 'vitest';
import { fuzzNode, summaryOf } from './target.ts';

const REQUESTS = 4_000;

it('a node under odd requests answers each, fails at none, keeps its memory, and changes nothing that it does not acknowledge', async () => {
  const seed = Date.now() % 1_000_000_000;
  const run = await fuzzNode(REQUESTS, seed);
  console.log(`seed ${seed}\n${summaryOf(run)}`);
  expect(run.troubles, `seed ${seed}`).toEqual([]);
  // The requests are not so odd that they reach nothing.
  expect(run.changes).toBeGreaterThan(REQUESTS / 100);
});
