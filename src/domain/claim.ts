/**
 * Claims: who owns which host, and which path of routes without host. Places form a tree (host labels from
 * the top-level domain down, path segments from the root); a wildcard covers everything strictly beneath its
 * place. Two claims overlap when they name the same place or one covers the other; only claims of one
 * tenant may overlap.
 */
export interface ClaimPlace {
  readonly space: 'hosts' | 'paths';
  readonly labels: readonly string[];
  readonly wildcard: boolean;
  /** As the caller wrote it, for messages. */
  readonly shown: string;
}

export const hostPlace = (domain: string): ClaimPlace => {
  const wildcard = domain.startsWith('*.');
  const labels = (wildcard ? domain.slice(2) : domain).split('.').reverse();
  return { space: 'hosts', labels, wildcard, shown: domain };
};

/** A prefix path also serves its own base, so it claims two places. */
const pathPlaces = (path: string): ClaimPlace[] => {
  const prefix = path.endsWith('/*');
  const base = prefix ? path.slice(0, -2) : path;
  const labels = base === '' || base === '/' ? [] : base.slice(1).split('/');
  const at = { space: 'paths', labels, shown: path } as const;
  return prefix
    ? [
        { ...at, wildcard: false },
        { ...at, wildcard: true },
      ]
    : [{ ...at, wildcard: false }];
};

/**
 * Who may have routes without hosts: they answer on every host, so beside other tenants they would get what these
 * tenants' routes leave over. `sole-tenant`: whoever is alone in the fleet, until there is a second.
 */
export const HOSTLESS_ROUTES = ['refuse', 'sole-tenant', 'allow'] as const;
export type HostlessRoutes = (typeof HOSTLESS_ROUTES)[number];

/** What a route claims: its hosts, or without hosts its path on every host nobody claims. */
export const routeClaims = (route: {
  readonly path: string;
  readonly hosts?: readonly string[];
}): ClaimPlace[] =>
  route.hosts && route.hosts.length > 0 ? route.hosts.map(hostPlace) : pathPlaces(route.path);

/** The places above whose wildcards cover this one. */
export const ancestors = (place: ClaimPlace): ClaimPlace[] =>
  place.labels.map((_, depth) => ({ ...place, labels: place.labels.slice(0, depth), wildcard: true }));

export const samePlace = (a: ClaimPlace, b: ClaimPlace): boolean =>
  a.space === b.space &&
  a.wildcard === b.wildcard &&
  a.labels.length === b.labels.length &&
  a.labels.every((label, i) => label === b.labels[i]);
