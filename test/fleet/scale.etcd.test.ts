/** What a larger fleet costs, in small: the numbers of a thousand gateways are printed by `npm run bench:fleet`. */
import { afterEach, expect, it } from 'vitest';
import { ScaledFleet, type Writes } from './scaled-fleet.ts';
import { spread } from './real-fleet.ts';

const CHANGES = 15;
/** Measured: 22 KiB for each gateway of a thousand, connection included; of a hundred more, for the heap grows otherwise too. */
const GATEWAY_BYTES_MAX = 128 * 1024;

let fleet: ScaledFleet;

afterEach(() => fleet.stop());

const total = (writes: Writes): number => writes.changes + writes.receipts + writes.summaries;

it('etcd’s writes for a change do not grow with the gateways, and nodes hold little for each', async () => {
  fleet = await ScaledFleet.start({ nodes: 3, processes: 1 });
  await fleet.changes(CHANGES);
  const alone = await fleet.used();
  await fleet.gateways.grow(10, fleet.urls);
  const few = await fleet.changes(CHANGES);
  await fleet.gateways.grow(100, fleet.urls);
  const many = await fleet.changes(CHANGES);
  const each_bytes = ((await fleet.used()).heap_bytes - alone.heap_bytes) / fleet.gateways.size;
  console.log(
    `writes for a change with 10 gateways ${total(few.writes).toFixed(1)}, with 100 ${total(many.writes).toFixed(1)}; ` +
      `${Math.round(each_bytes)} bytes for each gateway; ?wait=fleet with 100: ${spread(many.took_ms)}`,
  );
  // Each node writes its receipt, and says that its gateways are in step: before that, once or a few times who is not.
  for (const { writes } of [few, many]) {
    expect(writes.changes).toBe(1);
    expect(writes.receipts).toBeLessThanOrEqual(fleet.urls.length);
    expect(writes.summaries).toBeLessThanOrEqual(4 * fleet.urls.length);
  }
  expect(each_bytes).toBeLessThan(GATEWAY_BYTES_MAX);
});
