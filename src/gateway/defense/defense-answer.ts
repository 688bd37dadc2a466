import {
  type Header,
  type Verdict as EngineVerdict,
  rateHeaders,
  signalList,
  upstreamHeaders,
} from '../../engine/engine.ts';
import { type Language, type Page, challengePage, problemBody } from '../../engine/challenge/page.ts';
import type { Verdict } from './defense.ts';

type Pairs = (readonly [string, string])[];

const pairs = (headers: readonly Header[]): Pairs => headers.map(({ name, value }) => [name, value]);

/** What belongs to a verdict besides it. */
export interface Occasion {
  readonly event_id: string;
  /** Of the objects the verdict was reached by. */
  readonly revision: number;
  /** Asked for when something is shown. */
  readonly language: () => Language;
  readonly page: Page;
}

/** For the access log: everything the client is not told. */
const explanationOf = (verdict: EngineVerdict, { event_id, revision }: Occasion): object => ({
  event_id,
  revision,
  action: verdict.action,
  decided: verdict.decided,
  reason: verdict.reason,
  score: verdict.score,
  threshold: verdict.threshold,
  signals: verdict.signals.map(({ id, points, place }) => `${id}:${points}@${place}`),
  client_ip: verdict.client_ip,
  clearance: verdict.clearance,
});

const passed = (verdict: EngineVerdict, occasion: Occasion): Verdict => {
  const { rate } = verdict;
  const tell = rate !== undefined && verdict.decided === 'pass';
  return {
    action: 'pass',
    upstreamHeaders: [
      ...pairs(upstreamHeaders(verdict)),
      ['x-lockstep-revision', String(occasion.revision)],
      ['x-lockstep-event-id', occasion.event_id],
    ],
    ...(tell ? { responseHeaders: pairs(rateHeaders(rate)) } : {}),
    explanation: explanationOf(verdict, occasion),
  };
};

/** Content type, caching and what else the answer's head says. */
const headOf = (verdict: EngineVerdict, { event_id, page }: Occasion): Pairs => {
  const event: Pairs = [['x-lockstep-event-id', event_id]];
  if (verdict.action === 'challenge') return [...event, ...pairs(page.headers)];
  const type = verdict.action === 'answer' ? 'application/json' : 'application/problem+json';
  return [
    ...event,
    ['content-type', type],
    ['cache-control', 'no-store'],
    ...(verdict.rate ? pairs(rateHeaders(verdict.rate)) : []),
    ...(verdict.set_cookie === '' ? [] : ([['set-cookie', verdict.set_cookie]] as const)),
    ...(verdict.status === 405 ? ([['allow', 'POST']] as const) : []),
  ];
};

const bodyOf = (verdict: EngineVerdict, { event_id, language }: Occasion): string => {
  if (verdict.challenge) return challengePage(verdict.challenge, event_id, language());
  return verdict.action === 'answer' ? verdict.body : problemBody(verdict.status, event_id, language());
};

/** The engine's verdict as the gateway carries it out. */
export const answerOf = (verdict: EngineVerdict, occasion: Occasion): Verdict => {
  if (verdict.action === 'pass') return passed(verdict, occasion);
  return {
    action: 'respond',
    status: verdict.status,
    headers: headOf(verdict, occasion),
    body: bodyOf(verdict, occasion),
    explanation: explanationOf(verdict, occasion),
  };
};

/** A request that could not be judged: it passes, and the upstream is told so. */
export const unjudged = (event_id: string, revision: number): Verdict => ({
  action: 'pass',
  upstreamHeaders: [
    ['x-lockstep-verdict', 'error'],
    ['x-lockstep-score', '0'],
    ['x-lockstep-signals', signalList([])],
    ['x-lockstep-clearance', 'absent'],
    ['x-lockstep-revision', String(revision)],
    ['x-lockstep-event-id', event_id],
  ],
  explanation: { event_id, revision, action: 'pass', decided: 'error' },
});
