/**
 * Request targets as nginx reads them. Paths are byte strings here: one character is one byte (latin1), because
 * that is what nginx, the router and PCRE compare.
 */

/** Text from a configuration object as the bytes that a request would carry. */
export const toBytes = (text: string): string =>
  /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');

export interface Target {
  /** The bytes the client sent, query included; what the upstream gets unless the route rewrites. */
  readonly raw: string;
  /** nginx's `$uri`: percent-decoded, slashes merged, dot segments resolved, no query. Starts with `/`. */
  readonly uri: string;
  /** nginx's `$args`: everything behind the first `?`, as sent. */
  readonly args: string;
}

/** Absolute-form, `*`, fragments, controls and blanks: nginx refuses most, and none is needed by a browser. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e\x80-\xff]*$/;

/**
 * `..;x` is a plain name to nginx and the parent folder to a servlet container, so a route's prefix would not
 * hold there. APISIX refuses it under `normalize_uri_like_servlet`; here it is always refused.
 */
const DOTS_WITH_PARAMETER = /(?:^|\/)\.{1,2};/;

const HEX_PAIR = /^[0-9a-fA-F]{2}$/;

/** Every `%XX` decoded; `undefined` for a broken escape or a NUL, which nginx answers with 400. */
const percentDecode = (path: string): string | undefined => {
  let decoded = '';
  let from = 0;
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', from)) {
    const hex = path.slice(at + 1, at + 3);
    if (!HEX_PAIR.test(hex) || hex === '00') return undefined;
    decoded += path.slice(from, at) + String.fromCharCode(Number.parseInt(hex, 16));
    from = at + 3;
  }
  return decoded + path.slice(from);
};

/** Merges slashes and resolves dot segments; `undefined` when they lead above the root. */
const resolveDots = (path: string): string | undefined => {
  const segments = path.split('/');
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.pop() === undefined) return undefined;
  }
  const last = segments.at(-1);
  const isFolder = last === '' || last === '.' || last === '..';
  return `/${kept.join('/')}${isFolder && kept.length > 0 ? '/' : ''}`;
};

/**
 * Reads a request target. nginx decodes before it resolves, so `%2f` separates and `%2e%2e` climbs; `%3f` stays a
 * character of the path.
 * @returns `undefined` when it is to be answered with 400
 */
export const parseTarget = (raw: string): Target | undefined => {
  if (!ORIGIN_FORM.test(raw)) return undefined;
  const mark = raw.indexOf('?');
  const path = mark < 0 ? raw : raw.slice(0, mark);
  const decoded = path.includes('%') ? percentDecode(path) : path;
  if (decoded === undefined) return undefined;
  const uri = decoded.includes('//') || decoded.includes('/.') ? resolveDots(decoded) : decoded;
  if (uri === undefined || DOTS_WITH_PARAMETER.test(uri)) return undefined;
  return { raw, uri, args: mark < 0 ? '' : raw.slice(mark + 1) };
};

const escapeByte = (byte: string): string =>
  `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** nginx's `NGX_ESCAPE_URI`, which APISIX applies to a rewritten path. */
export const escapeUri = (uri: string): string =>
  uri.replace(/[\x00-\x20"#%<>?\\^`{|}\x7f-\xff]/g, escapeByte);

/** Control bytes only: for a query part whose `?`, `=` and `&` are meant. */
export const escapeControls = (text: string): string => text.replace(/[\x00-\x1f\x7f]/g, escapeByte);
