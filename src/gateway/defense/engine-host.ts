import { createHash, createHmac } from 'node:crypto';
import type { Host } from '../../engine/engine.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Counters } from '../limits/counters.ts';
import type { FleetCounters } from '../limits/fleet-counters.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const compiled = new Map<string, RegExp>();

/** The engine's patterns are linted to mean the same to RegExp without flags and to PCRE, on byte strings. */
const matches = (pattern: string, subject: string): boolean => {
  try {
    let regex = compiled.get(pattern);
    if (!regex) compiled.set(pattern, (regex = new RegExp(pattern)));
    return regex.test(subject);
  } catch {
    // What can't be looked at is suspect; the score decides.
    return true;
  }
};

const BEYOND_ASCII = /[^\x00-\x7f]/;

const lower = (text: string): string =>
  BEYOND_ASCII.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();

type Shared = Pick<FleetCounters, 'get' | 'add'>;

/** Counts of scope `fleet` without anybody to share them with. Says so when the first is counted. */
export const unshared = (counters: Counters, log: Log): Shared => {
  let said = false;
  return {
    get: (key) => counters.get(`fleet ${key}`),
    add: (key, delta, ttl_s) => {
      if (!said)
        log.warn({}, 'a limit of scope fleet is granted by each gateway: this one was given no Redis');
      said = true;
      return counters.add(`fleet ${key}`, delta, ttl_s);
    },
  };
};

/** What the engine needs of Node. */
export const engineHost = (clock: Clock, counters: Counters, fleet: Shared): Host => ({
  now: () => Math.floor(clock.now()),
  hmac_sha256: (key, message) => createHmac('sha256', bytes(key)).update(bytes(message)).digest('hex'),
  sha256: (message) => createHash('sha256').update(bytes(message)).digest('hex'),
  match: matches,
  lower,
  counter_get: (scope, key) => (scope === 'fleet' ? fleet.get(key) : counters.get(`node ${key}`)),
  counter_incr: (scope, key, delta, ttl_s) =>
    scope === 'fleet' ? fleet.add(key, delta, ttl_s) : counters.add(`node ${key}`, delta, ttl_s),
});
