/** The directories of APISIX's prefix that Lockstep writes. */
export const DIRECTORIES = [
  'routes',
  'ssls',
  'cdn_defense/tenants',
  'cdn_defense/policies',
  'cdn_defense/keyring',
] as const;
export type Directory = (typeof DIRECTORIES)[number];
