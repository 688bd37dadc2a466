import type { Challenge } from './challenge/challenge.ts';
import type { ClearanceState } from './challenge/clearance.ts';
import type { RateState } from './rate.ts';
import type { Header } from './request.ts';
import type { Signal } from './signal.ts';

/**
 * pass: to the upstream. block, deny, limit: answer with `status` and problem+json. challenge: answer with the
 * challenge page. answer: the engine itself answers (reserved paths) with `status`, `body` and `set_cookie`.
 */
export type Action = 'pass' | 'block' | 'deny' | 'limit' | 'challenge' | 'answer';

export type Reason =
  | 'disabled'
  | 'reserved'
  | 'allowlist'
  | 'denylist'
  | 'rate_limit'
  | 'payload'
  | 'score'
  | 'challenge_all'
  | 'clean';

/** What to do with one request, and why. */
export interface Verdict {
  /** What the gateway does: in observe mode always `pass` (or `answer`). */
  readonly action: Action;
  /** What it does or would do if the policy enforced. */
  readonly decided: Action;
  readonly reason: Reason;
  /** The status of the answer; 0 for `pass`. */
  readonly status: number;
  readonly score: number;
  readonly threshold: number;
  readonly signals: readonly Signal[];
  readonly client_ip: string;
  readonly clearance: ClearanceState;
  readonly rate: RateState | undefined;
  readonly challenge: Challenge | undefined;
  /** For `answer`: a JSON body and possibly a cookie. */
  readonly body: string;
  readonly set_cookie: string;
}

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), and `Retry-After` when refused. */
export function rateHeaders(rate: RateState): Header[] {
  const headers: Header[] = [
    { name: 'ratelimit-policy', value: `"default";q=${rate.limit};w=${rate.window_s}` },
    { name: 'ratelimit', value: `"default";r=${rate.remaining};t=${rate.reset_s}` },
  ];
  if (rate.retry_after_s > 0) headers.push({ name: 'retry-after', value: `${rate.retry_after_s}` });
  return headers;
}

/** `id:points,id:points`, in the order found. */
export function signalList(signals: readonly Signal[]): string {
  const parts: string[] = [];
  for (const signal of signals) parts.push(`${signal.id}:${signal.points}`);
  return parts.join(',');
}

/** What the upstream is told. The adapter drops such headers of the client's and adds the revision. */
export function upstreamHeaders(verdict: Verdict): Header[] {
  return [
    { name: 'x-lockstep-verdict', value: verdict.decided },
    { name: 'x-lockstep-score', value: `${verdict.score}` },
    { name: 'x-lockstep-signals', value: signalList(verdict.signals) },
    { name: 'x-lockstep-clearance', value: verdict.clearance },
  ];
}

/** One line for the log: what was decided, why, and every signal with its points and place. */
export function explain(verdict: Verdict): string {
  const parts: string[] = [
    `${verdict.action} (${verdict.decided}, ${verdict.reason})`,
    `score ${verdict.score} of ${verdict.threshold}`,
    `client ${verdict.client_ip}`,
    `clearance ${verdict.clearance}`,
  ];
  for (const signal of verdict.signals) {
    parts.push(`${signal.id} +${signal.points} in ${signal.place}`);
  }
  return parts.join('; ');
}
