import { createHash, createHmac } from 'node:crypto';
import type { Host } from '../engine/engine.ts';
import type { Clock } from '../shared/clock.ts';
import type { Counters } from './counters.ts';

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

/**
 * What the engine needs of Node. Counts of scope `fleet` are this gateway's own too: it has no store to share them
 * in, so each gateway grants the whole limit.
 */
export const engineHost = (clock: Clock, counters: Counters): Host => ({
  now: () => Math.floor(clock.now()),
  hmac_sha256: (key, message) => createHmac('sha256', bytes(key)).update(bytes(message)).digest('hex'),
  sha256: (message) => createHash('sha256').update(bytes(message)).digest('hex'),
  match: matches,
  lower,
  counter_get: (scope, key) => counters.get(`${scope} ${key}`),
  counter_incr: (scope, key, delta, ttl_s) => counters.add(`${scope} ${key}`, delta, ttl_s),
});
