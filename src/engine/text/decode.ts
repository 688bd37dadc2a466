import { hexDigit } from './text.ts';

/** Decoders never fail: what is no valid escape stays as it is, which is also what lenient servers do. */

const PERCENT = 37;
const PLUS = 43;
const BACKSLASH = 92;
const AMPERSAND = 38;
const SEMICOLON = 59;

/** Signs that servers take for an ASCII one they look like: quotes, slashes. */
const LOOKALIKES: Record<number, string | undefined> = {
  697: "'",
  700: "'",
  8216: "'",
  8217: "'",
  8242: "'",
  8260: '/',
  8725: '/',
  8726: '\\',
};

/** One code point as a byte, as ASCII where a full-width form or a lookalike stands for it, else as a byte no rule reads. */
function asByte(code: number): string {
  const alike = LOOKALIKES[code];
  if (typeof alike === 'string') return alike;
  if (code < 256) return String.fromCharCode(code);
  if (code >= 65281 && code <= 65374) return String.fromCharCode(code - 65248);
  return String.fromCharCode(255);
}

/** The number that `count` hex digits spell at `at`, or -1. */
function hexAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    const digit = hexDigit(text.charCodeAt(at + i));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** `%41` and IIS's `%u0041`; `+` too, as forms write spaces, when `plus` is set. */
export function decodePercent(text: string, plus: boolean): string {
  if (text.indexOf('%') < 0 && !(plus && text.indexOf('+') >= 0)) return text;
  const out: string[] = [];
  const length = text.length;
  let from = 0;
  let at = 0;
  while (at < length) {
    const code = text.charCodeAt(at);
    let byte = '';
    let width = 1;
    if (code === PERCENT) {
      const value = hexAt(text, at + 1, 2);
      if (value >= 0) {
        byte = String.fromCharCode(value);
        width = 3;
      } else if (text.charCodeAt(at + 1) === 117 || text.charCodeAt(at + 1) === 85) {
        const wide = hexAt(text, at + 2, 4);
        if (wide >= 0) {
          byte = asByte(wide);
          width = 6;
        }
      }
    } else if (code === PLUS && plus) {
      byte = ' ';
    }
    if (byte !== '') {
      if (at > from) out.push(text.slice(from, at));
      out.push(byte);
      from = at + width;
    }
    at += width;
  }
  if (from < length) out.push(text.slice(from));
  return out.join('');
}

/** The entities that markup filters have been passed with; the rest spell letters nobody hides behind. */
const ENTITIES: Record<string, string | undefined> = {
  amp: '&',
  apos: "'",
  ast: '*',
  bsol: '\\',
  colon: ':',
  comma: ',',
  dollar: '$',
  equals: '=',
  excl: '!',
  grave: '`',
  gt: '>',
  lbrace: '{',
  lcub: '{',
  lpar: '(',
  lsqb: '[',
  lt: '<',
  newline: '\n',
  num: '#',
  percnt: '%',
  period: '.',
  quot: '"',
  rcub: '}',
  rpar: ')',
  rsqb: ']',
  semi: ';',
  sol: '/',
  tab: '\t',
  vert: '|',
};

interface Escape {
  readonly byte: string;
  readonly width: number;
}

function numericEntity(text: string, at: number): Escape | undefined {
  let i = at + 2;
  const hex = text.charCodeAt(i) === 120 || text.charCodeAt(i) === 88;
  if (hex) i++;
  let value = 0;
  let digits = 0;
  while (i < text.length && digits < 8) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0 || (!hex && digit > 9)) break;
    value = value * (hex ? 16 : 10) + digit;
    digits++;
    i++;
  }
  if (digits === 0) return undefined;
  if (text.charCodeAt(i) === SEMICOLON) i++;
  return { byte: asByte(value), width: i - at };
}

function entityAt(text: string, at: number, lower: (text: string) => string): Escape | undefined {
  if (text.charCodeAt(at + 1) === 35) return numericEntity(text, at);
  const end = text.indexOf(';', at + 1);
  if (end < 0 || end - at > 9) return undefined;
  const known = ENTITIES[lower(text.slice(at + 1, end))];
  // A name like "constructor" finds something else than a text in JavaScript.
  return typeof known === 'string' ? { byte: known, width: end + 1 - at } : undefined;
}

/** `&lt;`, `&#60;`, `&#x3c;`, also without the semicolon where browsers accept that. */
export function decodeEntities(text: string, lower: (text: string) => string): string {
  let at = text.indexOf('&');
  if (at < 0) return text;
  const out: string[] = [];
  let from = 0;
  while (at >= 0) {
    const escape = text.charCodeAt(at) === AMPERSAND ? entityAt(text, at, lower) : undefined;
    if (escape !== undefined) {
      out.push(text.slice(from, at));
      out.push(escape.byte);
      from = at + escape.width;
      at = text.indexOf('&', from);
    } else {
      at = text.indexOf('&', at + 1);
    }
  }
  out.push(text.slice(from));
  return out.join('');
}

function escapeAt(text: string, at: number): Escape | undefined {
  const kind = text.charCodeAt(at + 1);
  if (kind === 120 || kind === 88) {
    const value = hexAt(text, at + 2, 2);
    return value < 0 ? undefined : { byte: asByte(value), width: 4 };
  }
  if (kind === 117 || kind === 85) {
    if (text.charCodeAt(at + 2) === 123) {
      const end = text.indexOf('}', at + 3);
      const digits = end - at - 3;
      const value = end < 0 || digits < 1 || digits > 6 ? -1 : hexAt(text, at + 3, digits);
      return value < 0 ? undefined : { byte: asByte(value), width: end + 1 - at };
    }
    const value = hexAt(text, at + 2, 4);
    return value < 0 ? undefined : { byte: asByte(value), width: 6 };
  }
  return undefined;
}

/** `\x3c`, `\u003c`, `\u{3c}`: what scripts and JSON inside JSON write. */
export function decodeEscapes(text: string): string {
  let at = text.indexOf('\\');
  if (at < 0) return text;
  const out: string[] = [];
  let from = 0;
  while (at >= 0) {
    const escape = text.charCodeAt(at) === BACKSLASH ? escapeAt(text, at) : undefined;
    if (escape !== undefined) {
      out.push(text.slice(from, at));
      out.push(escape.byte);
      from = at + escape.width;
      at = text.indexOf('\\', from);
    } else {
      at = text.indexOf('\\', at + 2);
    }
  }
  out.push(text.slice(from));
  return out.join('');
}

interface Fold {
  readonly text: string;
  readonly width: number;
}

/** The ASCII byte that an overlong form at `at` spells in two to six bytes, as decoders read it that do not check. */
function overlongAt(text: string, at: number, lead: number): Fold | undefined {
  if (lead === 192 || lead === 193) {
    const next = text.charCodeAt(at + 1);
    if (next >= 128 && next < 192)
      return { text: String.fromCharCode((lead - 192) * 64 + (next - 128)), width: 2 };
    // %c0%2e: the second byte as it is.
    return next === 46 || next === 47 || next === 92
      ? { text: String.fromCharCode(next), width: 2 }
      : undefined;
  }
  const width = lead === 224 ? 3 : lead === 240 ? 4 : lead === 248 ? 5 : lead === 252 ? 6 : 0;
  if (width === 0) return undefined;
  for (let i = 1; i < width - 2; i++) if (text.charCodeAt(at + i) !== 128) return undefined;
  const high = text.charCodeAt(at + width - 2);
  const low = text.charCodeAt(at + width - 1);
  const spells = (high === 128 || high === 129) && low >= 128 && low < 192;
  return spells ? { text: String.fromCharCode((high - 128) * 64 + (low - 128)), width } : undefined;
}

/** What three bytes of UTF-8 pass for: full-width forms for ASCII, signs of no width for nothing. */
function wideAt(text: string, at: number, lead: number): Fold | undefined {
  const middle = text.charCodeAt(at + 1);
  const last = text.charCodeAt(at + 2);
  if (lead === 226) {
    if (middle === 128 && last >= 139 && last <= 143) return { text: '', width: 3 };
    return middle === 129 && last === 160 ? { text: '', width: 3 } : undefined;
  }
  if (lead !== 239) return undefined;
  if (middle === 187 && last === 191) return { text: '', width: 3 };
  const code = (middle - 188) * 64 + (last - 128);
  const spells = (middle === 188 || middle === 189) && last >= 128 && last < 192 && code >= 1 && code <= 94;
  return spells ? { text: String.fromCharCode(code + 32), width: 3 } : undefined;
}

/** Overlong UTF-8 (`C0 AF` for `/`), full-width forms (`EF BC 9C` for `<`) and signs of no width as what they pass for. */
export function foldUnicode(text: string): string {
  const out: string[] = [];
  const length = text.length;
  let from = 0;
  let at = 0;
  while (at < length) {
    const lead = text.charCodeAt(at);
    const fold = lead < 192 ? undefined : (overlongAt(text, at, lead) ?? wideAt(text, at, lead));
    if (fold === undefined) {
      at++;
      continue;
    }
    out.push(text.slice(from, at));
    out.push(fold.text);
    at += fold.width;
    from = at;
  }
  if (from === 0) return text;
  out.push(text.slice(from));
  return out.join('');
}
