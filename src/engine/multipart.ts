import { split } from './text.ts';

/** One part of a multipart body. */
export interface Part {
  readonly names: readonly string[];
  /** What an uploaded file is called, in each way it is said; empty for a plain field. */
  readonly filenames: readonly string[];
  /** The part's headers but for its disposition. */
  readonly headers: readonly string[];
  readonly content: string;
}

export interface Multipart {
  readonly parts: readonly Part[];
  /** What belongs to no part: before the first, without headers, beyond the most that are read. */
  readonly rest: readonly string[];
}

/** What a body of the most that is read can hold of small fields, and more. */
const MAX_PARTS = 4000;
const MAX_LINES = 64;
const MAX_ESCAPES = 1024;
const MAX_BOUNDARIES = 4;
const DISPOSITION = 'content-disposition:';

interface Parameter {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function trimAround(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Without quotes around it and backslashes before what they escape. */
function unquote(raw: string): string {
  const text = trimAround(raw);
  const quote = text.charCodeAt(0);
  if (quote !== 34 && quote !== 39) return text;
  const to = text.length > 1 && text.charCodeAt(text.length - 1) === quote ? text.length - 1 : text.length;
  return split(text.slice(1, to), '\\', MAX_ESCAPES).join('');
}

/** The parameters of a header's value: between semicolons that stand outside of double quotes. */
function parametersOf(value: string, lower: (text: string) => string): Parameter[] {
  const out: Parameter[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at <= value.length; at++) {
    const code = at < value.length ? value.charCodeAt(at) : 59;
    if (quoted && code === 92) at++;
    else if (code === 34) quoted = !quoted;
    else if (code === 59 && (!quoted || at >= value.length)) {
      const text = value.slice(from, at);
      const equals = text.indexOf('=');
      if (equals > 0)
        out.push({ name: lower(trimAround(text.slice(0, equals))), value: unquote(text.slice(equals + 1)) });
      from = at + 1;
    }
  }
  return out;
}

/** Every boundary that some reader of a content type might take, each once. */
export function boundariesOf(contentType: string, lower: (text: string) => string): string[] {
  const out: string[] = [];
  const add = (boundary: string): void => {
    if (boundary === '' || out.length >= MAX_BOUNDARIES) return;
    for (const known of out) if (known === boundary) return;
    out.push(boundary);
  };
  for (const { name, value } of parametersOf(contentType, lower)) if (name === 'boundary') add(value);
  // Readers that look for the word take it wherever it stands.
  const lowered = lower(contentType);
  let at = lowered.indexOf('boundary=');
  while (at >= 0) {
    let to = at + 9;
    while (to < contentType.length && !endsToken(contentType.charCodeAt(to))) to++;
    add(unquote(contentType.slice(at + 9, to)));
    at = lowered.indexOf('boundary=', to);
  }
  return out;
}

function endsToken(code: number): boolean {
  return code === 59 || code === 44 || isBlank(code);
}

function readPart(head: string, content: string, lower: (text: string) => string): Part {
  const names: string[] = [];
  const filenames: string[] = [];
  const headers: string[] = [];
  for (const line of split(head, '\n', MAX_LINES)) {
    const lowered = lower(line);
    const at = lowered.indexOf(DISPOSITION);
    if (at !== 0) {
      if (trimAround(line) !== '') headers.push(trimAround(line.slice(line.indexOf(':') + 1)));
      continue;
    }
    for (const { name, value } of parametersOf(line.slice(DISPOSITION.length), lower)) {
      if (name === 'name') names.push(value);
      else if (name === 'filename' || name === 'filename*') filenames.push(value);
    }
  }
  return { names, filenames, headers, content };
}

/** The parts between boundaries, and what is left over. */
export function readMultipart(body: string, boundary: string, lower: (text: string) => string): Multipart {
  const parts: Part[] = [];
  const rest: string[] = [];
  const mark = `--${boundary}`;
  const leave = (text: string): void => {
    // The last boundary is followed by two dashes.
    if (trimAround(text) !== '' && trimAround(text) !== '--') rest.push(text);
  };
  let at = body.indexOf(mark);
  leave(at < 0 ? '' : body.slice(0, at));
  while (at >= 0) {
    const from = at + mark.length;
    if (parts.length >= MAX_PARTS) {
      leave(body.slice(from));
      break;
    }
    const next = body.indexOf(mark, from);
    const to = next < 0 ? body.length : next;
    let blank = body.indexOf('\r\n\r\n', from);
    let width = 4;
    if (blank < 0 || blank > to) {
      blank = body.indexOf('\n\n', from);
      width = 2;
    }
    if (blank >= 0 && blank < to) {
      parts.push(readPart(body.slice(from, blank), trimEnd(body.slice(blank + width, to)), lower));
    } else {
      leave(body.slice(from, to));
    }
    at = next;
  }
  return { parts, rest };
}

function trimEnd(text: string): string {
  let to = text.length;
  while (to > 0 && (text.charCodeAt(to - 1) === 10 || text.charCodeAt(to - 1) === 13)) to--;
  return text.slice(0, to);
}
