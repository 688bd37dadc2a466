import { expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { put } from '../../test/support/records.ts';
import { Comparisons } from './comparisons.ts';

test('the age of the last comparison counts from its report, and from the start before there was one', () => {
  let now_ms = 5_000;
  const comparisons = new Comparisons(KEYS, { now: () => 0, monotonic: () => now_ms });
  now_ms += 70_000;
  expect(comparisons.age_s).toBe(70);
  comparisons.apply([put(KEYS.record('config', 'acme'), {}, 7)]);
  expect(comparisons.age_s).toBe(70);
  comparisons.apply([put(KEYS.driftReport(), {}, 8)]);
  now_ms += 2_000;
  expect(comparisons.age_s).toBe(2);
});
