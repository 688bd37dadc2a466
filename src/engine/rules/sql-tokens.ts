import { ATTACK_FUNCTIONS, DETERMINERS, NILADIC_FUNCTIONS, SQL_WORDS } from './sql-words.ts';

/**
 * SQL read as a string of one-letter tokens, tolerant of every dialect: rules look at its shape, so that
 * letter case, spacing, comments and names do not matter.
 *
 * n number or null · s text · u text left open at the end · x text of another quote left open · v variable ·
 * w name · f name before "(" · X function only attacks call · U union · S select · F from/into · L and/or/where/having ·
 * C = < > · K word comparison (like, in …) · N not · G clause (order by …) · D statement · A small word · m + - ~ ! · d / · o other
 * operator · ( ) , . ; as they are · c comment up to the end, h one that starts with # · ? anything else
 */
const MAX_TOKENS = 400;
const QUOTE = 39;
const DOUBLE = 34;
const BACKTICK = 96;

function isWordByte(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95 || code === 36 || code >= 128
  );
}

function isSpace(code: number): boolean {
  // NUL and 0xA0 separate tokens in some dialects.
  return (code >= 9 && code <= 13) || code === 32 || code === 0 || code === 160;
}

/** The offset after the text that opens before `from`, or -1 when it stays open. */
function closeText(text: string, from: number, quote: number, escapes: boolean): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 92 && escapes) {
      at += 2;
      continue;
    }
    if (code === quote) {
      if (text.charCodeAt(at + 1) !== quote) return at + 1;
      at++;
    }
    at++;
  }
  return -1;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function wordKind(text: string, word: string, after: number): string {
  const kind = SQL_WORDS[word];
  const next = text.charCodeAt(afterSpace(text, after));
  if (typeof kind === 'string') return kind;
  if (next !== 40) return 'w';
  if (ATTACK_FUNCTIONS[word] === 1) return 'X';
  const inside = text.charCodeAt(afterSpace(text, text.indexOf('(', after) + 1));
  return NILADIC_FUNCTIONS[word] === 1 && inside === 41 ? 'X' : 'f';
}

/** A number's end: 12, 1.5, 1e3, 0x1f, 1e (an exponent left empty, which MySQL ignores). -1 for a name. */
function numberEnd(text: string, from: number): number {
  let at = from;
  if (text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) === 120 || text.charCodeAt(at + 1) === 98)) {
    at += 2;
    while (isHex(text.charCodeAt(at))) at++;
    return isWordByte(text.charCodeAt(at)) ? -1 : at;
  }
  while (isDigitOrDot(text.charCodeAt(at))) at++;
  if (text.charCodeAt(at) === 101) {
    let after = at + 1;
    const sign = text.charCodeAt(after);
    if (sign === 43 || sign === 45) after++;
    if (isDigitOrDot(text.charCodeAt(after))) {
      while (isDigitOrDot(text.charCodeAt(after))) after++;
      at = after;
    } else if (!isWordByte(text.charCodeAt(at + 1))) {
      at++;
    }
  }
  return isWordByte(text.charCodeAt(at)) ? -1 : at;
}

/** Where a number ends that an operator follows without a blank, as databases read it: 1union, 1or. Else -1. */
function gluedNumberEnd(text: string, from: number): number {
  let at = from;
  while (isDigitOrDot(text.charCodeAt(at))) at++;
  if (text.charCodeAt(at) === 101 && isDigitOrDot(text.charCodeAt(at + 1))) {
    at++;
    while (isDigitOrDot(text.charCodeAt(at))) at++;
  }
  let end = at;
  while (end < text.length && end < at + 10 && isWordByte(text.charCodeAt(end))) end++;
  const kind = SQL_WORDS[text.slice(at, end)];
  return kind === 'U' || kind === 'L' ? at : -1;
}

function isDigitOrDot(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102);
}

interface Reader {
  readonly text: string;
  readonly context: number;
  readonly kinds: string[];
  at: number;
}

/** Comments are spaces, unless they end the text. `/*!50000 … ` is code to MySQL: only its marks are skipped. */
function readComment(reader: Reader, code: number): boolean {
  const text = reader.text;
  const at = reader.at;
  const next = text.charCodeAt(at + 1);
  if (code === 47 && next === 42) {
    if (text.charCodeAt(at + 2) === 33) {
      let after = at + 3;
      while (isDigitOrDot(text.charCodeAt(after))) after++;
      reader.at = after;
      return true;
    }
    const end = text.indexOf('*/', at + 2);
    if (end < 0) reader.kinds.push('c');
    reader.at = end < 0 ? text.length : end + 2;
    return true;
  }
  if (code === 42 && next === 47) {
    reader.at = at + 2;
    return true;
  }
  if (code === 35 || (code === 45 && next === 45)) {
    const end = text.indexOf('\n', at);
    const rest = end < 0 ? text.length : afterSpace(text, end);
    if (rest >= text.length) reader.kinds.push(code === 35 ? 'h' : 'c');
    reader.at = rest;
    return true;
  }
  return false;
}

function readText(reader: Reader, quote: number): void {
  const end = closeText(reader.text, reader.at + 1, quote, true);
  if (end < 0) {
    reader.kinds.push(quote === reader.context ? 'u' : 'x');
    reader.at = reader.text.length;
  } else {
    reader.kinds.push(quote === BACKTICK ? 'w' : 's');
    reader.at = end;
  }
}

function readWord(reader: Reader): void {
  const text = reader.text;
  const from = reader.at;
  const code = text.charCodeAt(from);
  if (isDigitOrDot(code) && (code !== 46 || isDigitOrDot(text.charCodeAt(from + 1)))) {
    const end = numberEnd(text, from);
    if (end > from) {
      reader.kinds.push('n');
      reader.at = end;
      return;
    }
    const glued = gluedNumberEnd(text, from);
    if (glued > from) {
      reader.kinds.push('n');
      reader.at = glued;
      return;
    }
  }
  let at = from;
  while (at < text.length && isWordByte(text.charCodeAt(at))) at++;
  const word = text.slice(from, at);
  const quote = text.charCodeAt(at);
  // n'…', x'…', b'…': a text with a prefix.
  if (
    at - from === 1 &&
    (quote === QUOTE || quote === DOUBLE) &&
    (word === 'n' || word === 'x' || word === 'b')
  ) {
    reader.at = at;
    return;
  }
  const before = reader.kinds[reader.kinds.length - 1];
  reader.kinds.push(before === 'F' && DETERMINERS[word] === 1 ? '?' : wordKind(text, word, at));
  reader.at = at;
}

function readSymbol(reader: Reader, code: number): void {
  const text = reader.text;
  const next = text.charCodeAt(reader.at + 1);
  let kind = '?';
  let width = 1;
  if (code === 92 && next === 110 && !isWordByte(text.charCodeAt(reader.at + 2))) {
    // MySQL's \\N is null.
    kind = 'n';
    width = 2;
  } else if (code === 40 || code === 41 || code === 44 || code === 46 || code === 59) {
    kind = text.slice(reader.at, reader.at + 1);
  } else if ((code === 124 && next === 124) || (code === 38 && next === 38)) {
    kind = 'L';
    width = 2;
  } else if (
    code === 60 ||
    code === 61 ||
    code === 62 ||
    (code === 33 && next === 61) ||
    (code === 58 && next === 61)
  ) {
    kind = 'C';
    while (isComparison(text.charCodeAt(reader.at + width))) width++;
  } else if (code === 43 || code === 45 || code === 33 || code === 126) {
    kind = 'm';
  } else if (code === 42 || code === 37 || code === 94 || code === 38 || code === 124) {
    kind = 'o';
  } else if (code === 47) {
    kind = 'd';
  } else if (code === 64) {
    kind = 'v';
    while (
      width < text.length &&
      (isWordByte(text.charCodeAt(reader.at + width)) || text.charCodeAt(reader.at + width) === 64)
    )
      width++;
  }
  reader.kinds.push(kind);
  reader.at += width;
}

function isComparison(code: number): boolean {
  return code === 60 || code === 61 || code === 62;
}

/**
 * The tokens of lower-case `text`. `context` is the quote that the application may have opened before the
 * value (39 or 34), or 0 for none.
 */
export function tokeniseSql(text: string, context: number): string {
  const reader: Reader = { text, context, kinds: [], at: 0 };
  if (context !== 0) {
    const end = closeText(text, 0, context, false);
    if (end < 0) return '';
    reader.kinds.push('s');
    reader.at = end;
  }
  while (reader.at < text.length && reader.kinds.length < MAX_TOKENS) {
    const code = text.charCodeAt(reader.at);
    if (isSpace(code)) reader.at++;
    else if (readComment(reader, code)) continue;
    else if (code === QUOTE || code === DOUBLE || code === BACKTICK) readText(reader, code);
    else if (isWordByte(code) || (code === 46 && isDigitOrDot(text.charCodeAt(reader.at + 1))))
      readWord(reader);
    else readSymbol(reader, code);
  }
  return reader.kinds.join('');
}
