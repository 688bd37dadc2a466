import type { Binding } from '../binding.ts';
import { message } from '../binding.ts';
import type { Host } from '../host.ts';
import type { Key, Keyring } from './keyring.ts';
import { findKey } from './keyring.ts';
import { contains, hexDigit, parseDecimal, sameSecret, split } from '../text/text.ts';

/** What the challenge page needs: it searches a `nonce` for which the proof of work holds. */
export interface Challenge {
  readonly token: string;
  /** Hashes that a solution takes on average. */
  readonly difficulty: number;
  /** Whether the answer must show the browser (`js_fingerprint`). */
  readonly fingerprint: boolean;
}

/** What the page sends back to `/.lockstep/verify`. */
export interface Solution {
  readonly token: string;
  readonly nonce: string;
  readonly webdriver: boolean;
  readonly languages: string;
  readonly platform: string;
}

export type Refusal = 'malformed' | 'forged' | 'expired' | 'unsolved' | 'automated' | 'inconsistent';

export const CHALLENGE_TTL_S = 300;
/** About a quarter of a second in a Worker of a middling phone. */
export const BASE_DIFFICULTY = 65536;
const MAX_DIFFICULTY = BASE_DIFFICULTY * 8;
const WORD = 4294967296;
const VERSION = 'c1';

function seal(
  host: Host,
  key: Key,
  binding: Binding,
  issued_s: number,
  difficulty: number,
  fingerprint: boolean,
): string {
  return host.hmac_sha256(
    key.secret,
    message([
      'challenge',
      VERSION,
      key.id,
      `${issued_s}`,
      `${difficulty}`,
      fingerprint ? 'f' : 'p',
      binding.tenant,
      binding.host,
      binding.user_agent,
    ]),
  );
}

/** The work doubles with every 15 points of score above the threshold, up to eightfold. */
export function difficultyFor(score: number, threshold: number): number {
  let difficulty = BASE_DIFFICULTY;
  for (let over = score - threshold; over >= 15 && difficulty < MAX_DIFFICULTY; over -= 15) difficulty *= 2;
  return difficulty;
}

/** `c1.{kid}.{issued}.{difficulty}.{f|p}.{hmac}`: nothing is kept, any gateway can check it. */
export function issueChallenge(
  host: Host,
  key: Key,
  binding: Binding,
  difficulty: number,
  fingerprint: boolean,
): Challenge {
  const issued_s = Math.floor(host.now() / 1000);
  const mac = seal(host, key, binding, issued_s, difficulty, fingerprint);
  const token = `${VERSION}.${key.id}.${issued_s}.${difficulty}.${fingerprint ? 'f' : 'p'}.${mac}`;
  return { token, difficulty, fingerprint };
}

/** Whether SHA-256 of `token.nonce`, its first 32 bits as a number, lies in the first 1/difficulty of them. */
export function isSolved(host: Host, token: string, nonce: string, difficulty: number): boolean {
  const digest = host.sha256(`${token}.${nonce}`);
  let word = 0;
  for (let i = 0; i < 8; i++) word = word * 16 + Math.max(0, hexDigit(digest.charCodeAt(i)));
  return word < Math.floor(WORD / difficulty);
}

/** The language a browser prefers must be the one it sends, and it does not call itself automated. */
function judgeBrowser(host: Host, binding: Binding, solution: Solution): Refusal | undefined {
  if (solution.webdriver) return 'automated';
  const first = host.lower(split(solution.languages, ',', 2)[0] ?? '');
  if (first === '' || !contains(host.lower(binding.language), first)) return 'inconsistent';
  // A client hint, where sent, is quoted: "Windows". navigator.userAgentData.platform says the same word.
  if (binding.platform !== '' && binding.platform !== `"${solution.platform}"`) return 'inconsistent';
  return undefined;
}

/** Without a refusal a clearance may be issued, fingerprinted if the token asked for it. */
export interface Judgement {
  readonly refusal: Refusal | undefined;
  readonly fingerprinted: boolean;
  /** When the challenge was issued: the clearance's life is counted from there. */
  readonly issued_s: number;
}

export function judgeSolution(host: Host, keyring: Keyring, binding: Binding, solution: Solution): Judgement {
  const refuse = (refusal: Refusal): Judgement => {
    return { refusal, fingerprinted: false, issued_s: 0 };
  };
  if (solution.token.length > 256 || solution.nonce.length > 32 || solution.nonce === '')
    return refuse('malformed');
  const parts = split(solution.token, '.', 7);
  if (parts.length !== 6 || parts[0] !== VERSION) return refuse('malformed');
  const key = findKey(keyring, parts[1] ?? '');
  const issued_s = parseDecimal(parts[2] ?? '');
  const difficulty = parseDecimal(parts[3] ?? '');
  const fingerprint = parts[4] === 'f';
  if (key === undefined || issued_s < 0 || difficulty < 1 || difficulty > MAX_DIFFICULTY)
    return refuse('forged');
  const mac = seal(host, key, binding, issued_s, difficulty, fingerprint);
  if ((!fingerprint && parts[4] !== 'p') || !sameSecret(mac, parts[5] ?? '')) return refuse('forged');
  const age_ms = host.now() - issued_s * 1000;
  // A gateway's clock may run a little ahead of ours.
  if (age_ms > CHALLENGE_TTL_S * 1000 || age_ms < -60000) return refuse('expired');
  if (!isSolved(host, solution.token, solution.nonce, difficulty)) return refuse('unsolved');
  const judged = fingerprint ? judgeBrowser(host, binding, solution) : undefined;
  return { refusal: judged, fingerprinted: fingerprint && judged === undefined, issued_s };
}
