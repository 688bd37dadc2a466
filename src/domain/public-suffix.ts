import { getPublicSuffix } from 'tldts';

/**
 * The public suffix that a wildcard would cover whole: `co.uk` of `*.co.uk`, `github.io` of `*.github.io`. What lies
 * directly beneath one belongs to strangers. A top-level domain that is on no list counts as one.
 * @param host canonical
 */
export const suffixUnder = (host: string): string | undefined => {
  if (!host.startsWith('*.')) return undefined;
  const base = host.slice(2);
  const options = { allowPrivateDomains: true, extractHostname: false, validateHostname: false };
  return getPublicSuffix(base, options) === base ? base : undefined;
};
