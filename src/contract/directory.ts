/** The directories of APISIX's prefix that Lockstep writes. */
export const DIRECTORIES = [
  'routes',
  'ssls',
  'cdn_defense/tenants',
  'cdn_defense/policies',
  'cdn_defense/keyring',
] as const;
export type Directory = (typeof DIRECTORIES)[number];

/** The object at a place, as a key of maps. */
export const placeOf = ({ directory, id }: { readonly directory: string; readonly id: string }): string =>
  `${directory}\n${id}`;

/** One object of the projection that a transaction really wrote; what said the same already is not written. */
export interface ProjectedWrite {
  readonly directory: Directory;
  readonly id: string;
  readonly op: 'put' | 'delete';
}
