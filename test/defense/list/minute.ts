import { until } from '../../support/until.ts';

const ROOM_MS = 8_000;

/**
 * Waits until so much of the minute is left that a few requests fall into one: at its end a share of what was counted
 * in it is forgotten. No test can move the clock of another process.
 */
export const roomInMinute = (): Promise<void> =>
  until('there is room in the minute', () => Date.now() % 60_000 < 60_000 - ROOM_MS, ROOM_MS + 5_000);
