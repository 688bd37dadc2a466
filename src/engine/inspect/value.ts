import { decodeBase64, readsAsText } from '../text/base64.ts';
import { decodeEntities, decodeEscapes, decodePercent, foldUnicode } from '../text/decode.ts';
import type { Finding } from '../rules/finding.ts';
import { addFinding, newFinding } from '../rules/finding.ts';
import {
  BASE64_TEXT,
  FOLDS,
  JSON_PROTOTYPE,
  LAYERED,
  NO_BASE64,
  PLUS_BLANKS,
} from '../rules/gate-patterns.ts';
import type { Host } from '../host.ts';
import { PROTOTYPE, readJson } from '../text/json.ts';
import { judgeHidden, judgeText } from '../rules/judge.ts';
import type { Place, Signal } from '../signal.ts';
import { isBlank, withoutMargin } from '../text/text.ts';

/**
 * The worst value of a request so far. Values are judged apart and only the worst counts, so a long form of
 * harmless oddities stays harmless, and no order of headers or fields changes the verdict.
 */
export interface Worst {
  readonly host: Host;
  finding: Finding;
  place: Place;
  encoded: boolean;
  /** How many texts had to be looked at closely. */
  suspects: number;
  /** Values beyond what is looked at one by one, and where the last of them was. */
  readonly rest: string[];
  rest_place: Place;
}

/**
 * Looking closely costs some 0.1 ms a text, and a body holds thousands: one client could keep a gateway busy. Beyond so many the
 * others are judged together, as one text, which finds less; so that many count as evasion, all but enough to act on.
 */
const MAX_SUSPECTS = 400;
/** JSON in JSON, base64 in base64. */
const MAX_DEPTH = 4;

export function newWorst(host: Host): Worst {
  return {
    host,
    finding: newFinding(),
    place: 'request',
    encoded: false,
    suspects: 0,
    rest: [],
    rest_place: 'request',
  };
}

function isWorse(a: Finding, b: Finding): boolean {
  if (a.total !== b.total) return a.total > b.total;
  // Equally bad: decide by name, never by the order in which headers arrived.
  return a.ids.join(',') < b.ids.join(',');
}

/** Keeps the worse of two findings. */
export function consider(worst: Worst, finding: Finding, place: Place, encoded: boolean): void {
  if (finding.total === 0 || !isWorse(finding, worst.finding)) return;
  worst.finding = finding;
  worst.place = place;
  worst.encoded = encoded;
}

function judgeLayer(worst: Worst, text: string, place: Place, encoded: boolean): void {
  const finding = newFinding();
  if (judgeText(worst.host, text, place, finding)) worst.suspects++;
  consider(worst, finding, place, encoded);
}

/** Everything that entities, escapes, a second percent-encoding and odd Unicode still hide. */
function unwrap(host: Host, text: string): string {
  let current = text;
  for (let round = 0; round < 3; round++) {
    let next = decodePercent(current, false);
    next = decodeEntities(next, host.lower);
    next = decodeEscapes(next);
    if (next === current) break;
    current = next;
  }
  return host.match(FOLDS, current) ? foldUnicode(current) : current;
}

/** Whether no more texts of the request are looked at one by one. */
export function isSpent(worst: Worst): boolean {
  return worst.suspects >= MAX_SUSPECTS;
}

/** Whether a text is JSON; then its keys and texts are judged. `depth` as in `judgeValue`. */
export function judgeJson(worst: Worst, text: string, place: Place, depth: number): boolean {
  const code = text.charCodeAt(0);
  // A bracket, or what may stand before one: blanks, the mark of bytes' order.
  if (isSpent(worst) || depth >= MAX_DEPTH || (code !== 123 && code !== 91 && code !== 239 && !isBlank(code)))
    return false;
  const document = withoutMargin(text);
  const first = document.charCodeAt(0);
  if (first !== 123 && first !== 91) return false;
  const json = readJson(document);
  // Lenient readers take more for JSON than is.
  if (worst.host.match(JSON_PROTOTYPE, document)) judgeLayer(worst, PROTOTYPE, place, false);
  if (!json.valid || json.keys.length + json.values.length === 0) return false;
  for (const key of json.keys) judgeValue(worst, key, place, depth + 1);
  for (const value of json.values) judgeValue(worst, value, place, depth + 1);
  return true;
}

/** Judges a decoded value and what it may hide. `depth` bounds JSON in JSON and base64 in base64. */
export function judgeValue(worst: Worst, text: string, place: Place, depth: number): void {
  if (!judgeJson(worst, text, place, depth)) judgePlain(worst, text, place, depth);
}

/** Judges a value that is no JSON: as it is, and without each further layer. */
export function judgePlain(worst: Worst, text: string, place: Place, depth: number): void {
  if (text === '') return;
  if (isSpent(worst)) {
    worst.rest.push(text);
    worst.rest_place = place;
    return;
  }
  const host = worst.host;
  judgeLayer(worst, text, place, false);
  if (host.match(LAYERED, text)) {
    const plain = unwrap(host, text);
    if (plain !== text) judgeLayer(worst, plain, place, true);
  }
  if (text.indexOf('+') >= 0 && host.match(PLUS_BLANKS, text))
    judgeLayer(worst, decodePercent(text, true), place, true);
  if (depth >= MAX_DEPTH || text.length < 6 || host.match(NO_BASE64, text)) return;
  const finding = newFinding();
  judgeHidden(host, text, finding);
  consider(worst, finding, place, true);
  if (host.match(BASE64_TEXT, text)) {
    const bytes = decodeBase64(text);
    if (bytes !== '' && readsAsText(bytes)) judgeValue(worst, bytes, place, depth + 2);
  }
}

/** The worst value as signals; that it was hidden in layers counts as evasion. */
export function reportWorst(worst: Worst, signals: Signal[]): void {
  if (worst.rest.length > 0) {
    judgeLayer(worst, worst.rest.join('\n'), worst.rest_place, false);
    signals.push({ id: 'many_suspects', group: 'evasion', points: 60, place: worst.rest_place });
  }
  if (worst.finding.total === 0) return;
  addFinding(signals, worst.finding, worst.place);
  if (worst.encoded)
    signals.push({ id: 'layered_encoding', group: 'evasion', points: 20, place: worst.place });
}
