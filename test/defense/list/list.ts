/**
 * The defense list: what `cdn_defense` does, asked of gateways from outside, with real Lockstep nodes on real etcd
 * around them. The same list for the embedded gateway, for nginx with LuaJIT and for Apache APISIX.
 */
import { afterAll, beforeAll } from 'vitest';
import { type Cleanup, cleanUp } from '../../gateway/fixture.ts';
import type { StartGateway } from '../gateway.ts';
import { type Stage, startStage } from '../stage.ts';
import type { Cases } from './cases.ts';
import { challengeCases } from './challenge.ts';
import { clearanceCases } from './clearance.ts';
import { nextVerdictCases } from './next-verdict.ts';
import { parameterCases } from './parameters.ts';
import { requestCases } from './requests.ts';

/** Registers the list. Every change is made once, and every gateway must decide by it. */
export const defenseList = (starters: readonly StartGateway[]): void => {
  const stack: Cleanup = [];
  let started: Stage | undefined;
  beforeAll(async () => {
    started = await startStage(stack, starters);
  });
  afterAll(() => cleanUp(stack));
  const stage = (): Stage => {
    if (!started) throw new Error('the stage does not stand');
    return started;
  };
  const onEach: Cases['onEach'] = async (ask) => {
    for (const gateway of stage().gateways) {
      try {
        await ask(gateway);
      } catch (error) {
        if (error instanceof Error) error.message = `${gateway.name}: ${error.message}`;
        throw error;
      }
    }
  };
  const cases: Cases = { stage, onEach };
  parameterCases(cases);
  requestCases(cases);
  challengeCases(cases);
  clearanceCases(cases);
  nextVerdictCases(cases);
};
