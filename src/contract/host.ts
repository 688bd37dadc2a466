import { parseUrl } from '../shared/url.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** A host name as it is stored: lower case, punycode. Ten labels are more than any real name has. */
export const CANONICAL_HOST = `(?:\\*\\.)?${LABEL}(?:\\.${LABEL}){0,9}`;

const canonical = new RegExp(`^(?=.{1,253}$)${CANONICAL_HOST}$`);

/** Letters, digits and marks of any script, what IDNA allows beside them, and the full stops it takes for dots. */
const NAME = /^[\p{L}\p{N}\p{M}\-\u00b7\u0375\u05f3\u05f4\u30fb.\u3002\uff0e\uff61]+$/u;

const ASCII = /^[\x21-\x7e]*$/;
const IPV4 = /^\d+(?:\.\d+){3}$/;

/**
 * A host name in the one form in which it is stored, compared and claimed, whatever way it was written: capitals,
 * other scripts (IDNA, as browsers map them) or punycode, a dot at the end. `undefined` for what names no host.
 */
export const canonicalHost = (given: string): string | undefined => {
  const wildcard = given.startsWith('*.');
  const name = wildcard ? given.slice(2) : given;
  if (!NAME.test(name)) return undefined;
  const ascii = ASCII.test(name);
  const idn = !ascii || /(?:^|\.)xn--/i.test(name);
  const plain = idn ? parseUrl(`http://${name}/`)?.hostname : name.toLowerCase();
  // Full-width digits are an address to URL parsers; nobody means that by a host name.
  if (plain === undefined || (!ascii && IPV4.test(plain))) return undefined;
  const host = `${wildcard ? '*.' : ''}${plain.replace(/\.$/, '')}`;
  return canonical.test(host) ? host : undefined;
};
