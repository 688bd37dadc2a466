/** Small reading of byte strings. Offsets are never negative. */

const BYTE_ORDER_MARK = `${String.fromCharCode(239)}${String.fromCharCode(187)}${String.fromCharCode(191)}`;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/** The whole number that the text spells in 1–14 digits, or -1: no sign, no space, nothing else. */
export function parseDecimal(text: string): number {
  const length = text.length;
  if (length === 0 || length > 14) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < DIGIT_0 || code > DIGIT_9) return -1;
    value = value * 10 + (code - DIGIT_0);
  }
  return value;
}

/** 0–15, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

export function startsWith(text: string, prefix: string): boolean {
  return text.slice(0, prefix.length) === prefix;
}

export function contains(text: string, part: string): boolean {
  return text.indexOf(part) >= 0;
}

/** Without spaces and tabs at either end. */
export function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

/** A space, a tab, a line break. */
export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Without blanks and line breaks at either end, and without a mark of bytes' order before them. */
export function withoutMargin(text: string): string {
  let from = startsWith(text, BYTE_ORDER_MARK) ? 3 : 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

/** Parts between separators, at most `max`: the rest stays in the last one. An empty text has one empty part. */
export function split(text: string, separator: string, max: number): string[] {
  const parts: string[] = [];
  let from = 0;
  while (parts.length < max - 1) {
    const at = text.indexOf(separator, from);
    if (at < 0) break;
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Whether two texts of secrets are equal, in a time that depends on their lengths only. */
export function sameSecret(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differences = 0;
  for (let i = 0; i < a.length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) differences += 1;
  }
  return differences === 0;
}
