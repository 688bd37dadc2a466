import { COMMAND_GATE, COMMAND_RULES } from './command-patterns.ts';
import type { Finding } from './finding.ts';
import { raise } from './finding.ts';
import type { Host } from './host.ts';

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}

/** The text as a shell reads its words: c'a't, c"a"t, c\at, c^md and c$@at are cat and cmd. */
function unquote(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 1; at + 1 < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 39 && code !== 34 && code !== 92 && code !== 94 && code !== 36) continue;
    let width = 1;
    if (code === 36) {
      const next = text.charCodeAt(at + 1);
      // $@ and $* are empty words.
      if (next !== 64 && next !== 42) continue;
      width = 2;
    } else if (text.charCodeAt(at + 1) === code && code !== 92) {
      width = 2;
    }
    if (at >= from && isLetter(text.charCodeAt(at - 1)) && isLetter(text.charCodeAt(at + width))) {
      parts.push(text.slice(from, at));
      from = at + width;
      at += width - 1;
    }
  }
  if (from === 0) return text;
  parts.push(text.slice(from));
  return parts.join('');
}

/** Command injection in lower-case text. */
export function judgeCommand(host: Host, text: string, finding: Finding): void {
  if (!host.match(COMMAND_GATE, text)) return;
  for (const rule of COMMAND_RULES) if (host.match(rule.pattern, text)) raise(finding, rule.id, rule.points);
  const plain = unquote(text);
  if (plain === text) return;
  for (const rule of COMMAND_RULES) if (host.match(rule.pattern, plain)) raise(finding, rule.id, rule.points);
}
