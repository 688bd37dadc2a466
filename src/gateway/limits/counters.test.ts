import { describe, expect, it } from 'vitest';
import { Counters } from './counters.ts';

const still = () => {
  const clock = { at_ms: 0, now: () => clock.at_ms, monotonic: () => clock.at_ms };
  return clock;
};

describe('counters', () => {
  it('add up until they end, from their first addition on', () => {
    const clock = still();
    const counters = new Counters(clock);
    expect(counters.get('a')).toBe(0);
    expect(counters.add('a', 1, 10)).toBe(1);
    clock.at_ms = 9_999;
    expect(counters.add('a', 2, 10)).toBe(3);
    expect(counters.get('a')).toBe(3);
    clock.at_ms = 10_000;
    expect(counters.get('a')).toBe(0);
    expect(counters.add('a', 1, 10)).toBe(1);
  });

  it('that ended make room by themselves', () => {
    const clock = still();
    const counters = new Counters(clock);
    for (let i = 0; i < 10_000; i++) {
      clock.at_ms += 1;
      counters.add(`client ${i}`, 1, 1);
    }
    expect(counters.size).toBeLessThan(1_500);
  });

  it('are bounded, and a flood of strangers does not push out who is near a limit', () => {
    const counters = new Counters(still(), 1_000);
    for (let i = 0; i < 20; i++) counters.add(`busy ${i}`, 500, 60);
    for (let i = 0; i < 50_000; i++) counters.add(`stranger ${i}`, 1, 60);
    expect(counters.size).toBeLessThanOrEqual(1_000);
    for (let i = 0; i < 20; i++) expect(counters.get(`busy ${i}`)).toBe(500);
  });
});
