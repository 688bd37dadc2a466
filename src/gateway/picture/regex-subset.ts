import { toBytes } from '../request/uri.ts';

/**
 * PCRE patterns as `RegExp`, for the part of PCRE where both mean the same: literals, escaped punctuation, `.`,
 * `^`, `$`, groups, alternatives, greedy and lazy quantifiers, plain classes, `\d`, `\w`, `\s`. Where they differ
 * (`.` and line separators, `$` before a last newline, `\s`) the pattern is rewritten; anything else is refused.
 */
const TOKENS: readonly (readonly [RegExp, (text: string) => string | undefined])[] = [
  [/[^\\[\](){}*+?.|^$]+/y, (text) => text],
  [/\\[^a-zA-Z0-9]/y, (text) => text],
  [/\\[dDwW]/y, (text) => text],
  [/\\s/y, () => '[\\t\\n\\v\\f\\r ]'],
  [/\\S/y, () => '[^\\t\\n\\v\\f\\r ]'],
  [/\[\^?(?:\\[dw]|\\[^a-zA-Z0-9]|[^\\[\]])+\]/y, (text) => (/^\[\^?\]/.test(text) ? undefined : text)],
  [/\((?:\?:)?(?!\?|\*)/y, (text) => text],
  [/[)|^]/y, (text) => text],
  [/\$/y, () => '(?=\\n?(?![^]))'],
  [/\./y, () => '[^\\n]'],
  [/(?:[*+?]|\{\d+(?:,\d*)?\})\??(?![+*?])/y, (text) => text],
];

/** The first token at `from` and what it becomes. */
const tokenAt = (pattern: string, from: number): { end: number; source: string } | undefined => {
  for (const [form, translate] of TOKENS) {
    form.lastIndex = from;
    const text = form.exec(pattern)?.[0];
    if (text === undefined) continue;
    const source = translate(text);
    return source === undefined ? undefined : { end: from + text.length, source };
  }
  return undefined;
};

/** @returns `undefined` for a pattern that is broken or outside the subset */
export const compilePattern = (pattern: string): RegExp | undefined => {
  const bytes = toBytes(pattern);
  let source = '';
  for (let from = 0; from < bytes.length; ) {
    const token = tokenAt(bytes, from);
    if (!token) return undefined;
    source += token.source;
    from = token.end;
  }
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
};

/** A replacement as ngx.re.sub reads it: `$n`, `${n}`, `$$`; names are not known. */
export type Template = readonly (string | number)[];

/** @returns `undefined` when ngx.re.sub would refuse it */
export const compileTemplate = (text: string): Template | undefined => {
  const parts: (string | number)[] = [];
  let rest = toBytes(text);
  while (rest !== '') {
    const [all, literal, digits, braced] = /^(?:([^$]+|\$\$)|\$(\d{1,3})|\$\{(\d{1,3})\})/.exec(rest) ?? [];
    if (all === undefined) return undefined;
    if (literal !== undefined) parts.push(literal === '$$' ? '$' : literal);
    else parts.push(Number(digits ?? braced));
    rest = rest.slice(all.length);
  }
  return parts;
};

export const fill = (template: Template, groups: readonly (string | undefined)[]): string =>
  template.map((part) => (typeof part === 'string' ? part : (groups[part] ?? ''))).join('');
