import { startHarness } from '../../test/engine/nginx.ts';
import { type Cost, Load, compareCost } from './load.ts';

const TURNS = 3;

/** @param count requests in each turn */
export const nginxCost = async (nginxRoot: string, count: number): Promise<Cost> => {
  const harness = await startHarness(nginxRoot);
  const load = new Load(harness.url, harness.pid);
  try {
    await harness.put('tenants', 't1', { id: 't1', rate_limit: 1_000_000_000 });
    await load.measure('/defended?page=2', count / 4);
    return await compareCost(
      TURNS,
      () => load.measure('/bare?page=2', count),
      () => load.measure('/defended?page=2', count),
    );
  } finally {
    load.close();
    await harness.stop();
  }
};
