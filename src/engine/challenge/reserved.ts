import type { Binding } from '../binding.ts';
import type { Solution } from './challenge.ts';
import { judgeSolution } from './challenge.ts';
import type { ClearanceState } from './clearance.ts';
import { CLEARANCE_TTL_S, clearanceCookieName, issueClearance } from './clearance.ts';
import type { Client } from '../client.ts';
import { decodePercent } from '../text/decode.ts';
import type { Host } from '../host.ts';
import type { Keyring } from './keyring.ts';
import type { Policy } from '../policy.ts';
import type { RateState } from '../rate.ts';
import type { RequestHead } from '../request.ts';
import { split } from '../text/text.ts';
import type { Verdict } from '../verdict.ts';

/** Paths under this are the gateway's own on every defended route; they never reach an upstream. */
export const RESERVED_PREFIX = '/.lockstep/';
/** Where the challenge page posts its solution, as a form: token, nonce, webdriver, languages, platform. */
export const VERIFY_PATH = '/.lockstep/verify';
const MAX_SOLUTION_BYTES = 2048;

function readSolution(body: string): Solution {
  let token = '';
  let nonce = '';
  let webdriver = '';
  let languages = '';
  let platform = '';
  for (const pair of split(body.slice(0, MAX_SOLUTION_BYTES), '&', 16)) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = pair.slice(0, equals);
    const value = decodePercent(pair.slice(equals + 1), true);
    if (name === 'token') token = value;
    else if (name === 'nonce') nonce = value;
    else if (name === 'webdriver') webdriver = value;
    else if (name === 'languages') languages = value;
    else if (name === 'platform') platform = value;
  }
  return { token, nonce, webdriver: webdriver === 'true', languages, platform };
}

function answer(
  policy: Policy,
  known: {
    readonly client: Client;
    readonly clearance: ClearanceState;
    readonly rate: RateState | undefined;
  },
  status: number,
  body: string,
  set_cookie: string,
): Verdict {
  return {
    action: 'answer',
    decided: 'answer',
    reason: 'reserved',
    status,
    score: 0,
    threshold: policy.threat_threshold,
    signals: [],
    client_ip: known.client.ip,
    clearance: known.clearance,
    rate: known.rate,
    challenge: undefined,
    body,
    set_cookie,
  };
}

/** Answers a request for a reserved path. A stranger learns no more than that its solution was not taken. */
export function answerReserved(
  host: Host,
  keyring: Keyring,
  policy: Policy,
  request: RequestHead,
  known: {
    readonly binding: Binding;
    readonly client: Client;
    readonly clearance: ClearanceState;
    readonly rate: RateState | undefined;
  },
  body: string,
): Verdict {
  const mark = request.target.indexOf('?');
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  if (path !== VERIFY_PATH) return answer(policy, known, 404, '{"ok":false}', '');
  if (request.method !== 'POST') return answer(policy, known, 405, '{"ok":false}', '');
  const key = keyring.signing;
  const judged = judgeSolution(host, keyring, known.binding, readSolution(body));
  if (judged.refusal !== undefined || key === undefined)
    return answer(policy, known, 403, '{"ok":false}', '');
  const clearance = issueClearance(host, key, known.binding, judged.issued_s, judged.fingerprinted);
  // The challenge may come from a gateway whose clock is a little ahead.
  const left_s = Math.min(CLEARANCE_TTL_S, judged.issued_s + CLEARANCE_TTL_S - Math.floor(host.now() / 1000));
  const name = clearanceCookieName(request.scheme);
  const secure = request.scheme === 'https' ? '; Secure' : '';
  const cookie = `${name}=${clearance}; Path=/; Max-Age=${left_s}; HttpOnly; SameSite=Lax${secure}`;
  return answer(policy, known, 200, '{"ok":true}', cookie);
}
