import { isBinary, readRuns } from './binary.ts';
import { newFinding, raise } from './finding.ts';
import type { Host } from './host.ts';
import { judgePairs, judgeUploadName } from './inspect.ts';
import { judgeDocument, judgeSentDocument } from './judge.ts';
import { boundariesOf, readMultipart } from './multipart.ts';
import { SERVER_PAGE } from './path-patterns.ts';
import type { HeaderFacts } from './request.ts';
import type { Signal } from './signal.ts';
import { contains, split, trim } from './text.ts';
import type { Worst } from './value.ts';
import { consider, judgeValue, newWorst, reportWorst } from './value.ts';
import { readXml } from './xml.ts';

/** Content types read at most, where a client sends several. */
const MAX_TYPES = 4;

/** A file is not what a server puts into a query or a page: only what would run by itself counts in it. */
function judgeFile(worst: Worst, content: string): void {
  const finding = newFinding();
  const lowered = worst.host.lower(content);
  if (worst.host.match(SERVER_PAGE, lowered)) raise(finding, 'upload_page', 75);
  judgeSentDocument(worst.host, lowered, finding);
  consider(worst, finding, 'body', false);
}

/** Returns whether the body had parts with that boundary. What belongs to no part is judged as a text. */
function judgeMultipart(worst: Worst, body: string, boundary: string, signals: Signal[]): boolean {
  const host = worst.host;
  const { parts, rest } = readMultipart(body, boundary, host.lower);
  for (const part of parts) {
    for (const filename of part.filenames) {
      judgeUploadName(worst, filename, signals);
      judgeValue(worst, filename, 'body', 2);
    }
    for (const name of part.names) judgeValue(worst, name, 'body', 2);
    for (const header of part.headers) judgeValue(worst, header, 'body', 2);
    if (part.filenames.length === 0) judgeValue(worst, part.content, 'body', 0);
    else judgeFile(worst, part.content);
  }
  for (const text of rest) judgeAny(worst, text);
  return parts.length > 0;
}

function judgeXml(worst: Worst, body: string): void {
  const finding = newFinding();
  judgeDocument(worst.host, body, finding);
  consider(worst, finding, 'body', false);
  for (const text of readXml(body)) judgeValue(worst, text, 'body', 0);
}

/** A body by its looks, whatever it is called. */
function judgeAny(worst: Worst, body: string): void {
  const text = plainStart(body);
  const first = text.charCodeAt(0);
  if (first === 60) judgeXml(worst, text);
  else if (first === 123 || first === 91) judgeValue(worst, text, 'body', 0);
  if (first !== 60) judgePairs(worst, text, '&', true, 'body');
}

/** Without what may stand before any document: a byte order mark, blanks and line ends. */
function plainStart(body: string): string {
  // UTF-8's byte order mark.
  const marked = body.charCodeAt(0) === 239 && body.charCodeAt(1) === 187 && body.charCodeAt(2) === 191;
  let from = marked ? 3 : 0;
  while (from < body.length) {
    const code = body.charCodeAt(from);
    if (code !== 32 && (code < 9 || code > 13)) break;
    from++;
  }
  return from === 0 ? body : body.slice(from);
}

/** @param media the content type without its parameters, in lower case */
function judgeAs(worst: Worst, media: string, body: string): void {
  const form = media === 'application/x-www-form-urlencoded';
  const text = plainStart(body);
  const first = text.charCodeAt(0);
  const opensJson = first === 123 || first === 91;
  if (!form && !(opensJson && contains(media, 'json')) && isBinary(body)) {
    for (const run of readRuns(body)) judgeValue(worst, run, 'body', 1);
    return;
  }
  if (opensJson || contains(media, 'json')) {
    judgeValue(worst, text, 'body', 0);
    if (form) judgePairs(worst, text, '&', true, 'body');
  } else if (first === 60 && (contains(media, 'xml') || text.slice(0, 5) === '<?xml')) {
    judgeXml(worst, text);
  } else if (form || media === '' || contains(media, 'text/')) {
    judgePairs(worst, body, '&', true, 'body');
  } else {
    judgeValue(worst, text, 'body', 1);
  }
}

/** Judges the body by what it is, whatever it is called: content types lie, and servers differ in what they believe. */
export function inspectBody(host: Host, facts: HeaderFacts, body: string, signals: Signal[]): void {
  if (body === '') return;
  const worst = newWorst(host);
  const type = host.lower(facts.content_type);
  let whole = false;
  for (const each of split(type, '\n', MAX_TYPES)) {
    const media = trim(split(each, ';', 2)[0] ?? '');
    if (media.slice(0, 10) !== 'multipart/') {
      judgeAs(worst, media, body);
      continue;
    }
    // With more than one boundary to choose from, servers differ in the choice.
    const boundaries = boundariesOf(facts.content_type, host.lower);
    let parts = false;
    for (const boundary of boundaries) {
      if (judgeMultipart(worst, body, boundary, signals)) parts = true;
    }
    if (!parts || boundaries.length !== 1) whole = true;
  }
  if (whole) judgeAny(worst, body);
  reportWorst(worst, signals);
}
