import { CODE_GATE, CODE_RULES } from './code-patterns.ts';
import { judgeCommand, unquote } from './command.ts';
import type { Finding, Rule } from './finding.ts';
import { raise } from './finding.ts';
import { ANY_GATE, BLANK_ROW, HIDDEN_NAMES, PRODUCT, SQL_GATE } from './gate-patterns.ts';
import type { Host } from '../host.ts';
import { judgeMarkup } from './markup.ts';
import { FILE_GATE, FILE_RULES } from './path-patterns.ts';
import {
  DOCUMENT_FILE_RULES,
  DOCUMENT_GATE,
  DOCUMENT_RULES,
  PROTOCOL_GATE,
  PROTOCOL_RULES,
} from './protocol-patterns.ts';
import type { Place } from '../signal.ts';
import { judgeSql, judgeStatements } from './sql.ts';
import { isBlank } from '../text/text.ts';

function judgeRules(host: Host, gate: string, rules: readonly Rule[], text: string, finding: Finding): void {
  if (!host.match(gate, text)) return;
  for (const rule of rules) if (host.match(rule.pattern, text)) raise(finding, rule.id, rule.points);
}

/** A user agent without its parenthesised comments: `(X11; U; id)` is a list, not a row of commands. */
function withoutComments(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40) {
      if (depth === 0) parts.push(text.slice(from, at));
      depth++;
    } else if (code === 41 && depth > 0) {
      depth--;
      from = at + 1;
    }
  }
  if (depth === 0) parts.push(text.slice(from));
  return parts.join(' ');
}

/** Rows of blanks as one, a line break if there is one in it: patterns bound how many they cross. */
function squeezeBlanks(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at < text.length) {
    if (!isBlank(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const start = at;
    let line = false;
    while (at < text.length && isBlank(text.charCodeAt(at))) {
      const code = text.charCodeAt(at);
      if (code === 10 || code === 13) line = true;
      at++;
    }
    if (at - start > 3) {
      parts.push(text.slice(from, start));
      parts.push(line ? '\n' : ' ');
      from = at;
    }
  }
  parts.push(text.slice(from));
  return parts.join('');
}

function squeezed(host: Host, text: string): string {
  return host.match(BLANK_ROW, text) ? squeezeBlanks(text) : text;
}

/** Whether one decoded text, seen by itself, is an attack. Returns whether it had to be looked at closely. */
export function judgeText(host: Host, text: string, place: Place, finding: Finding): boolean {
  const spaced = host.lower(text);
  if (!host.match(ANY_GATE, spaced)) return false;
  const lowered = squeezed(host, spaced);
  judgeMarkup(host, lowered, finding);
  judgeRules(host, PROTOCOL_GATE, PROTOCOL_RULES, lowered, finding);
  judgeRules(host, DOCUMENT_GATE, DOCUMENT_RULES, lowered, finding);
  judgeRules(host, CODE_GATE, CODE_RULES, lowered, finding);
  judgeRules(host, FILE_GATE, FILE_RULES, lowered, finding);
  const plain = place === 'user_agent' && host.match(PRODUCT, lowered) ? withoutComments(lowered) : lowered;
  const unquoted = unquote(plain);
  judgeCommand(host, plain, unquoted, finding);
  if (unquoted !== plain) judgeRules(host, FILE_GATE, FILE_RULES, unquoted, finding);
  if (host.match(SQL_GATE, plain)) judgeSql(host, plain, place, finding);
  if (lowered.indexOf('/*') < 0) return true;
  const bare = withoutBlockComments(lowered);
  judgeMarkup(host, bare, finding);
  judgeRules(host, CODE_GATE, CODE_RULES, bare, finding);
  judgeStatements(host, bare, finding);
  return true;
}

// Without comments: exec, a comment and a parenthesis are a call in most languages.
function withoutBlockComments(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let at = text.indexOf('/*');
  while (at >= 0) {
    const end = text.indexOf('*/', at + 2);
    if (end < 0) break;
    parts.push(text.slice(from, at));
    from = end + 2;
    at = text.indexOf('/*', from);
  }
  parts.push(text.slice(from));
  return parts.join(' ');
}

/** Names that only exploits carry, hidden in base64 at any alignment. */
export function judgeHidden(host: Host, text: string, finding: Finding): void {
  if (host.match(HIDDEN_NAMES, text)) raise(finding, 'hidden_name', 80);
}

const LONGEST_NAME = 100;

/** Documents called by long names called `r` instead: patterns bound what they cross up to a system's name. */
function withShortNames(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let at = text.indexOf('<!doctype');
  while (at >= 0) {
    let start = at + 9;
    while (isBlank(text.charCodeAt(start))) start++;
    let to = start;
    while (to < text.length && !endsName(text.charCodeAt(to))) to++;
    if (to - start > LONGEST_NAME) {
      parts.push(text.slice(from, start));
      parts.push('r');
      from = to;
    }
    at = text.indexOf('<!doctype', to);
  }
  if (from === 0) return text;
  parts.push(text.slice(from));
  return parts.join('');
}

function endsName(code: number): boolean {
  return isBlank(code) || code === 62 || code === 91;
}

function asDocument(host: Host, text: string): string {
  return withShortNames(squeezed(host, host.lower(text)));
}

/** A document that is sent as a file: what makes its reader fetch or unfold something. */
export function judgeSentDocument(host: Host, text: string, finding: Finding): void {
  judgeRules(host, DOCUMENT_GATE, DOCUMENT_FILE_RULES, asDocument(host, text), finding);
}

/** An XML document as a whole: its declarations. What its elements carry is judged value by value. */
export function judgeDocument(host: Host, text: string, finding: Finding): void {
  judgeRules(host, DOCUMENT_GATE, DOCUMENT_RULES, asDocument(host, text), finding);
}
