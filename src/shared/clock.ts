/** Time as a value: rooms that need it get a `Clock`, so tests can move it. */
export interface Clock {
  /** Wall time, milliseconds since the epoch. */
  now(): number;
  /** Never goes back; for ages, deadlines and leases. Milliseconds. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
