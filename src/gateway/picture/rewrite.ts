import { type Template, compilePattern, compileTemplate, fill } from './regex-subset.ts';
import type { Reading } from '../stored/reading.ts';
import { type Target, escapeControls, escapeUri } from '../request/uri.ts';

interface Substitution {
  readonly pattern: RegExp;
  readonly template: Template;
}

/** APISIX's `proxy-rewrite`, of which `regex_uri` is served. */
export interface Rewrite {
  readonly substitutions: readonly Substitution[];
}

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Reads the plugin's configuration. */
export const readRewrite = (conf: Readonly<Record<string, unknown>>): Reading<Rewrite> => {
  const { regex_uri: pairs, use_real_request_uri_unsafe: unsafe, ...others } = conf;
  if (pairs !== undefined && (!isStrings(pairs) || pairs.length < 2 || pairs.length % 2 !== 0)) {
    return { kind: 'rejected', reason: 'proxy-rewrite: regex_uri is a list of patterns and replacements' };
  }
  if (Object.keys(conf).length === 0) {
    return { kind: 'rejected', reason: 'proxy-rewrite: it is empty' };
  }
  const further = Object.keys(others)[0];
  const refusal =
    further !== undefined
      ? `proxy-rewrite.${further.slice(0, 64)} is not served by the embedded gateway`
      : unsafe === true
        ? 'proxy-rewrite.use_real_request_uri_unsafe is not served by the embedded gateway'
        : undefined;
  const substitutions: Substitution[] = [];
  for (let i = 0; pairs !== undefined && i < pairs.length; i += 2) {
    const template = compileTemplate(pairs[i + 1] ?? '');
    if (!template) return { kind: 'rejected', reason: 'proxy-rewrite: a replacement is not valid' };
    const pattern = compilePattern(pairs[i] ?? '');
    if (!pattern) {
      const reason = 'proxy-rewrite: a pattern is broken or outside what the embedded gateway reads';
      return { kind: 'loaded', value: { substitutions: [] }, refusal: reason };
    }
    substitutions.push({ pattern, template });
  }
  return { kind: 'loaded', value: { substitutions }, refusal };
};

/**
 * The request target for the upstream: the first pattern that matches `$uri` replaces what it matched; the result
 * is escaped anew, the query follows. A `?` in the result separates a query only when the client's path held none.
 * @returns `undefined` when it is no path, which APISIX answers with 500
 */
export const applyRewrite = (rewrite: Rewrite, { uri, args }: Target): string | undefined => {
  let path = uri;
  for (const { pattern, template } of rewrite.substitutions) {
    const match = pattern.exec(uri);
    if (!match) continue;
    path = uri.slice(0, match.index) + fill(template, match) + uri.slice(match.index + match[0].length);
    break;
  }
  if (!path.startsWith('/')) return undefined;
  const mark = uri.includes('?') ? -1 : path.indexOf('?');
  const escaped =
    mark < 0 ? escapeUri(path) : escapeUri(path.slice(0, mark)) + escapeControls(path.slice(mark));
  return args === '' ? escaped : `${escaped}${mark < 0 ? '?' : '&'}${args}`;
};
