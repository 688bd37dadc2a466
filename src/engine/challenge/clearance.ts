import type { Binding } from '../binding.ts';
import { message } from '../binding.ts';
import type { Host } from '../host.ts';
import type { Key, Keyring } from './keyring.ts';
import { findKey } from './keyring.ts';
import { parseDecimal, sameSecret, split } from '../text/text.ts';

/** `fingerprinted`: the solver's browser was shown too, and what it repeats with each request still agrees. */
export type ClearanceState = 'absent' | 'invalid' | 'expired' | 'plain' | 'fingerprinted';

/** How long a solved challenge lasts, from when it was issued. */
export const CLEARANCE_TTL_S = 1800;
const VERSION = 'l1';

/** `__Host-` cookies need TLS; over plain HTTP (development) the name says that it proves less. */
export function clearanceCookieName(scheme: 'http' | 'https'): string {
  return scheme === 'https' ? '__Host-lockstep-clearance' : 'lockstep-clearance';
}

function seal(host: Host, key: Key, binding: Binding, expires_s: number, fingerprinted: boolean): string {
  return host.hmac_sha256(
    key.secret,
    message([
      'clearance',
      VERSION,
      key.id,
      `${expires_s}`,
      binding.tenant,
      binding.host,
      binding.user_agent,
      fingerprinted ? 'f' : 'p',
      fingerprinted ? binding.language : '',
      fingerprinted ? binding.platform : '',
    ]),
  );
}

/**
 * `l1.{kid}.{expires}.{f|p}.{hmac}`. Its life is counted from the challenge's issue, not from now: a solution that is
 * sent again gets the same clearance again, never a later one.
 */
export function issueClearance(
  host: Host,
  key: Key,
  binding: Binding,
  issued_s: number,
  fingerprinted: boolean,
): string {
  const expires_s = issued_s + CLEARANCE_TTL_S;
  const mac = seal(host, key, binding, expires_s, fingerprinted);
  return `${VERSION}.${key.id}.${expires_s}.${fingerprinted ? 'f' : 'p'}.${mac}`;
}

/** More cookies of one name than a browser has; each costs a signature to verify. */
const MOST_TRIED = 4;

/** The values of the first few cookies of this name. */
export function cookieValues(cookie: string, name: string): string[] {
  const wanted = `${name}=`;
  const values: string[] = [];
  let from = 0;
  while (from < cookie.length) {
    const semicolon = cookie.indexOf(';', from);
    const to = semicolon < 0 ? cookie.length : semicolon;
    while (from < to && cookie.charCodeAt(from) === 32) from++;
    if (cookie.slice(from, from + wanted.length) === wanted) {
      values.push(cookie.slice(from + wanted.length, to));
      if (values.length >= MOST_TRIED) break;
    }
    from = to + 1;
  }
  return values;
}

const RANKS: Record<ClearanceState, number> = {
  absent: 0,
  invalid: 1,
  expired: 2,
  plain: 3,
  fingerprinted: 4,
};

/** The best clearance among the cookies: whoever can set one of the same name before it takes nothing away. */
export function bestClearance(
  host: Host,
  keyring: Keyring,
  binding: Binding,
  cookie: string,
  scheme: 'http' | 'https',
): ClearanceState {
  let best: ClearanceState = 'absent';
  if (cookie === '') return best;
  for (const value of cookieValues(cookie, clearanceCookieName(scheme))) {
    const state = readClearance(host, keyring, binding, value);
    if (RANKS[state] > RANKS[best]) best = state;
  }
  return best;
}

/** A flag for the decision, never a pass: a cleared client is still limited and its requests are still read. */
export function readClearance(host: Host, keyring: Keyring, binding: Binding, value: string): ClearanceState {
  if (value === '') return 'absent';
  if (value.length > 256) return 'invalid';
  const parts = split(value, '.', 6);
  if (parts.length !== 5 || parts[0] !== VERSION) return 'invalid';
  const key = findKey(keyring, parts[1] ?? '');
  const expires_s = parseDecimal(parts[2] ?? '');
  const kind = parts[3] ?? '';
  if (key === undefined || expires_s < 0 || (kind !== 'f' && kind !== 'p')) return 'invalid';
  if (!sameSecret(seal(host, key, binding, expires_s, kind === 'f'), parts[4] ?? '')) return 'invalid';
  if (expires_s * 1000 <= host.now()) return 'expired';
  return kind === 'f' ? 'fingerprinted' : 'plain';
}
