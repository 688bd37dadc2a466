import { readExpression } from './sql-expression.ts';
import type { Host } from '../host.ts';
import { SQL_CATALOGUE, SQL_DANGLING, SQL_LITERALS, SQL_SHAPES, SQL_STATEMENTS } from './sql-patterns.ts';
import { tokeniseSql } from './sql-tokens.ts';
import type { Finding } from './finding.ts';
import { raise } from './finding.ts';
import type { Place } from '../signal.ts';

/** A value that closes the quote it was put into and goes on as SQL. */
function judgeBreakout(host: Host, tokens: string): number {
  const found = readExpression(tokens);
  // "#" begins a comment in one dialect and a number in prose.
  const hash = tokens.slice(tokens.length - 1) === 'h';
  if (found.attack_calls > 0 && found.logical + found.comparisons + found.arithmetic > 0) return 90;
  if (found.subselects > 0) return 90;
  if (host.match(SQL_DANGLING, tokens)) return 70;
  if (!found.valid) return 0;
  if (found.tautologies > 0) return 90;
  const asks = found.comparisons + found.likenesses + found.calls;
  if (found.logical > 0 && asks > 0) return found.end === 'open' ? 70 : 85;
  if (found.end === 'open' || found.end === 'broken') return 0;
  // `black" and "white` is a search; an injection compares, calls, comments or closes something.
  if (found.logical > 0) return found.end === 'comment' ? 85 : found.closes + found.arithmetic > 0 ? 75 : 55;
  if (found.comparisons > 0 || (found.likenesses > 0 && found.arithmetic > 0)) return 75;
  if (found.end === 'comment') return found.closes + found.arithmetic > 0 ? (hash ? 40 : 75) : 40;
  // Sums of names and dashes are prose; products and powers are not.
  return found.arithmetic > 1 && tokens.indexOf('o') >= 0 ? 70 : found.arithmetic > 0 ? 55 : 0;
}

/** A value put where a number or a name stands. */
function judgeContinuation(host: Host, text: string, tokens: string): number {
  const found = readExpression(tokens);
  if (found.attack_calls > 0 && found.logical + found.comparisons + found.arithmetic > 0) return 80;
  if (found.subselects > 0) return 80;
  if (!found.valid) return 0;
  if (found.tautologies > 0) return 85;
  if (found.logical > 0 && found.end === 'comment') return 75;
  if (found.closes > 0 && found.logical > 0 && found.comparisons > 0) return 70;
  // Two literals compared, and nothing else; "4 < 9" is a sum at school.
  if (
    (tokens.indexOf('C') < 0 || text.indexOf('=') >= 0) &&
    found.comparisons + found.likenesses === 1 &&
    found.arithmetic === 0 &&
    tokens.length < 6 &&
    host.match(SQL_LITERALS, tokens)
  )
    return 70;
  return 0;
}

/** `searched`: the text is what somebody searched for before; a whole statement in there is a question about SQL. */
function judgeShapes(host: Host, tokens: string, searched: boolean, finding: Finding): void {
  for (const rule of SQL_SHAPES) {
    if (searched && (rule.id === 'sql_select' || rule.id === 'sql_filter')) continue;
    if (host.match(rule.pattern, tokens)) raise(finding, rule.id, rule.points);
  }
}

function judgeQuoted(host: Host, text: string, quote: number, finding: Finding): void {
  const tokens = tokeniseSql(text, quote);
  judgeShapes(host, tokens, false, finding);
  const points = judgeBreakout(host, tokens);
  if (points > 0) raise(finding, 'sql_breakout', points);
}

function isOutside(code: number): boolean {
  // Blanks, and what stands around a word in a sentence.
  return code <= 32 || code === 40 || code === 41 || code === 44 || code === 46 || code === 58 || code === 59;
}

/** Whether all backticks are those of prose that quotes code: in pairs, each tight around what it quotes, blanks around it. */
function marksCode(text: string): boolean {
  let open = text.indexOf('`');
  while (open >= 0) {
    const close = text.indexOf('`', open + 1);
    if (close <= open + 1) return false;
    if (open > 0 && !isOutside(text.charCodeAt(open - 1))) return false;
    if (close + 1 < text.length && !isOutside(text.charCodeAt(close + 1))) return false;
    if (text.charCodeAt(open + 1) <= 32 || text.charCodeAt(close - 1) <= 32) return false;
    open = text.indexOf('`', close + 1);
  }
  return true;
}

function judgePlainSql(host: Host, text: string, searched: boolean, finding: Finding): void {
  const tokens = tokeniseSql(text, 0);
  judgeShapes(host, tokens, searched, finding);
  const points = judgeContinuation(host, text, tokens);
  if (points > 0) raise(finding, 'sql_condition', points);
  // A run of quotes is typing, not syntax.
  if (text.indexOf("''''") < 0 && text.indexOf("'") >= 0) judgeQuoted(host, text, 39, finding);
  if (text.indexOf('""""') < 0 && text.indexOf('"') >= 0) judgeQuoted(host, text, 34, finding);
  if (text.indexOf('```') < 0 && text.indexOf('`') >= 0 && !marksCode(text))
    judgeQuoted(host, text, 96, finding);
  judgeStatements(host, text, finding);
}

/** `\\'` as `'`: quotes that were escaped once more on their way end a text all the same. */
function withoutEscapes(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let at = text.indexOf('\\');
  while (at >= 0) {
    const next = text.charCodeAt(at + 1);
    if (next === 34 || next === 39) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    at = text.indexOf('\\', at + 1);
  }
  if (from === 0) return text;
  parts.push(text.slice(from));
  return parts.join('');
}

/** SQL injection in lower-case text, also where a further program would undo the escapes of its quotes. */
export function judgeSql(host: Host, text: string, place: Place, finding: Finding): void {
  const searched = place === 'referer';
  judgePlainSql(host, text, searched, finding);
  const bare = withoutEscapes(text);
  if (bare !== text) judgePlainSql(host, bare, searched, finding);
}

/** Statements and system names in lower-case text, without regard to what stands around them. */
export function judgeStatements(host: Host, text: string, finding: Finding): void {
  for (const rule of SQL_STATEMENTS) if (host.match(rule.pattern, text)) raise(finding, rule.id, rule.points);
  for (const rule of SQL_CATALOGUE) if (host.match(rule.pattern, text)) raise(finding, rule.id, rule.points);
}
