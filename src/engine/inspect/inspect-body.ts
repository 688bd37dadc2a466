import { isBinary, isFileFormat, isWide, narrow, readRuns } from '../text/binary.ts';
import type { BodyTypes } from './content-type.ts';
import { readTypes, UNTYPED } from './content-type.ts';
import { isCertainFile } from './disposition.ts';
import { newFinding } from '../rules/finding.ts';
import { PART_TYPE } from '../rules/gate-patterns.ts';
import type { Host } from '../host.ts';
import { judgeDocument } from '../rules/judge.ts';
import type { Part } from './multipart.ts';
import { isLoose, readMultipart } from './multipart.ts';
import { judgePairs } from './pairs.ts';
import type { HeaderFacts } from '../request.ts';
import type { Signal } from '../signal.ts';
import { startsWith, withoutMargin } from '../text/text.ts';
import { judgeFile, judgeUploadName } from './upload.ts';
import type { Worst } from './value.ts';
import { consider, isSpent, judgeJson, judgePlain, judgeValue, newWorst, reportWorst } from './value.ts';
import { readXml } from '../text/xml.ts';

/** More of a body than this is not read: what is beyond it is not inspected. */
export const BODY_LIMIT_BYTES = 131072;
/** What is read as multipart of one request, in all ways, parts of parts included: beyond it, bodies are judged by their looks. */
const MAX_READ_BYTES = 4 * BODY_LIMIT_BYTES;

/** One request's body, while it is judged. */
interface Body {
  readonly worst: Worst;
  readonly signals: Signal[];
  /** The body goes on behind what is read of it. */
  readonly cut: boolean;
  bytes_read: number;
}

/** @param nested the part is one of a part's: what says that it has parts as well, is a value */
function judgePart(body: Body, part: Part, nested: boolean): void {
  const { worst, signals } = body;
  const lower = worst.host.lower;
  const said = part.disposition;
  for (const filename of said.filenames) {
    judgeUploadName(worst, filename, signals);
    judgeValue(worst, filename, 'body', 2);
  }
  for (const name of said.names) judgeValue(worst, name, 'body', 2);
  for (const other of said.others) judgeValue(worst, other, 'body', 2);
  for (const header of part.headers) {
    if (!worst.host.match(PART_TYPE, lower(header))) judgeValue(worst, header, 'body', 2);
  }
  if (said.files > 0) judgeFile(worst, part.content);
  if (isCertainFile(said)) return;
  // Any other part is a value, and so is what only some servers would take for a file. Of bytes only the
  // rows of text: pictures and archives hold all sorts of short attacks by chance.
  if (said.claims > 0 && isBinary(part.content)) {
    judgeRuns(worst, part.content);
    return;
  }
  judgeValue(worst, part.content, 'body', 0);
  if (part.type === '' || nested || isSpent(worst)) return;
  const types = readTypes(part.type, lower);
  if (types.multipart) judgeMultipart(body, part.content, types, true);
}

/** A multipart body under every boundary that its header may mean, and as no multipart body where that is not certain. */
function judgeMultipart(body: Body, text: string, types: BodyTypes, nested: boolean): void {
  const worst = body.worst;
  let certain = types.boundaries.length === 1;
  // A part was judged as a value already. Once is enough: no text counts twice among those judged as one.
  let looked = nested;
  const look = (): void => {
    if (!looked) judgeLooks(worst, text, UNTYPED);
    looked = true;
  };
  for (const boundary of types.boundaries) {
    for (const lines of isLoose(text, boundary) ? [true, false] : [true]) {
      body.bytes_read += text.length;
      if (body.bytes_read > MAX_READ_BYTES || isSpent(worst)) {
        look();
        return;
      }
      const read = readMultipart(text, boundary, lines, body.cut, worst.host.lower);
      if (read.parts.length === 0) {
        certain = false;
        look();
      }
      for (const part of read.parts) judgePart(body, part, nested);
      for (const rest of read.rest) {
        if (!looked || (rest.length < text.length && !isSpent(worst))) judgeLooks(worst, rest, UNTYPED);
      }
    }
  }
  if (!certain) look();
}

function judgeXml(worst: Worst, document: string): void {
  const finding = newFinding();
  judgeDocument(worst.host, document, finding);
  consider(worst, finding, 'body', false);
  for (const text of readXml(document)) judgeValue(worst, text, 'body', 0);
}

function judgeRuns(worst: Worst, bytes: string): void {
  for (const run of readRuns(bytes)) judgeValue(worst, run, 'body', 1);
}

/** Judges what is not multipart by what it looks like, and by all that its types allow it to be. */
function judgeLooks(worst: Worst, sent: string, types: BodyTypes): void {
  const body = isWide(sent) ? narrow(sent) : sent;
  const text = withoutMargin(body);
  const first = text.charCodeAt(0);
  const opensJson = first === 123 || first === 91;
  if (!types.form && !(opensJson && types.json) && isBinary(body)) {
    // What is shown, heard or run is no message whose texts a server reads; its bytes hold all sorts of attacks by chance.
    if (types.medium || isFileFormat(body)) judgeFile(worst, body);
    else judgeRuns(worst, body);
    return;
  }
  const isXml = first === 60 && (types.xml || startsWith(text, '<?xml'));
  if (isXml) judgeXml(worst, text);
  const isJson = judgeJson(worst, text, 'body', 0);
  const asJson = opensJson || types.json;
  if (asJson && !isJson) judgePlain(worst, text, 'body', 0);
  // A form may open like JSON or XML; other text is a form unless it is one of them.
  if (types.form || (types.text && !isXml && !isJson)) judgePairs(worst, body, 'body');
  else if (!isXml && !asJson) judgePlain(worst, text, 'body', 1);
}

/** Judges the body by what it is, whatever it is called: content types lie, and servers differ in what they believe. */
export function inspectBody(host: Host, facts: HeaderFacts, body: string, signals: Signal[]): void {
  if (body === '') return;
  const worst = newWorst(host);
  const types = readTypes(facts.content_type, host.lower);
  const cut = body.length >= BODY_LIMIT_BYTES;
  if (types.multipart) judgeMultipart({ worst, signals, cut, bytes_read: 0 }, body, types, false);
  if (!types.multipart || types.form || types.json || types.xml || types.text) judgeLooks(worst, body, types);
  reportWorst(worst, signals);
}
