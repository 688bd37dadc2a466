const PADDING = 61;

/** The six bits of a base64 digit, standard or URL-safe alphabet, or -1. */
function sextet(code: number): number {
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  if (code === 43 || code === 45) return 62;
  if (code === 47 || code === 95) return 63;
  return -1;
}

/** The bytes that the text spells in base64, or an empty text when it is none. Padding may be missing. */
export function decodeBase64(text: string): string {
  let length = text.length;
  while (length > 0 && text.charCodeAt(length - 1) === PADDING) length--;
  const rest = length - Math.floor(length / 4) * 4;
  if (rest === 1) return '';
  const out: string[] = [];
  for (let at = 0; at < length; at += 4) {
    const a = sextet(text.charCodeAt(at));
    const b = sextet(text.charCodeAt(at + 1));
    const c = at + 2 < length ? sextet(text.charCodeAt(at + 2)) : 0;
    const d = at + 3 < length ? sextet(text.charCodeAt(at + 3)) : 0;
    if (a < 0 || b < 0 || c < 0 || d < 0) return '';
    const high = Math.floor(b / 16);
    const middle = Math.floor(c / 4);
    out.push(String.fromCharCode(a * 4 + high));
    if (at + 2 < length) out.push(String.fromCharCode((b - high * 16) * 16 + middle));
    if (at + 3 < length) out.push(String.fromCharCode((c - middle * 4) * 64 + d));
  }
  return out.join('');
}

/** Whether bytes read as text: printable ASCII and line breaks, at most one in eight of anything else. */
export function readsAsText(bytes: string): boolean {
  let odd = 0;
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes.charCodeAt(i);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || code > 126) odd++;
  }
  return odd * 8 <= bytes.length;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** 2 to the power of a small whole number. */
function power(bits: number): number {
  let unit = 1;
  for (let i = 0; i < bits; i++) unit *= 2;
  return unit;
}

/** The base64 digits that `bytes` fix completely when `offset` (0-2) unknown bytes stand before them in a group. */
export function base64Core(bytes: string, offset: number): string {
  // The first byte shares its first digit with unknown bits: 4 of its own bits at offset 1, 2 at offset 2.
  const shared = offset === 0 ? 0 : 6 - offset * 2;
  let core = '';
  let bits = 0;
  let width = 0;
  for (let i = 0; i < bytes.length; i++) {
    bits = bits * 256 + bytes.charCodeAt(i);
    width += 8;
    if (i === 0) {
      width -= shared;
      bits -= Math.floor(bits / power(width)) * power(width);
    }
    while (width >= 6) {
      width -= 6;
      const digit = Math.floor(bits / power(width));
      core += ALPHABET.slice(digit, digit + 1);
      bits -= digit * power(width);
    }
  }
  return core;
}
