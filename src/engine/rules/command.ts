import {
  COMMAND_AFTER,
  COMMAND_GATE,
  COMMAND_RULES,
  COMMAND_WORD,
  SPLIT_AFTER,
  SPLIT_QUOTE,
} from './command-patterns.ts';
import type { Finding } from './finding.ts';
import { raise } from './finding.ts';
import type { Host } from '../host.ts';

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}

/** How many bytes at `at` a shell drops while it reads a word: quotes, backslashes, carets, empty variables. */
function dropped(text: string, at: number): number {
  const code = text.charCodeAt(at);
  // $('menu') is what pages call their elements by.
  if ((code === 39 || code === 34) && at > 1 && text.slice(at - 2, at) === '$(') return 0;
  if (code === 39 || code === 34 || code === 92 || code === 94) return 1;
  if (code !== 36) return 0;
  const next = text.charCodeAt(at + 1);
  // $@ $* $! $$ $? $- $_ are empty or as good as; a one-letter variable is if it was never set.
  if (next === 64 || next === 42 || next === 33 || next === 36 || next === 63 || next === 45 || next === 95)
    return 2;
  return isLetter(next) && !isLetter(text.charCodeAt(at + 2)) ? 2 : 0;
}

/** The text as a shell reads its words: c'a't, 'c'at, c\at, c^at and c$@at are cat. */
export function unquote(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const width = dropped(text, at);
    if (
      width > 0 &&
      (isLetter(text.charCodeAt(at + width)) || (at > 0 && isLetter(text.charCodeAt(at - 1))))
    ) {
      parts.push(text.slice(from, at));
      from = at + width;
    }
    at += width > 0 ? width : 1;
  }
  if (from === 0) return text;
  parts.push(text.slice(from));
  return parts.join('');
}

/** Command injection in lower-case text; `plain` is the text unquoted. */
export function judgeCommand(host: Host, text: string, plain: string, finding: Finding): void {
  if (!host.match(COMMAND_GATE, text)) return;
  for (const rule of COMMAND_RULES) if (host.match(rule.pattern, text)) raise(finding, rule.id, rule.points);
  if (plain === text) return;
  if (host.match(SPLIT_QUOTE, text) && host.match(COMMAND_WORD, plain)) raise(finding, 'command_quoted', 75);
  if (host.match(SPLIT_AFTER, text) && host.match(COMMAND_AFTER, plain)) raise(finding, 'command_quoted', 75);
  for (const rule of COMMAND_RULES) if (host.match(rule.pattern, plain)) raise(finding, rule.id, rule.points);
}
