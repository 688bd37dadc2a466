/** Sends a node so many requests, in shape and out of it, and tells what should not have happened. */
import fc from 'fast-check';
import { ENDPOINTS } from '../../src/api/api.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { parseJson } from '../../src/shared/json.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { Ledger } from './ledger.ts';
import { type Certified, requests } from './requests.ts';
import { type WireAnswer, WireClient, type WireRequest, bytesOf } from './wire.ts';

/** Longer than anything here may be waited for: a request that is not sent completely is cut off after 15 s. */
const ANSWER_MS = 25_000;
const WORKERS = 16;
const SAMPLE = 200;
/** Told in full; the rest is counted. */
const TROUBLES_TOLD = 20;

export interface FuzzOptions {
  readonly url: string;
  readonly token: string;
  readonly certificates: readonly Certified[];
  readonly store: ConfigStore;
  readonly seed: number;
  readonly count: number;
  /** After each tenth of the requests. */
  readonly onTenth?: (done: number) => Promise<void>;
}

export interface FuzzReport {
  readonly requests: number;
  readonly seconds: number;
  /** Status → answers. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Code → answers with 503. */
  readonly unavailable: ReadonlyMap<string, number>;
  readonly changes: number;
  readonly slowest_ms: number;
  /** Method and address of the slowest. */
  readonly slowest: string;
  /** What should not have happened. */
  readonly troubles: readonly string[];
  readonly troubled: number;
}

const isCode = (code: unknown): code is keyof typeof ERRORS =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code);

/** What is wrong with an answer, if anything. */
const faultOf = (request: WireRequest, answer: WireAnswer): string | undefined => {
  const { status, headers, body } = answer;
  const type = headers['content-type'] ?? '';
  if (!Number.isInteger(status) || status < 200) return `status ${status}`;
  if (headers['x-content-type-options'] !== 'nosniff') return 'no nosniff';
  if (status < 400) return undefined;
  if (request.method === 'HEAD')
    return status >= 500 && status !== 503 ? `status ${status} to HEAD` : undefined;
  const problem = parseJson(body.toString()) as { code?: unknown; status?: unknown } | undefined;
  if (!type.startsWith('application/problem+json')) return `${status} as ${type}`;
  if (!isCode(problem?.code)) return `${status} with the code ${String(problem?.code)}`;
  if (ERRORS[problem.code][0] !== status) return `${problem.code} with status ${status}`;
  if (status >= 500 && status !== 503) return `${status} ${problem.code}`;
  return undefined;
};

const codeOf = ({ body }: WireAnswer): string =>
  String((parseJson(body.toString()) as { code?: unknown } | undefined)?.code);

const MORE_SHOWN = 1_500;

const shown = (request: WireRequest, token: string): string =>
  JSON.stringify(bytesOf(request).toString('latin1').replaceAll(token, '…').slice(0, MORE_SHOWN));

/** Counts, and what went wrong. */
class Tally {
  readonly statuses = new Map<number, number>();
  readonly unavailable = new Map<string, number>();
  readonly troubles: string[] = [];
  troubled = 0;
  slowest_ms = 0;
  slowest = '';
  sent = 0;

  answered({ method, target }: WireRequest, answer: WireAnswer, ms: number): void {
    this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
    if (answer.status === 503) {
      const code = codeOf(answer);
      this.unavailable.set(code, (this.unavailable.get(code) ?? 0) + 1);
    }
    if (ms <= this.slowest_ms) return;
    this.slowest_ms = ms;
    this.slowest = `${method} ${target.slice(0, 100)} (${answer.status})`;
  }

  trouble(what: string): void {
    this.troubled += 1;
    if (this.troubles.length < TROUBLES_TOLD) this.troubles.push(what);
  }
}

/** Requests by the seed, one after the other, sampled in batches so that few are held at once. */
const sampled = (options: FuzzOptions): (() => WireRequest) => {
  const { token, certificates, seed } = options;
  const arbitrary = requests({ endpoints: ENDPOINTS, token, certificates });
  let batch: WireRequest[] = [];
  let round = 0;
  return () => {
    if (batch.length === 0) batch = fc.sample(arbitrary, { seed: seed + round++, numRuns: SAMPLE });
    const request = batch.pop();
    if (!request) throw new Error('a sample is not empty');
    return request;
  };
};

const sendOne = async (
  client: WireClient,
  request: WireRequest,
  token: string,
  tally: Tally,
  ledger: Ledger,
): Promise<void> => {
  const start = performance.now();
  try {
    const answer = await client.send(request, ANSWER_MS);
    tally.answered(request, answer, performance.now() - start);
    ledger.note(answer);
    const fault = faultOf(request, answer);
    if (fault === undefined) return;
    tally.trouble(`${fault}: ${shown(request, token)} → ${answer.body.toString().slice(0, 300)}`);
  } catch (error) {
    tally.trouble(`${(error as Error).message}: ${shown(request, token)}`);
  }
};

export const fuzzApi = async (options: FuzzOptions): Promise<FuzzReport> => {
  const { url, token, count, store, onTenth } = options;
  const tally = new Tally();
  const ledger = new Ledger();
  const next = sampled(options);
  // Failed logins are throttled by address: each connection has its own.
  const clients = Array.from(
    { length: WORKERS },
    (_, worker) => new WireClient(url, `127.0.1.${worker + 1}`),
  );
  const start = performance.now();
  for (let tenth = 1; tenth <= 10; tenth++) {
    const upTo = Math.floor((count * tenth) / 10);
    const work = async (client: WireClient): Promise<void> => {
      while (tally.sent < upTo) {
        tally.sent += 1;
        await sendOne(client, next(), token, tally, ledger);
      }
    };
    await Promise.all(clients.map(work));
    await onTenth?.(tally.sent);
  }
  for (const client of clients) client.close();
  const seconds = (performance.now() - start) / 1_000;
  for (const difference of await ledger.differences(store)) tally.trouble(difference);
  const { statuses, unavailable, troubles, troubled, slowest_ms, slowest, sent } = tally;
  return {
    requests: sent,
    seconds,
    statuses,
    unavailable,
    changes: ledger.changes,
    slowest_ms,
    slowest,
    troubles,
    troubled,
  };
};
