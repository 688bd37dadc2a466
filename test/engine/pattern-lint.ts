/**
 * Which patterns mean the same to RegExp (no flags) and to PCRE (`$` only at the very end) on byte strings, and take
 * linear time or nearly so. Everything else is refused, with the reason.
 */

const ESCAPES = /^\\(?:[trnf]|x[0-9a-f]{2}|[\\\][^$.*+?(){}|/-])/;

interface Atom {
  readonly text: string;
  readonly end: number;
}

const readSet = (pattern: string, from: number): Atom => {
  let at = from + 1;
  if (pattern[at] === '^') at++;
  if (pattern[at] === ']') throw new Error('"]" first in a set means two things');
  if (pattern.startsWith('[:', at) || pattern.startsWith('[=', at))
    throw new Error('POSIX sets are not in RegExp');
  while (at < pattern.length && pattern[at] !== ']') {
    if (pattern[at] === '\\') {
      const escape = ESCAPES.exec(pattern.slice(at));
      if (!escape) throw new Error(`escape ${pattern.slice(at, at + 2)} differs`);
      at += escape[0].length;
    } else {
      if (pattern[at] === '[') throw new Error('"[" in a set must be escaped');
      at++;
    }
  }
  if (at >= pattern.length) throw new Error('unclosed set');
  return { text: pattern.slice(from, at + 1), end: at + 1 };
};

const readAtom = (pattern: string, at: number): Atom => {
  const char = pattern[at] ?? '';
  if (char === '[') return readSet(pattern, at);
  if (char === '\\') {
    const escape = ESCAPES.exec(pattern.slice(at));
    if (!escape) throw new Error(`escape ${pattern.slice(at, at + 2)} differs`);
    return { text: escape[0], end: at + escape[0].length };
  }
  if (char === '.') throw new Error('"." means different line ends: use a set');
  if (char === '{' || char === '}' || char === ']') throw new Error(`bare "${char}": put it into a set`);
  return { text: char, end: at + 1 };
};

/** Throws with the reason when the pattern is outside the subset. */
export const lintPattern = (pattern: string): void => {
  if (/[^\x20-\x7e]/.test(pattern)) throw new Error('only printable ASCII: write bytes as \\xhh');
  let at = 0;
  let last: Atom | undefined;
  const groups: number[] = [];
  while (at < pattern.length) {
    const char = pattern[at] ?? '';
    if (char === '(') {
      if (!pattern.startsWith('(?:', at) && !pattern.startsWith('(?!', at))
        throw new Error('only (?: and (?! groups');
      groups.push(at);
      at += 3;
      last = undefined;
    } else if (char === ')') {
      const from = groups.pop();
      if (from === undefined) throw new Error('")" without "("');
      last = { text: pattern.slice(from, at + 1), end: at + 1 };
      at++;
    } else if (char === '*' || char === '+' || char === '?' || /^\{\d+(,\d*)?\}/.test(pattern.slice(at))) {
      if (!last) throw new Error(`nothing to repeat at ${at}`);
      const quantifier = char === '{' ? (/^\{[\d,]+\}/.exec(pattern.slice(at))?.[0] ?? '') : char;
      const unbounded = quantifier === '*' || quantifier === '+' || quantifier.endsWith(',}');
      if (unbounded && last.text.startsWith('('))
        throw new Error(`unbounded group ${last.text.slice(0, 40)}`);
      at += quantifier.length;
      if (pattern[at] === '?' || pattern[at] === '+')
        throw new Error('lazy and possessive quantifiers differ');
      if (unbounded && last.text.startsWith('[')) {
        throw new Error(`unbounded ${last.text}${quantifier}: bound it`);
      }
      last = undefined;
    } else if (char === '|' || char === '^' || char === '$') {
      last = undefined;
      at++;
    } else {
      last = readAtom(pattern, at);
      at = last.end;
    }
  }
  if (groups.length > 0) throw new Error('unclosed group');
};
