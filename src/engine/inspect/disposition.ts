import { addText, bareValue, closingQuote, spellingsOf } from '../text/parameter.ts';
import { contains, isBlank, startsWith, trim } from '../text/text.ts';

/** What the `Content-Disposition` headers of one part say. */
export interface Disposition {
  readonly names: string[];
  /** Everything that a server may take for the name of an uploaded file. */
  readonly filenames: string[];
  /** What else they say: other parameters' names and values, what is no parameter. */
  readonly others: string[];
  /** How many headers there were. */
  headers: number;
  /** How many parameters some servers read as the name of a file. */
  claims: number;
  /** How many parameters every server reads as the name of a file. */
  files: number;
  /** How much of it no two servers would read alike. */
  doubts: number;
}

/** More parameters than these are judged as one text. */
const MAX_PARAMETERS = 64;
/** Names of files that stand where a parameter should not: the proper ones are all read. */
const MAX_ODD = 2;
const QUOTE = 34;
const APOSTROPHE = 39;
const SEMICOLON = 59;

/** A part of which nothing is said. */
export function newDisposition(): Disposition {
  return { names: [], filenames: [], others: [], headers: 0, claims: 0, files: 0, doubts: 0 };
}

/** Whether every server takes the part for a file. */
export function isCertainFile(said: Disposition): boolean {
  return said.files > 0 && said.doubts === 0 && said.headers === 1;
}

/** Where the parameter that begins at `from` ends: at a semicolon outside of double quotes. */
function parameterEnd(header: string, from: number): number {
  let at = from;
  while (at < header.length && header.charCodeAt(at) !== SEMICOLON) {
    at = header.charCodeAt(at) === QUOTE ? closingQuote(header, at) + 1 : at + 1;
  }
  return Math.min(at, header.length);
}

function readParameter(parameter: string, lower: (text: string) => string, out: Disposition): void {
  const equals = parameter.indexOf('=');
  if (equals < 0) {
    addText(out.others, trim(parameter));
    return;
  }
  const name = lower(trim(parameter.slice(0, equals)));
  const raw = trim(parameter.slice(equals + 1));
  const value = bareValue(raw);
  // Some servers take single quotes for quotes, and what stands in them for no parameter.
  if (raw.charCodeAt(0) === APOSTROPHE) out.doubts++;
  if (startsWith(name, 'filename') && value !== '') out.claims++;
  if (name === 'filename') {
    addText(out.filenames, value);
    if (value !== '' && !isBlank(parameter.charCodeAt(equals - 1))) out.files++;
    else out.doubts++;
  } else if (name === 'name') {
    addText(out.names, value);
  } else if (!startsWith(name, 'filename*')) {
    addText(out.others, name);
    addText(out.others, value);
  }
}

/** Adds what one header says, by its value. */
export function readDisposition(header: string, lower: (text: string) => string, out: Disposition): void {
  out.headers++;
  if (contains(header, '\\"')) out.doubts++;
  let at = parameterEnd(header, 0) + 1;
  for (let count = 0; at <= header.length; count++) {
    if (count >= MAX_PARAMETERS) {
      out.doubts++;
      out.others.push(header.slice(at));
      break;
    }
    const end = parameterEnd(header, at);
    readParameter(header.slice(at, end), lower, out);
    at = end + 1;
  }
  const spellings = spellingsOf(header, lower(header), 'filename', MAX_ODD);
  for (const filename of spellings) addText(out.filenames, filename);
}
