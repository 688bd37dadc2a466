import { expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { FleetFeed } from './feed.ts';

test('who comes when the feed has ended is told so at once, and nothing is looked at for them', async () => {
  let looks = 0;
  let subscribed = 0;
  const feed = new FleetFeed({
    instance: 'i',
    clock: systemClock,
    read: () => void (looks += 1),
    subscribe: () => {
      subscribed += 1;
      return () => {};
    },
  });
  await feed.dispose();
  const stream = feed.open(undefined);
  expect(await stream.toArray()).toEqual([]);
  expect([looks, subscribed]).toEqual([0, 0]);
});
