import { isBlank } from './text.ts';

const MOST_LOOKED_AT = 4096;
const SHORTEST_RUN = 16;
const MAX_RUNS = 2000;

/** Whether bytes are no text: one in 32 of the first is a control byte that no text has. */
export function isBinary(bytes: string): boolean {
  const limit = Math.min(bytes.length, MOST_LOOKED_AT);
  let controls = 0;
  for (let at = 0; at < limit; at++) {
    const code = bytes.charCodeAt(at);
    if (code < 9 || (code > 13 && code < 32) || code === 127) controls++;
  }
  return controls * 32 > limit;
}

function begins(bytes: string, a: number, b: number, c: number, d: number): boolean {
  return (
    bytes.charCodeAt(0) === a &&
    bytes.charCodeAt(1) === b &&
    bytes.charCodeAt(2) === c &&
    bytes.charCodeAt(3) === d
  );
}

/**
 * Whether bytes begin as a program, a font, a moving picture or a catalogue of messages does. No message of Protobuf or gRPC can:
 * field 0, types that there are not, lengths beyond any body that is read.
 */
export function isFileFormat(bytes: string): boolean {
  return (
    // ELF, WebAssembly, OpenType, TrueType, GIF8, and GNU's .mo in the order of bytes of most machines.
    begins(bytes, 127, 69, 76, 70) ||
    begins(bytes, 0, 97, 115, 109) ||
    begins(bytes, 79, 84, 84, 79) ||
    (begins(bytes, 0, 1, 0, 0) && bytes.charCodeAt(4) === 0) ||
    begins(bytes, 71, 73, 70, 56) ||
    begins(bytes, 222, 18, 4, 149)
  );
}

function isCompressed(bytes: string): boolean {
  return bytes.charCodeAt(0) === 31 && bytes.charCodeAt(1) === 139;
}

/** The texts that a binary format carries, as far as they stand in it readably: rows of printable ASCII. */
export function readRuns(bytes: string): string[] {
  const runs: string[] = [];
  if (isCompressed(bytes)) return runs;
  let from = 0;
  for (let at = 0; at <= bytes.length && runs.length < MAX_RUNS; at++) {
    const code = at < bytes.length ? bytes.charCodeAt(at) : 0;
    if (code >= 32 && code < 127) continue;
    if (at - from >= SHORTEST_RUN) runs.push(bytes.slice(from, at));
    from = at + 1;
  }
  return runs;
}

/** What JSON and XML open with: a bracket, a tag. */
function opensDocument(code: number): boolean {
  return code === 60 || code === 91 || code === 123;
}

/** Whether a byte beside a NUL may be the first of a document in wide signs; blanks stand before one where another NUL follows. */
function opensWide(code: number, nextHigh: number): boolean {
  return opensDocument(code) || (isBlank(code) && nextHigh === 0);
}

/** Whether bytes begin as UTF-16 or UTF-32 do: with the mark of their order, or as JSON or XML with NULs beside its signs. */
export function isWide(bytes: string): boolean {
  const a = bytes.charCodeAt(0);
  const b = bytes.charCodeAt(1);
  if ((a === 255 && b === 254) || (a === 254 && b === 255)) return true;
  if (a !== 0 && b !== 0) return false;
  const c = bytes.charCodeAt(2);
  const d = bytes.charCodeAt(3);
  if (a === 0 && b === 0) return (c === 0 && opensDocument(d)) || (c === 254 && d === 255);
  return a === 0 ? opensWide(b, c) : opensWide(a, d);
}

/** Such bytes without their NULs and marks: what they spell, as far as that is ASCII. */
export function narrow(bytes: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes.charCodeAt(at);
    if (code !== 0 && code < 254) continue;
    if (at > from) parts.push(bytes.slice(from, at));
    from = at + 1;
  }
  parts.push(bytes.slice(from));
  return parts.join('');
}
