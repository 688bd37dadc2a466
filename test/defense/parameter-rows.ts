/** What each parameter changes about the next request: one table for every gateway. */
import type { Answer } from '../gateway/fixture.ts';

export const SQL = "1' UNION SELECT name, password FROM users--";
export const INJECTION = `/shop/x?id=${encodeURIComponent(SQL)}`;
/** Scores a little: an honest tool that names no language. */
export const ODD = { 'user-agent': 'curl/8.5.0', 'accept-language': '' };
/** Where the clients of the rows live. */
export const CLIENTS = '198.18.0.0/16';

let clients = 0;
/** A client that nobody has seen before, so that what one did earlier does not count for another. */
export const stranger = (): { readonly 'x-real-ip': string } => {
  clients += 1;
  return { 'x-real-ip': `198.18.${Math.floor(clients / 250) % 250}.${(clients % 250) + 1}` };
};

export type Outcome = 'pass' | 'block' | 'challenge' | 'limit';

export const outcomeOf = ({ status, headers }: Pick<Answer, 'status' | 'headers'>): Outcome => {
  if (status === 200) return 'pass';
  if (status === 429) return 'limit';
  return String(headers['content-type']).startsWith('text/html') ? 'challenge' : 'block';
};

export interface Row {
  readonly parameter: string;
  readonly before: object;
  readonly after: object;
  readonly path?: string;
  /** What the client sends besides what a browser sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the client holds a clearance. */
  readonly cleared?: boolean;
  /** How many requests the client has made already. */
  readonly earlier?: number;
  readonly expected: readonly [before: Outcome, after: Outcome];
}

/** What both a tenant and a route may set. */
const SHARED: readonly Row[] = [
  {
    parameter: 'threat_threshold',
    before: { threat_threshold: 70 },
    after: { threat_threshold: 5 },
    headers: ODD,
    expected: ['pass', 'challenge'],
  },
  {
    parameter: 'threat_threshold, raised',
    before: { threat_threshold: 0 },
    after: { threat_threshold: 100 },
    headers: ODD,
    expected: ['challenge', 'pass'],
  },
  {
    parameter: 'rate_limit',
    before: { rate_limit: 1000 },
    after: { rate_limit: 5 },
    earlier: 5,
    expected: ['pass', 'limit'],
  },
  {
    parameter: 'rate_limit, raised',
    before: { rate_limit: 5 },
    after: { rate_limit: 1000 },
    earlier: 5,
    expected: ['limit', 'pass'],
  },
  {
    parameter: 'rate_limit as an object',
    before: { rate_limit: { count: 1000, window_s: 3600 } },
    after: { rate_limit: { count: 1, window_s: 3600 } },
    expected: ['pass', 'limit'],
  },
  {
    parameter: 'js_challenge',
    before: { challenge_all: true, js_challenge: true },
    after: { challenge_all: true, js_challenge: false },
    expected: ['challenge', 'block'],
  },
  {
    parameter: 'js_fingerprint',
    before: { challenge_all: true, js_fingerprint: false },
    after: { challenge_all: true, js_fingerprint: true },
    cleared: true,
    expected: ['pass', 'challenge'],
  },
  {
    parameter: 'mode',
    before: { mode: 'observe' },
    after: { mode: 'enforce' },
    path: INJECTION,
    expected: ['pass', 'block'],
  },
  {
    parameter: 'deny',
    before: { deny: [] },
    after: { deny: [CLIENTS] },
    expected: ['pass', 'block'],
  },
  {
    parameter: 'allow',
    before: { allow: [] },
    after: { allow: [CLIENTS] },
    path: INJECTION,
    expected: ['block', 'pass'],
  },
  {
    parameter: 'challenge_all',
    before: { challenge_all: false },
    after: { challenge_all: true },
    expected: ['pass', 'challenge'],
  },
];

export const OF_TENANT: readonly Row[] = [
  ...SHARED,
  {
    parameter: 'enabled_defense',
    before: { enabled_defense: false },
    after: { enabled_defense: true },
    path: INJECTION,
    expected: ['pass', 'block'],
  },
];

export const OF_ROUTE: readonly Row[] = [
  ...SHARED,
  {
    parameter: 'enabled',
    before: { enabled: false },
    after: { enabled: true },
    path: INJECTION,
    expected: ['pass', 'block'],
  },
];
