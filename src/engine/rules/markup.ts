import type { Finding } from './finding.ts';
import { raise } from './finding.ts';
import type { Host } from '../host.ts';
import { SCRIPT_GATE, SCRIPT_RULES, SCRIPT_SCHEME, SPLIT_WORD, TAG_RULES } from './markup-patterns.ts';

const GREATER = 62;
const MAX_TAGS = 40;
const MAX_TAG_BYTES = 600;

function opensTag(code: number): boolean {
  // A letter, "!", "?" or "%": what makes a browser or a server leave plain text.
  return (code >= 97 && code <= 122) || code === 33 || code === 63;
}

/** Skips what browsers and filters skip differently between `<` and a name. */
function nameStart(text: string, from: number): number {
  let at = from;
  while (at < text.length && at < from + 8) {
    const code = text.charCodeAt(at);
    if (code !== 47 && code !== 0 && code > 32) break;
    if (code === 32 && at === from) return -1;
    at++;
  }
  return at;
}

/** The end of a tag: its `>` outside of quotes, or where the text ends. An unclosed tag still runs. */
function tagEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + MAX_TAG_BYTES);
  let quote = 0;
  let equals = false;
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === GREATER) {
      return at;
    } else if (equals && (code === 34 || code === 39)) {
      quote = code;
    }
    if (code !== 32) equals = code === 61;
  }
  return limit;
}

/** Without the bytes that browsers drop inside URLs and names: NUL, and where `blanks` says so tabs and line breaks. */
function squeeze(text: string, blanks: boolean): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0 || (blanks && (code === 9 || code === 10 || code === 13))) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  if (from === 0) return text;
  parts.push(text.slice(from));
  return parts.join('');
}

function judgeTag(host: Host, tag: string, finding: Finding): void {
  for (const rule of TAG_RULES) if (host.match(rule.pattern, tag)) raise(finding, rule.id, rule.points);
}

/** Without short tags: filters drop them, and `al<x>ert` is alert behind such a filter. */
function withoutTags(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let at = text.indexOf('<');
  while (at >= 0) {
    const end = text.indexOf('>', at);
    if (end < 0) break;
    if (end - at <= 4) {
      parts.push(text.slice(from, at));
      from = end + 1;
    }
    at = text.indexOf('<', at + 1);
  }
  parts.push(text.slice(from));
  return parts.join('');
}

/** Markup and script injection in lower-case text whose entities are decoded. */
export function judgeMarkup(host: Host, text: string, finding: Finding): void {
  let at = text.indexOf('<');
  for (let tags = 0; at >= 0 && tags < MAX_TAGS; tags++) {
    const from = nameStart(text, at + 1);
    if (from >= 0 && opensTag(text.charCodeAt(from))) {
      const end = tagEnd(text, from);
      const tag = text.slice(from, end);
      judgeTag(host, tag, finding);
      for (const blanks of [false, true]) {
        const squeezed = squeeze(tag, blanks);
        if (squeezed !== tag) judgeTag(host, squeezed, finding);
      }
    }
    at = text.indexOf('<', at + 1);
  }
  const bare = host.match(SPLIT_WORD, text) ? withoutTags(text) : text;
  judgeScript(host, bare, finding);
}

function judgeScript(host: Host, text: string, finding: Finding): void {
  if (!host.match(SCRIPT_GATE, text)) return;
  for (const rule of SCRIPT_RULES) if (host.match(rule.pattern, text)) raise(finding, rule.id, rule.points);
  const squeezed = squeeze(text, true);
  if (squeezed === text) return;
  if (host.match(SCRIPT_SCHEME, squeezed) && !host.match(SCRIPT_SCHEME, text))
    raise(finding, 'script_split', 80);
  for (const rule of SCRIPT_RULES)
    if (host.match(rule.pattern, squeezed)) raise(finding, rule.id, rule.points);
}
