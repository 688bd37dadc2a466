import { createHash, createHmac } from 'node:crypto';
import type { CounterScope, Host } from '../../src/engine/engine.ts';

const compiled = new Map<string, RegExp>();

/** The engine's patterns keep to a subset in which RegExp without flags and PCRE agree on byte strings. */
const matches = (pattern: string, subject: string): boolean => {
  let regex = compiled.get(pattern);
  if (!regex) {
    regex = new RegExp(pattern);
    compiled.set(pattern, regex);
  }
  return regex.test(subject);
};

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A host for tests and benchmarks: a clock that only moves when told, counters in a map that never expire. */
export class TestHost implements Host {
  time_ms = 1_790_000_000_000;
  readonly counts = new Map<string, number>();

  readonly now = (): number => this.time_ms;
  readonly hmac_sha256 = (key: string, message: string): string =>
    createHmac('sha256', bytes(key)).update(bytes(message)).digest('hex');
  readonly sha256 = (message: string): string => createHash('sha256').update(bytes(message)).digest('hex');
  readonly match = matches;
  readonly lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  readonly counter_get = (scope: CounterScope, key: string): number =>
    this.counts.get(`${scope} ${key}`) ?? 0;
  readonly counter_incr = (scope: CounterScope, key: string, delta: number): number => {
    const count = (this.counts.get(`${scope} ${key}`) ?? 0) + delta;
    this.counts.set(`${scope} ${key}`, count);
    return count;
  };
}
