/** One part of a multipart body. */
export interface Part {
  readonly name: string;
  /** The name of an uploaded file, or empty. */
  readonly filename: string;
  readonly headers: string;
  readonly content: string;
}

const MAX_PARTS = 200;

/** A parameter of a header, quoted or not: `name="x"`. `lowered` is the header in lower case. */
function parameter(header: string, lowered: string, name: string): string {
  let at = lowered.indexOf(`${name}=`);
  // "name=" ends "filename=" as well.
  while (at > 0 && isLetter(lowered.charCodeAt(at - 1))) at = lowered.indexOf(`${name}=`, at + 1);
  if (at < 0) return '';
  const from = at + name.length + 1;
  if (header.charCodeAt(from) === 34) {
    const end = header.indexOf('"', from + 1);
    return header.slice(from + 1, end < 0 ? header.length : end);
  }
  let to = from;
  while (to < header.length && !endsToken(header.charCodeAt(to))) to++;
  return header.slice(from, to);
}

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}

function endsToken(code: number): boolean {
  return code === 59 || code === 32 || code === 13 || code === 10 || code === 44;
}

export function boundaryOf(contentType: string, lower: (text: string) => string): string {
  return parameter(contentType, lower(contentType), 'boundary');
}

/** The parts between boundaries. What is no part is left out: it is inspected with the whole by the caller. */
export function readMultipart(body: string, boundary: string, lower: (text: string) => string): Part[] {
  const parts: Part[] = [];
  const mark = `--${boundary}`;
  let at = body.indexOf(mark);
  while (at >= 0 && parts.length < MAX_PARTS) {
    const from = at + mark.length;
    const next = body.indexOf(mark, from);
    const to = next < 0 ? body.length : next;
    let blank = body.indexOf('\r\n\r\n', from);
    let width = 4;
    if (blank < 0 || blank > to) {
      blank = body.indexOf('\n\n', from);
      width = 2;
    }
    if (blank >= 0 && blank < to) {
      const headers = body.slice(from, blank);
      const lowered = lower(headers);
      parts.push({
        name: parameter(headers, lowered, 'name'),
        filename: parameter(headers, lowered, 'filename'),
        headers,
        content: trimEnd(body.slice(blank + width, to)),
      });
    }
    at = next;
  }
  return parts;
}

function trimEnd(text: string): string {
  let to = text.length;
  while (to > 0 && (text.charCodeAt(to - 1) === 10 || text.charCodeAt(to - 1) === 13)) to--;
  return text.slice(0, to);
}
