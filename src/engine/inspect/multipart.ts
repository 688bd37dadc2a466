import type { Disposition } from './disposition.ts';
import { newDisposition, readDisposition } from './disposition.ts';
import { isBlank, trim } from '../text/text.ts';

/** One part of a multipart body. */
export interface Part {
  readonly disposition: Disposition;
  /** Values of its other headers, and lines that are none. */
  readonly headers: readonly string[];
  /** Its content types, one a line. */
  readonly type: string;
  readonly content: string;
}

export interface Multipart {
  readonly parts: readonly Part[];
  /** What is in no part: before the first boundary, behind the last one, without headers, beyond what is read. */
  readonly rest: readonly string[];
}

/** What a body of the most that is read can hold of small fields, and more. */
const MAX_PARTS = 4000;
const MAX_RESTS = 16;
/** More headers of a part than these are read as one text. */
const MAX_HEADERS = 1000;
/** Headers that a body's limit cuts off are no longer than this. */
const MAX_CUT = 1024;
const DASH = 45;

/** Whether servers that go by the letter see a boundary here: on a line of its own. */
function isLine(body: string, at: number, to: number): boolean {
  if (at > 0 && body.charCodeAt(at - 1) !== 10) return false;
  if (closes(body, to)) return true;
  let end = to;
  while (body.charCodeAt(end) === 32 || body.charCodeAt(end) === 9) end++;
  return end >= body.length || body.charCodeAt(end) === 10 || body.charCodeAt(end) === 13;
}

/** Whether the boundary that ends at `to` is the last one: two dashes follow it. */
function closes(body: string, to: number): boolean {
  return body.charCodeAt(to) === DASH && body.charCodeAt(to + 1) === DASH;
}

function nextMark(body: string, mark: string, from: number, lines: boolean): number {
  let at = body.indexOf(mark, from);
  while (at >= 0 && lines && !isLine(body, at, at + mark.length)) at = body.indexOf(mark, at + 1);
  return at;
}

/** Whether the boundary also stands where some servers see one and others do not. */
export function isLoose(body: string, boundary: string): boolean {
  const mark = `--${boundary}`;
  let at = body.indexOf(mark);
  while (at >= 0) {
    if (!isLine(body, at, at + mark.length)) return true;
    at = body.indexOf(mark, at + mark.length);
  }
  return false;
}

function lineEnd(body: string, from: number, to: number): number {
  const at = body.indexOf('\n', from);
  return at < 0 || at > to ? to : at;
}

function withoutReturn(line: string): string {
  const last = line.length - 1;
  return last >= 0 && line.charCodeAt(last) === 13 ? line.slice(0, last) : line;
}

interface Head {
  /** One header each: lines that begin with a blank go on with the one before. */
  readonly headers: readonly string[];
  /** Lines beyond those that are read one by one. */
  readonly rest: string;
  /** Where the content begins, or -1 where no empty line ends the headers. */
  readonly end: number;
}

function readHead(body: string, from: number, to: number): Head {
  const headers: string[] = [];
  let lines: string[] = [];
  let at = from;
  while (at < to) {
    const end = lineEnd(body, at, to);
    const line = withoutReturn(body.slice(at, end));
    // What a boundary cuts off is no empty line.
    if (line === '' && end < to) {
      if (headers.length >= MAX_HEADERS) return { headers, rest: lines.join('\n'), end: end + 1 };
      if (lines.length > 0) headers.push(lines.join(''));
      return { headers, rest: '', end: end + 1 };
    }
    if (lines.length > 0 && headers.length < MAX_HEADERS && !isBlank(line.charCodeAt(0))) {
      headers.push(lines.join(''));
      lines = [];
    }
    lines.push(line);
    at = end + 1;
  }
  return { headers, rest: '', end: -1 };
}

function readPart(head: Head, body: string, to: number, lower: (text: string) => string): Part {
  const disposition = newDisposition();
  const headers: string[] = [];
  const types: string[] = [];
  for (const line of head.headers) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : lower(trim(line.slice(0, colon)));
    const value = colon < 0 ? line : trim(line.slice(colon + 1));
    if (name === 'content-disposition') {
      readDisposition(value, lower, disposition);
    } else {
      if (name === 'content-type') types.push(value);
      headers.push(value);
    }
  }
  if (head.rest !== '') {
    // There may be a disposition among them.
    readDisposition(head.rest, lower, disposition);
    disposition.doubts++;
    headers.push(head.rest);
  }
  const content = trimEnd(body.slice(Math.min(head.end, to), to));
  return { disposition, headers, type: types.join('\n'), content };
}

/**
 * The parts between boundaries, and what is left of the body besides. With `lines` only boundaries on lines of their own count.
 * @param cut the body goes on behind what is read of it: then its last part has no end
 */
export function readMultipart(
  body: string,
  boundary: string,
  lines: boolean,
  cut: boolean,
  lower: (text: string) => string,
): Multipart {
  const parts: Part[] = [];
  const rest: string[] = [];
  const mark = `--${boundary}`;
  let at = nextMark(body, mark, 0, lines);
  addRest(rest, body.slice(0, at < 0 ? body.length : at));
  while (at >= 0) {
    const from = at + mark.length;
    if (parts.length >= MAX_PARTS || rest.length >= MAX_RESTS) {
      addRest(rest, body.slice(from));
      break;
    }
    const next = nextMark(body, mark, from, lines);
    const to = next < 0 ? body.length : next;
    const last = closes(body, from);
    const head = last ? undefined : readHead(body, lineEnd(body, from, to) + 1, to);
    if (head !== undefined && head.end >= 0) {
      const part = readPart(head, body, to, lower);
      parts.push(part);
      if (next < 0 && !cut) addRest(rest, part.content);
    } else if (next >= 0 || !cut || to - from >= MAX_CUT) {
      addRest(rest, body.slice(last ? from + 2 : from, to));
    }
    at = next;
  }
  return { parts, rest };
}

function addRest(rest: string[], text: string): void {
  for (let at = 0; at < text.length; at++) {
    if (!isBlank(text.charCodeAt(at))) {
      rest.push(text);
      return;
    }
  }
}

function trimEnd(text: string): string {
  let to = text.length;
  while (to > 0 && (text.charCodeAt(to - 1) === 10 || text.charCodeAt(to - 1) === 13)) to--;
  return text.slice(0, to);
}
