import type { Cidr } from './address.ts';
import { isInAny } from './address.ts';
import type { Binding } from './binding.ts';
import { bindingOf } from './binding.ts';
import type { Challenge } from './challenge/challenge.ts';
import { difficultyFor, issueChallenge } from './challenge/challenge.ts';
import type { ClearanceState } from './challenge/clearance.ts';
import { bestClearance } from './challenge/clearance.ts';
import type { Client } from './client.ts';
import { identify } from './client.ts';
import { judgeClient } from './inspect/consistency.ts';
import type { Host } from './host.ts';
import { inspectBody } from './inspect/inspect-body.ts';
import { inspectHead } from './inspect/inspect.ts';
import type { Keyring } from './challenge/keyring.ts';
import type { Policy, RateLimit } from './policy.ts';
import type { RateState } from './rate.ts';
import { countRequest } from './rate.ts';
import type { HeaderFacts, RequestHead } from './request.ts';
import { gatherHeaders } from './request.ts';
import { answerReserved, RESERVED_PREFIX } from './challenge/reserved.ts';
import type { Signal } from './signal.ts';
import { scoreOf } from './signal.ts';
import { contains, parseDecimal, startsWith } from './text/text.ts';
import type { Action, Reason, Verdict } from './verdict.ts';

/** What holds for the whole gateway, compiled once per change. */
export interface Gateway {
  readonly trusted_proxies: readonly Cidr[];
  readonly keyring: Keyring;
}

/** One request on its way to a verdict. Without one the body is wanted: at most `BODY_LIMIT_BYTES` of it. */
export interface Decision {
  verdict: Verdict | undefined;
  readonly facts: HeaderFacts;
  readonly client: Client;
  readonly binding: Binding;
  clearance: ClearanceState;
  rate: RateState | undefined;
  readonly reserved: boolean;
  readonly signals: Signal[];
}

/** A payload this certain is blocked; for less, a browser may prove itself. */
const PAYLOAD_BLOCKS = 60;
const STRIKE_TTL_S = 600;
/** Posting solutions is limited by itself: it must work for who is being limited elsewhere. */
const RESERVED_LIMIT: RateLimit = { count: 60, window_s: 60, scope: 'node' };

function settle(
  policy: Policy,
  decision: Decision,
  decided: Action,
  reason: Reason,
  status: number,
  score: number,
  challenge: Challenge | undefined,
): void {
  const action = policy.mode === 'enforce' ? decided : 'pass';
  decision.verdict = {
    action,
    decided,
    reason,
    status: action === 'pass' ? 0 : status,
    score,
    threshold: policy.threat_threshold,
    signals: decision.signals,
    client_ip: decision.client.ip,
    clearance: decision.clearance,
    rate: decision.rate,
    challenge,
    body: '',
    set_cookie: '',
  };
}

function carriesBody(request: RequestHead, facts: HeaderFacts): boolean {
  return (
    request.unannounced_body === true ||
    facts.transfer_encoding !== '' ||
    (facts.content_length !== '' && parseDecimal(facts.content_length) !== 0)
  );
}

/** Whether the client is a browser opening a page: only that can be shown a challenge and lose nothing. */
function isNavigation(request: RequestHead, facts: HeaderFacts): boolean {
  return (
    request.method === 'GET' &&
    contains(facts.accept, 'text/html') &&
    !facts.by_script &&
    (facts.fetch_mode === '' || facts.fetch_mode === 'navigate')
  );
}

function isCleared(policy: Policy, clearance: ClearanceState): boolean {
  return clearance === 'fingerprinted' || (clearance === 'plain' && !policy.js_fingerprint);
}

function strikeKey(policy: Policy, client: Client): string {
  return `s:${policy.tenant}:${client.key}`;
}

/** What this client did lately: how near its limit it is, and how many of its requests were blocked. */
function judgeHistory(host: Host, policy: Policy, decision: Decision): void {
  const rate = decision.rate;
  if (rate !== undefined && rate.limit >= 20) {
    const used = rate.limit - rate.remaining;
    if (used * 20 >= rate.limit * 19) {
      decision.signals.push({ id: 'near_limit', group: 'behaviour', points: 30, place: 'request' });
    }
  }
  const strikes = host.counter_get('node', strikeKey(policy, decision.client));
  if (strikes > 0) {
    const points = Math.min(60, strikes * 15);
    decision.signals.push({ id: 'blocked_lately', group: 'reputation', points, place: 'request' });
  }
}

/** What solving a challenge has answered already, a cleared client is not asked again. */
function standing(policy: Policy, decision: Decision): readonly Signal[] {
  if (!isCleared(policy, decision.clearance)) return decision.signals;
  const left: Signal[] = [];
  for (const signal of decision.signals) {
    if (signal.group !== 'consistency' && signal.group !== 'behaviour') left.push(signal);
  }
  return left;
}

function judgeScore(
  host: Host,
  gateway: Gateway,
  policy: Policy,
  request: RequestHead,
  decision: Decision,
): void {
  const score = scoreOf(standing(policy, decision));
  const cleared = isCleared(policy, decision.clearance);
  const reached = score.total >= policy.threat_threshold && !(cleared && score.total === 0);
  if (reached && score.payload >= PAYLOAD_BLOCKS) {
    host.counter_incr('node', strikeKey(policy, decision.client), 1, STRIKE_TTL_S);
    settle(policy, decision, 'block', 'payload', 403, score.total, undefined);
    return;
  }
  const navigation = isNavigation(request, decision.facts);
  if (!reached && !(policy.challenge_all && !cleared && navigation)) {
    settle(policy, decision, 'pass', 'clean', 0, score.total, undefined);
    return;
  }
  const reason: Reason = reached ? 'score' : 'challenge_all';
  const key = gateway.keyring.signing;
  if (cleared || !navigation || !policy.js_challenge || key === undefined) {
    settle(policy, decision, 'block', reason, 403, score.total, undefined);
    return;
  }
  const difficulty = difficultyFor(score.total, policy.threat_threshold);
  const challenge = issueChallenge(host, key, decision.binding, difficulty, policy.js_fingerprint);
  settle(policy, decision, 'challenge', reason, 403, score.total, challenge);
}

function open(host: Host, gateway: Gateway, policy: Policy, request: RequestHead): Decision {
  const facts = gatherHeaders(request.headers);
  return {
    verdict: undefined,
    facts,
    client: identify(request.remote_ip, facts.forwarded_for, gateway.trusted_proxies),
    binding: bindingOf(policy.tenant, request, facts, host.lower),
    clearance: 'absent',
    rate: undefined,
    reserved: policy.enabled && startsWith(request.target, RESERVED_PREFIX),
    signals: [],
  };
}

/**
 * Decides by everything but the body, in this order: switched off; reserved path; allowlist; denylist;
 * clearance; rate limit; score. A decision without a verdict wants the body: read it, then `decideBody`.
 */
export function decideHead(host: Host, gateway: Gateway, policy: Policy, request: RequestHead): Decision {
  const decision = open(host, gateway, policy, request);
  if (!policy.enabled) {
    settle(policy, decision, 'pass', 'disabled', 0, 0, undefined);
    return decision;
  }
  const bucket = `${policy.tenant}:${policy.route}:${decision.client.key}`;
  if (decision.reserved) {
    decision.rate = countRequest(host, RESERVED_LIMIT, `${policy.tenant}:/:${decision.client.key}`);
    if (decision.rate.limited) settle(policy, decision, 'limit', 'rate_limit', 429, 0, undefined);
    return decision;
  }
  const address = decision.client.address;
  if (address !== undefined && isInAny(address, policy.allow)) {
    settle(policy, decision, 'pass', 'allowlist', 0, 0, undefined);
    return decision;
  }
  if (address !== undefined && isInAny(address, policy.deny)) {
    settle(policy, decision, 'deny', 'denylist', 403, 0, undefined);
    return decision;
  }
  const { facts, binding } = decision;
  decision.clearance = bestClearance(host, gateway.keyring, binding, facts.cookie, request.scheme);
  decision.rate = countRequest(host, policy.rate_limit, bucket);
  if (decision.rate.limited) {
    settle(policy, decision, 'limit', 'rate_limit', 429, 0, undefined);
    return decision;
  }
  judgeClient(host, request, decision.facts, decision.signals);
  judgeHistory(host, policy, decision);
  inspectHead(host, request, decision.facts, decision.signals);
  const score = scoreOf(decision.signals);
  const certain = score.payload >= PAYLOAD_BLOCKS && score.total >= policy.threat_threshold;
  if (certain || !carriesBody(request, decision.facts)) judgeScore(host, gateway, policy, request, decision);
  return decision;
}

/** A body that stays hidden: what surely has one is suspect, what only might have one counts a little. */
function judgeUnread(request: RequestHead, facts: HeaderFacts, signals: Signal[]): void {
  const method = request.method;
  const surely = method === 'POST' || method === 'PUT' || method === 'PATCH' || facts.content_type !== '';
  if (surely) signals.push({ id: 'unread_body', group: 'payload', points: 70, place: 'body' });
  else signals.push({ id: 'unread_body', group: 'evasion', points: 30, place: 'body' });
}

/**
 * Decides with the first `BODY_LIMIT_BYTES` of the body, when `decideHead` left the verdict open.
 * @param body `undefined` where the gateway has no means to read it
 */
export function decideBody(
  host: Host,
  gateway: Gateway,
  policy: Policy,
  request: RequestHead,
  decision: Decision,
  body: string | undefined,
): Verdict {
  if (decision.verdict === undefined && decision.reserved) {
    decision.verdict = answerReserved(host, gateway.keyring, policy, request, decision, body ?? '');
  }
  if (decision.verdict === undefined) {
    if (body === undefined) judgeUnread(request, decision.facts, decision.signals);
    else inspectBody(host, decision.facts, body, decision.signals);
    judgeScore(host, gateway, policy, request, decision);
  }
  return decision.verdict as Verdict;
}
