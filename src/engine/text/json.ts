import { decodeEscapes } from './decode.ts';
import { isBlank } from './text.ts';

/** The texts of a JSON document: keys and string values, in order. */
export interface JsonTexts {
  /** False when the text is no JSON: then a server may read it as something else. */
  readonly valid: boolean;
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

const MAX_TEXTS = 2000;
/** The way to the prototype of every object. */
export const PROTOTYPE = 'constructor.prototype';
const BACKSLASH = 92;
const DOUBLE = 34;

const SIMPLE: Record<string, string | undefined> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescape(raw: string): string {
  let at = raw.indexOf('\\');
  if (at < 0) return raw;
  const out: string[] = [];
  let from = 0;
  while (at >= 0 && at + 1 < raw.length) {
    const letter = raw.slice(at + 1, at + 2);
    if (letter === 'u') {
      out.push(raw.slice(from, at));
      out.push(decodeEscapes(raw.slice(at, at + 6)));
      from = at + 6;
    } else {
      const byte = SIMPLE[letter];
      out.push(raw.slice(from, at));
      out.push(typeof byte === 'string' ? byte : letter);
      from = at + 2;
    }
    at = raw.indexOf('\\', from);
  }
  if (from < raw.length) out.push(raw.slice(from));
  return out.join('');
}

/** The offset of the closing quote of the string that opens before `from`, or -1. */
function closing(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === DOUBLE) return at;
    at += code === BACKSLASH ? 2 : 1;
  }
  return -1;
}

function isScalarByte(code: number): boolean {
  // Letters of true, false, null and the bytes of numbers.
  return (
    (code >= 97 && code <= 122) ||
    (code >= 48 && code <= 57) ||
    code === 43 ||
    code === 45 ||
    code === 46 ||
    code === 69
  );
}

/** What `constructor` holds. */
interface Reach {
  /** The key read last is `constructor`, and its value comes next. */
  held: boolean;
  /** The depths of what is open and held so, the first `open` of them. */
  readonly depths: number[];
  open: number;
}

function isReached(reach: Reach, depth: number): boolean {
  return reach.open > 0 && reach.depths[reach.open - 1] === depth;
}

/**
 * A loose reading: brackets, commas, colons, scalars and strings, checked for what may follow what, not for
 * balance. Loose is safe: everything between quotes is inspected, and what is no JSON is inspected as a whole.
 * A reach for the prototype of every object, however it is spaced and escaped, is a key of its own: the way to it.
 */
export function readJson(text: string): JsonTexts {
  const keys: string[] = [];
  const values: string[] = [];
  const reach: Reach = { held: false, depths: [], open: 0 };
  let at = 0;
  let depth = 0;
  let afterValue = false;
  while (at < text.length && keys.length + values.length < MAX_TEXTS) {
    const code = text.charCodeAt(at);
    if (isBlank(code)) {
      at++;
    } else if (code === DOUBLE) {
      const end = closing(text, at + 1);
      if (end < 0 || afterValue) return { valid: false, keys, values };
      let next = end + 1;
      while (isBlank(text.charCodeAt(next))) next++;
      const raw = unescape(text.slice(at + 1, end));
      if (text.charCodeAt(next) === 58) {
        keys.push(raw);
        if (raw === 'prototype' && isReached(reach, depth)) keys.push(PROTOTYPE);
        reach.held = raw === 'constructor';
        at = next + 1;
      } else {
        values.push(raw);
        reach.held = false;
        afterValue = true;
        at = end + 1;
      }
    } else if (code === 123 || code === 91) {
      if (afterValue) return { valid: false, keys, values };
      depth++;
      if (reach.held) reach.depths[reach.open++] = depth;
      reach.held = false;
      at++;
    } else if (code === 125 || code === 93) {
      if (isReached(reach, depth)) reach.open--;
      depth--;
      afterValue = true;
      at++;
    } else if (code === 44) {
      reach.held = false;
      afterValue = false;
      at++;
    } else if (isScalarByte(code) && !afterValue) {
      while (isScalarByte(text.charCodeAt(at))) at++;
      afterValue = true;
    } else {
      return { valid: false, keys, values };
    }
  }
  if (at < text.length) {
    // More than is read one by one: the others as one text.
    values.push(text.slice(at));
    return { valid: true, keys, values };
  }
  return { valid: depth === 0, keys, values };
}
