import { hexDigit, parseDecimal } from './text/text.ts';

/** 4 bytes (IPv4, also when written as IPv4-mapped IPv6) or 16. */
export type Address = readonly number[];

/** A network: an address and how many of its leading bits count. */
export interface Cidr {
  readonly bytes: Address;
  readonly bits: number;
}

const DOT = 46;
const HEX = '0123456789abcdef';

function parseV4(text: string): number[] | undefined {
  const bytes: number[] = [];
  let value = -1;
  let first = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT;
    if (code === DOT) {
      if (value < 0 || bytes.length === 4) return undefined;
      bytes.push(value);
      value = -1;
    } else if (code >= 48 && code <= 57) {
      if (value < 0) {
        value = code - 48;
        first = code;
      } else {
        // "010" is eight to some parsers and ten to others: refused.
        if (first === 48) return undefined;
        value = value * 10 + (code - 48);
        if (value > 255) return undefined;
      }
    } else {
      return undefined;
    }
  }
  return bytes.length === 4 ? bytes : undefined;
}

/** The bytes of colon-separated groups (the last may be dotted IPv4), or nothing. An empty text has none. */
function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = [];
  if (text === '') return bytes;
  let from = 0;
  while (from <= text.length) {
    const colon = text.indexOf(':', from);
    const to = colon < 0 ? text.length : colon;
    const group = text.slice(from, to);
    if (colon < 0 && group.indexOf('.') >= 0) {
      const v4 = parseV4(group);
      if (v4 === undefined) return undefined;
      for (const byte of v4) bytes.push(byte);
      return bytes;
    }
    if (group.length === 0 || group.length > 4) return undefined;
    let value = 0;
    for (let i = 0; i < group.length; i++) {
      const digit = hexDigit(group.charCodeAt(i));
      if (digit < 0) return undefined;
      value = value * 16 + digit;
    }
    const high = Math.floor(value / 256);
    bytes.push(high);
    bytes.push(value - high * 256);
    if (colon < 0) return bytes;
    from = colon + 1;
  }
  return undefined;
}

function parseV6(text: string): number[] | undefined {
  const gap = text.indexOf('::');
  if (gap < 0) {
    const bytes = parseGroups(text);
    return bytes !== undefined && bytes.length === 16 ? bytes : undefined;
  }
  const head = parseGroups(text.slice(0, gap));
  const tailText = text.slice(gap + 2);
  const tail = parseGroups(tailText);
  if (head === undefined || tail === undefined || head.length + tail.length > 14) return undefined;
  // "1.2.3.4::" is no address: dotted IPv4 stands at the end only.
  if (text.slice(0, gap).indexOf('.') >= 0) return undefined;
  const bytes: number[] = head;
  const zeros = 16 - head.length - tail.length;
  for (let i = 0; i < zeros; i++) bytes.push(0);
  for (const byte of tail) bytes.push(byte);
  return bytes;
}

function isMapped(bytes: readonly number[]): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 255 && bytes[11] === 255;
}

/** The bytes of an address, or nothing when the text is not exactly one. A zone (`%eth0`) makes it none. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  if (text.indexOf(':') < 0) return parseV4(text);
  const bytes = parseV6(text);
  if (bytes === undefined || !isMapped(bytes)) return bytes;
  const v4: number[] = [];
  for (let i = 12; i < 16; i++) v4.push(bytes[i] ?? 0);
  return v4;
}

/** `address` or `address/bits`; nothing when it is neither. Bits after the prefix are ignored. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const width = bytes.length * 8;
  if (slash < 0) return { bytes, bits: width };
  let bits = parseDecimal(text.slice(slash + 1));
  // "::ffff:10.0.0.0/104" became four bytes: its prefix counts from the mapped part.
  if (width === 32 && text.indexOf(':') >= 0) bits -= 96;
  return bits < 0 || bits > width ? undefined : { bytes, bits };
}

function isInside(address: Address, cidr: Cidr): boolean {
  if (address.length !== cidr.bytes.length) return false;
  const whole = Math.floor(cidr.bits / 8);
  for (let i = 0; i < whole; i++) if (address[i] !== cidr.bytes[i]) return false;
  const rest = cidr.bits - whole * 8;
  if (rest === 0) return true;
  let unit = 256;
  for (let i = 0; i < rest; i++) unit /= 2;
  return Math.floor((address[whole] ?? 0) / unit) === Math.floor((cidr.bytes[whole] ?? 0) / unit);
}

export function isInAny(address: Address, cidrs: readonly Cidr[]): boolean {
  for (const cidr of cidrs) if (isInside(address, cidr)) return true;
  return false;
}

/** Who is counted together: one IPv4 address, or one IPv6 /64, which is what one customer gets. In hex. */
export function clientKey(address: Address): string {
  let key = '';
  const length = address.length === 4 ? 4 : 8;
  for (let i = 0; i < length; i++) {
    const byte = address[i] ?? 0;
    const high = Math.floor(byte / 16);
    const low = byte - high * 16;
    key += HEX.slice(high, high + 1) + HEX.slice(low, low + 1);
  }
  return key;
}
