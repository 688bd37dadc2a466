import { toBytes } from '../request/uri.ts';

/**
 * How lua-resty-radixtree reads one of a route's uris (APISIX calls it with `no_param_match`). Without `*` it is
 * compared whole, `:name` included. With one, what stands before the first `*` is looked up as a prefix, and when
 * a segment begins with `*` or `:` a regular expression over the whole path must hold as well.
 */
export type UriPattern =
  | { readonly kind: 'exact'; readonly path: string }
  | {
      readonly kind: 'prefix';
      readonly prefix: string;
      /** The uri as written: among routes of one prefix and priority the longer one is asked first. */
      readonly written: string;
      readonly accepts: ((path: string) => boolean) | undefined;
    }
  /** APISIX loads it, and no request ever matches it. */
  | { readonly kind: 'never'; readonly written: string; readonly reason: string };

/** Characters of a literal segment that PCRE takes as themselves. `.` is one of its own and meant as "any". */
const INERT = /^[^\\^$|?*+()[\]{}]*$/;

const segmentSource = (segment: string): string | undefined => {
  if (segment.startsWith(':')) return '([^/]+)';
  if (segment.startsWith('*')) return '([^]*)';
  return INERT.test(segment) ? segment.replaceAll('.', '[^\\n]').replaceAll('/', '\\/') : undefined;
};

/** The segments as ngx.re.split leaves them: without empty ones at the end. */
const segmentsOf = (path: string): string[] => {
  const segments = path.split('/');
  while (segments.at(-1) === '') segments.pop();
  return segments;
};

const isParameter = (segment: string): boolean => segment.startsWith(':') || segment.startsWith('*');

const prefixPattern = (path: string, star: number): UriPattern => {
  const prefix = path.slice(0, star);
  const segments = segmentsOf(path);
  if (!segments.some(isParameter)) return { kind: 'prefix', prefix, written: path, accepts: undefined };
  const sources = segments.map(segmentSource);
  if (sources.includes(undefined)) {
    // The radix tree wants these characters literally and the expression reads them as operators.
    const reason = 'APISIX reads a prefix uri as a regular expression, and this one never matches itself';
    return { kind: 'never', written: path, reason };
  }
  // `/a/*` is by far the most common, and its prefix alone decides.
  const onlyLast = segments.findIndex(isParameter) === segments.length - 1 && !path.endsWith('/');
  if (onlyLast && segments.at(-1)?.startsWith('*')) {
    return { kind: 'prefix', prefix, written: path, accepts: undefined };
  }
  const expression = new RegExp(sources.join('\\/') + (path.endsWith('/') ? '\\/' : ''));
  const accepts = (uri: string): boolean => expression.exec(uri)?.[0] === uri;
  return { kind: 'prefix', prefix, written: path, accepts };
};

/** Reads one of a route's uris. Never fails: what can't match says so. */
export const parseUriPattern = (uri: string): UriPattern => {
  const path = toBytes(uri);
  const star = path.indexOf('*');
  if (star === 0) return prefixPattern(path, star);
  if (!path.startsWith('/')) return { kind: 'never', written: path, reason: 'it does not start with "/"' };
  return star < 0 ? { kind: 'exact', path } : prefixPattern(path, star);
};
