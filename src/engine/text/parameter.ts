import { decodePercent } from './decode.ts';
import { isBlank } from './text.ts';

/** Of a value in pieces so many are joined, and so much of each: how it ends tells most. */
const MAX_PIECES = 32;
const MAX_PIECE_BYTES = 256;
const QUOTE = 34;
const APOSTROPHE = 39;
const STAR = 42;
const EQUALS = 61;
const BACKSLASH = 92;

/** Adds a text to a list that it is not yet in. */
export function addText(list: string[], text: string): void {
  if (text === '') return;
  for (const known of list) if (known === text) return;
  list.push(text);
}

/** Where the quoted text that opens at `from` ends: at its closing quote, or with the header. */
export function closingQuote(header: string, from: number): number {
  const quote = header.charCodeAt(from);
  let at = from + 1;
  while (at < header.length && header.charCodeAt(at) !== quote) {
    at += header.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return Math.min(at, header.length);
}

/** Without the backslashes before what they escape. */
function unescape(text: string): string {
  let at = text.indexOf('\\');
  if (at < 0) return text;
  const parts: string[] = [];
  let from = 0;
  while (at >= 0) {
    parts.push(text.slice(from, at));
    from = at + 1;
    at = text.indexOf('\\', from + 1);
  }
  parts.push(text.slice(from));
  return parts.join('');
}

/** A parameter's value as the standards read it: without double quotes and the escapes in them. */
export function bareValue(value: string): string {
  if (value.charCodeAt(0) !== QUOTE) return value;
  return unescape(value.slice(1, closingQuote(value, 0)));
}

function upTo(header: string, from: number, mark: string): string {
  const end = header.indexOf(mark, from);
  let to = end < 0 ? header.length : end;
  while (to > from && isBlank(header.charCodeAt(to - 1))) to--;
  return header.slice(from, to);
}

function word(header: string, from: number): string {
  let to = from;
  while (to < header.length && header.charCodeAt(to) !== QUOTE && !isBlank(header.charCodeAt(to))) to++;
  return header.slice(from, to);
}

function skipBlanks(header: string, from: number): number {
  let at = from;
  while (at < header.length && isBlank(header.charCodeAt(at))) at++;
  return at;
}

/** `UTF-8''x%2ephp`: without its charset and escapes. */
function extended(value: string): string {
  const charset = value.indexOf("''");
  return decodePercent(charset < 0 ? value : value.slice(charset + 2), false);
}

interface Parameter {
  /** Where its value begins. */
  readonly from: number;
  /** `name*=`, `name*0=`: a value with a charset, a piece of one. */
  readonly starred: boolean;
  readonly number: number;
}

/** The parameter whose name ends at `from`, unless it is none. */
function parameterAt(header: string, from: number): Parameter | undefined {
  const starred = header.charCodeAt(from) === STAR;
  let at = from;
  let number = 0;
  while (starred) {
    const digit = header.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) number = Math.min(MAX_PIECES, number * 10 + digit);
    else if (header.charCodeAt(at) !== STAR) break;
    at++;
  }
  at = skipBlanks(header, at);
  if (header.charCodeAt(at) !== EQUALS) return undefined;
  return { from: skipBlanks(header, at + 1), starred, number };
}

/** All that a value may be read as; returns what most would take. */
function readValue(header: string, from: number, out: string[]): string {
  const code = header.charCodeAt(from);
  const field = code === QUOTE ? '' : upTo(header, from, ';');
  const quoted = code === QUOTE || code === APOSTROPHE;
  const value = quoted ? unescape(header.slice(from + 1, closingQuote(header, from))) : upTo(field, 0, ',');
  addText(out, value);
  if (quoted) addText(out, upTo(header, from + 1, code === QUOTE ? '"' : "'"));
  addText(out, field);
  addText(out, word(field, 0));
  return value;
}

/**
 * Every text that some server may take for the value of a parameter: wherever its name stands, in quotes, in another's quotes, given
 * twice, in pieces, with its charset.
 * @param lowered the header in lower case
 * @param most of several so many are read, and the last one: servers take the first or the last
 */
export function spellingsOf(header: string, lowered: string, name: string, most: number): string[] {
  const found: Parameter[] = [];
  const pieces: Record<number, string | undefined> = {};
  let at = lowered.indexOf(name);
  while (at >= 0) {
    const parameter = parameterAt(header, at + name.length);
    if (parameter !== undefined) {
      const { from, starred, number } = parameter;
      if (found.length <= most) found.push(parameter);
      else found[most] = parameter;
      if (starred) pieces[number] = readValue(header.slice(from, from + MAX_PIECE_BYTES), 0, []);
    }
    at = lowered.indexOf(name, at + name.length);
  }
  const out: string[] = [];
  for (const { from, starred } of found) {
    const value = readValue(header, from, out);
    if (starred) addText(out, extended(value));
  }
  const joined = joinPieces(pieces);
  addText(out, joined);
  addText(out, extended(joined));
  return out;
}

function joinPieces(pieces: Record<number, string | undefined>): string {
  const parts: string[] = [];
  for (let number = 0; number < MAX_PIECES; number++) {
    const piece = pieces[number];
    if (piece !== undefined) parts.push(piece);
  }
  return parts.length > 1 ? parts.join('') : '';
}
