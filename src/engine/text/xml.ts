const MAX_TEXTS = 2000;

/** The offset after the tag that opens at `from`: its `>` outside of quotes. */
function tagEnd(text: string, from: number): number {
  let quote = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 34 || code === 39) {
      quote = code;
    } else if (code === 62) {
      return at;
    }
  }
  return text.length;
}

function isNameByte(code: number): boolean {
  return code > 32 && code !== 61 && code !== 62 && code !== 47 && code !== 34 && code !== 39;
}

/** Names and attribute values of one tag (`text` begins after its `<`). */
function readTag(text: string, from: number, to: number, out: string[]): void {
  let at = from;
  let nameFrom = -1;
  while (at <= to) {
    const code = at < to ? text.charCodeAt(at) : 32;
    if (isNameByte(code) && at < to) {
      if (nameFrom < 0) nameFrom = at;
    } else {
      if (nameFrom >= 0) out.push(text.slice(nameFrom, at));
      nameFrom = -1;
      if (code === 34 || code === 39) {
        const end = text.indexOf(code === 34 ? '"' : "'", at + 1);
        const stop = end < 0 || end > to ? to : end;
        out.push(text.slice(at + 1, stop));
        at = stop;
      }
    }
    at++;
  }
}

/** The offset of what ends at `mark`, looked for from `from`; of the text's end where nothing does. */
function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

function flush(run: string[], out: string[]): void {
  if (run.length > 0) out.push(run.join(''));
}

/**
 * What an XML document carries for a program to use: names, attribute values, instructions and texts. A text goes on behind a
 * comment, an instruction and in CDATA, as it does for who asks for an element's text. What is more than is read one by one comes
 * last, as one text.
 */
export function readXml(text: string): string[] {
  const out: string[] = [];
  let run: string[] = [];
  let at = 0;
  while (at < text.length && out.length + run.length < MAX_TEXTS) {
    const open = endOf(text, '<', at);
    if (open > at) run.push(text.slice(at, open));
    if (open >= text.length) {
      at = open;
    } else if (text.slice(open, open + 4) === '<!--') {
      at = endOf(text, '-->', open + 4) + 3;
    } else if (text.slice(open, open + 9) === '<![CDATA[') {
      const stop = endOf(text, ']]>', open);
      run.push(text.slice(open + 9, stop));
      at = stop + 3;
    } else if (text.charCodeAt(open + 1) === 63) {
      const stop = endOf(text, '?>', open);
      // What XML itself says of the document is no page's code: its values are judged alone.
      if (text.slice(open, open + 5) === '<?xml') readTag(text, open + 5, stop, out);
      else out.push(text.slice(open, stop));
      at = stop + 2;
    } else {
      flush(run, out);
      run = [];
      const end = tagEnd(text, open + 1);
      // Declarations are judged with the whole document.
      if (text.charCodeAt(open + 1) !== 33) readTag(text, open + 1, end, out);
      at = end + 1;
    }
  }
  flush(run, out);
  if (at < text.length) out.push(text.slice(at));
  return out;
}
