import { readAgent } from './agent.ts';
import { judgeCredentials } from './credentials.ts';
import { decodePercent } from '../text/decode.ts';
import {
  BASE64_INSIDE,
  COOKIE_SIGNS,
  COOKIE_WORDS,
  SESSION_NAME,
  SESSION_NAME_EXACT,
  TARGET_SUSPECT,
} from '../rules/gate-patterns.ts';
import type { Host } from '../host.ts';
import { hostName } from '../binding.ts';
import { judgePair, judgePairs, MAX_PAIRS } from './pairs.ts';
import { PROBE_RULES } from '../rules/path-patterns.ts';
import { judgeProtocol } from './protocol.ts';
import type { HeaderFacts, RequestHead } from '../request.ts';
import type { Signal } from '../signal.ts';
import { isPlain } from './structured.ts';
import { contains, split, trim } from '../text/text.ts';
import { judgeUploadName } from './upload.ts';
import type { Worst } from './value.ts';
import { judgeValue, newWorst, reportWorst } from './value.ts';

const MAX_SEGMENTS = 64;
const DOLLAR = 36;

function judgeTarget(worst: Worst, target: string, signals: Signal[]): void {
  const host = worst.host;
  const lowered = host.lower(target);
  if (!host.match(TARGET_SUSPECT, lowered) && !host.match(BASE64_INSIDE, target)) return;
  const mark = target.indexOf('?');
  const path = decodePercent(mark < 0 ? target : target.slice(0, mark), false);
  const loweredPath = host.lower(path);
  for (const rule of PROBE_RULES) {
    if (host.match(rule.pattern, loweredPath)) {
      signals.push({ id: rule.id, group: 'scanner', points: rule.points, place: 'path' });
      break;
    }
  }
  judgeValue(worst, path, 'path', 0);
  // Segments alone: values where the application reads them.
  for (const segment of split(path, '/', MAX_SEGMENTS)) {
    // OData writes its operations as $filter(...).
    if (segment.charCodeAt(0) !== DOLLAR) judgeValue(worst, segment, 'path', 1);
  }
  if (path.indexOf('/', 1) > 0) judgeValue(worst, path.slice(1), 'path', 1);
  if (mark < 0) return;
  const query = target.slice(mark + 1);
  judgePairs(worst, query, 'query');
}

function judgeAgent(worst: Worst, agent: string): void {
  if (agent !== '' && readAgent(worst.host, agent).suspect) judgeValue(worst, agent, 'user_agent', 2);
}

function judgeReferer(worst: Worst, referer: string): void {
  if (referer === '' || !worst.host.match(TARGET_SUSPECT, worst.host.lower(afterScheme(referer)))) return;
  const mark = referer.indexOf('?');
  judgeValue(worst, decodePercent(mark < 0 ? referer : referer.slice(0, mark), false), 'referer', 2);
  if (mark >= 0) judgePairs(worst, referer.slice(mark + 1), 'referer');
}

function judgeCookies(worst: Worst, cookie: string): void {
  for (const part of split(cookie, ';', MAX_PAIRS)) {
    judgePair(worst, trim(part), false, 'cookie');
  }
}

function isCookieSuspect(host: Host, cookie: string): boolean {
  const lowered = host.lower(cookie);
  for (const word of COOKIE_WORDS) if (contains(lowered, word)) return true;
  return host.match(COOKIE_SIGNS, lowered) || host.match(BASE64_INSIDE, cookie);
}

/** What has a grammar of its own is judged where it holds what no such grammar has a use for. */
function judgeStructured(worst: Worst, facts: HeaderFacts): void {
  for (const header of facts.structured) {
    if (!isPlain(worst.host, header.value)) judgeValue(worst, header.value, 'header', 1);
  }
}

function judgeHeaders(worst: Worst, facts: HeaderFacts, signals: Signal[]): void {
  const host = worst.host;
  judgeAgent(worst, facts.user_agent);
  judgeReferer(worst, facts.referer);
  for (const header of facts.repeats) {
    if (header.name === 'referer') judgeReferer(worst, header.value);
    else judgeAgent(worst, header.value);
  }
  const cookie = facts.cookie;
  if (cookie !== '' && isCookieSuspect(host, cookie)) judgeCookies(worst, cookie);
  judgeStructured(worst, facts);
  for (const header of facts.others) {
    if (
      contains(header.name, 'filename') ||
      contains(header.name, 'file-name') ||
      contains(header.name, 'file_name')
    ) {
      judgeUploadName(worst, header.value, signals);
    }
    judgeValue(worst, header.value, 'header', 0);
    if (header.name === 'authorization') judgeCredentials(worst, header.value);
  }
}

/** A URL from its host on: "https://" itself is nothing to suspect. */
function afterScheme(url: string): string {
  const at = url.indexOf('://');
  return at > 0 && at < 8 ? url.slice(at + 3) : url;
}

/** Where a URL leads: up to its path, query or fragment. */
function authorityOf(url: string): string {
  let rest = afterScheme(url);
  for (const mark of ['/', '?', '#']) rest = split(rest, mark, 2)[0] ?? '';
  return rest;
}

/** Whether a browser may be opening a page with this: not a script, an image or a beacon, which bring ids of their own. */
function mayBeOpened(request: RequestHead, facts: HeaderFacts): boolean {
  if (request.method !== 'GET') return false;
  if (facts.fetch_mode !== '' && facts.fetch_mode !== 'navigate') return false;
  return facts.accept === '' || contains(facts.accept, 'text/html');
}

/** A link on another site that brings its own session: the victim would sign in to the attacker's. */
function judgeFixation(host: Host, request: RequestHead, facts: HeaderFacts, signals: Signal[]): void {
  if (facts.referer === '' || !mayBeOpened(request, facts)) return;
  const named = host.match(SESSION_NAME, host.lower(request.target));
  if (!named && !host.match(SESSION_NAME_EXACT, request.target)) return;
  const from = host.lower(hostName(authorityOf(facts.referer)));
  if (from === host.lower(hostName(request.host))) return;
  signals.push({ id: 'session_fixation', group: 'payload', points: 70, place: 'query' });
}

/** Judges target and headers. */
export function inspectHead(host: Host, request: RequestHead, facts: HeaderFacts, signals: Signal[]): void {
  const worst = newWorst(host);
  judgeTarget(worst, request.target, signals);
  judgeHeaders(worst, facts, signals);
  reportWorst(worst, signals);
  judgeFixation(host, request, facts, signals);
  judgeProtocol(host, request, facts, signals);
}
