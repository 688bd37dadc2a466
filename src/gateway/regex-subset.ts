import { toBytes } from './uri.ts';

/**
 * PCRE patterns as `RegExp`, for the part of PCRE where both mean the same: literals, escaped punctuation, `.`,
 * `^`, `$`, groups, alternatives, greedy and lazy quantifiers, plain classes, `\d`, `\w`, `\s`. Where they differ
 * (`.` and line separators, `$` before a last newline, `\s`) the pattern is rewritten; anything else is refused.
 */
const TOKENS: readonly (readonly [RegExp, (text: string) => string | undefined])[] = [
  [/^\\[dDwW]/, (text) => text],
  [/^\\s/, () => '[\\t\\n\\v\\f\\r ]'],
  [/^\\S/, () => '[^\\t\\n\\v\\f\\r ]'],
  [/^\\[^a-zA-Z0-9]/, (text) => text],
  [/^\[\^?(?:\\[dw]|\\[^a-zA-Z0-9]|[^\\[\]])+\]/, (text) => (/^\[\^?\]/.test(text) ? undefined : text)],
  [/^\((?:\?:)?(?!\?|\*)/, (text) => text],
  [/^[)|^]/, (text) => text],
  [/^\$/, () => '(?=\\n?(?![^]))'],
  [/^\./, () => '[^\\n]'],
  [/^(?:[*+?]|\{\d+(?:,\d*)?\})\??(?![+*?])/, (text) => text],
  [/^[^\\[\](){}*+?.|^$]/, (text) => text],
];

/** @returns `undefined` for a pattern that is broken or outside the subset */
export const compilePattern = (pattern: string): RegExp | undefined => {
  let source = '';
  for (let rest = toBytes(pattern); rest !== ''; ) {
    const token = TOKENS.find(([form]) => form.test(rest));
    const text = token?.[0].exec(rest)?.[0];
    const translated = text === undefined ? undefined : token?.[1](text);
    if (text === undefined || translated === undefined) return undefined;
    source += translated;
    rest = rest.slice(text.length);
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
