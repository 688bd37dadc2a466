/** What every ConfigStore must do, sentence by sentence of `port.ts`; run against each implementation. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { Bench } from './contract/bench.ts';
import type { StoreContract } from './contract/bench.ts';
import { closeContract } from './contract/close.ts';
import { leaseKeyContract, leaseTimeContract } from './contract/lease.ts';
import { anyStep, playAgainstModel } from './contract/model.ts';
import { pagingContract, rangeContract } from './contract/range.ts';
import { guardContract, refusalContract, transactContract } from './contract/transact.ts';
import { watchEndContract, watchLifeContract, watchStepContract } from './contract/watch.ts';

const parts = [
  rangeContract,
  pagingContract,
  transactContract,
  guardContract,
  refusalContract,
  watchStepContract,
  watchLifeContract,
  watchEndContract,
  leaseTimeContract,
  leaseKeyContract,
  closeContract,
];

export const describeStore = (contract: StoreContract): void => {
  describe(`${contract.name} as a ConfigStore`, () => {
    const bench = new Bench(contract);
    beforeEach(() => bench.setUp());
    afterEach(() => bench.tearDown());

    for (const part of parts) part(bench);

    it('does what a simple model of a store does, and its watch tells exactly that', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), (steps) =>
          playAgainstModel(bench.store, `${bench.prefix}${++run}/`, steps),
        ),
        { numRuns: contract.propertyRuns },
      );
    }, 120_000);
  });
};
