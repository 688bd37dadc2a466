import { Refusal, pointerStep } from '../contract/errors.ts';

/** Deeper than any request needs; far from what would trouble a parser. */
const DEPTH_MAX = 32;

/** Longer than any field's name. Names stand in pointers, and each is looked up: both have to stay cheap. */
const NAME_CHARS_MAX = 256;

/** Names that mean something to JavaScript objects; no field is called so. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

interface Container {
  readonly kind: 'object' | 'array';
  readonly keys: Set<string>;
  key: string;
  index: number;
  expectsKey: boolean;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body strictly: valid UTF-8, bounded depth, each name once in its object. `#` to the end of a line
 * is a comment, because the examples that operators copy carry such remarks.
 * @throws Refusal invalid_utf8, nesting_too_deep, unknown_field, duplicate_field, forbidden_field, malformed_json
 * @returns `undefined` for an empty body
 */
export const parseBody = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new Refusal('invalid_utf8', { cause });
  }
  const plain = scan(text);
  try {
    return JSON.parse(plain) as unknown;
  } catch (error) {
    // The engine's own message quotes the body, which may hold a private key.
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const reason =
      position === undefined
        ? { zh: '语法错误', en: 'syntax error' }
        : { zh: `第 ${position} 个字符处语法错误`, en: `syntax error at character ${position}` };
    throw new Refusal('malformed_json', { params: { reason } });
  }
};

const pointerOf = (stack: readonly Container[]): string =>
  stack.map((at) => pointerStep(at.kind === 'object' ? at.key : at.index)).join('');

/** Checks names and depth without building anything, and blanks comments. */
const scan = (text: string): string => {
  const stack: Container[] = [];
  let plain = '';
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      const end = endOfString(text, i);
      noteKey(stack, text.slice(i, end + 1));
      i = end;
    } else if (c === '#') {
      const end = text.indexOf('\n', i);
      plain += text.slice(copied, i);
      i = copied = end === -1 ? text.length : end;
    } else if (c !== undefined) {
      noteMark(stack, c);
    }
  }
  return copied === 0 ? text : plain + text.slice(copied);
};

const noteMark = (stack: Container[], c: string): void => {
  const top = stack.at(-1);
  if (c === '{' || c === '[') {
    if (stack.length >= DEPTH_MAX) {
      throw new Refusal('nesting_too_deep', { pointer: pointerOf(stack), params: { max: DEPTH_MAX } });
    }
    const kind = c === '{' ? 'object' : 'array';
    stack.push({ kind, keys: new Set(), key: '', index: 0, expectsKey: kind === 'object' });
  } else if (c === '}' || c === ']') {
    stack.pop();
  } else if (c === ',' && top) {
    top.index += 1;
    top.expectsKey = top.kind === 'object';
  }
};

const noteKey = (stack: Container[], token: string): void => {
  const top = stack.at(-1);
  if (!top?.expectsKey) return;
  top.expectsKey = false;
  const key = unquote(token);
  const refuse = (code: 'unknown_field' | 'forbidden_field' | 'duplicate_field', at: readonly Container[]) =>
    new Refusal(code, { pointer: pointerOf(at), params: { field: key.slice(0, 64) } });
  if (key.length > NAME_CHARS_MAX) throw refuse('unknown_field', stack.slice(0, -1));
  top.key = key;
  if (FORBIDDEN.has(key)) throw refuse('forbidden_field', stack);
  if (top.keys.has(key)) throw refuse('duplicate_field', stack);
  top.keys.add(key);
};

/** Index of the closing quote, or of the last character when there is none. */
const endOfString = (text: string, start: number): number => {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length - 1;
};

const unquote = (token: string): string => {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
};
