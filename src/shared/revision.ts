declare const revisionBrand: unique symbol;

/**
 * A revision of the store: etcd's global, strictly rising commit counter. Only comparable between
 * stamps of one `cluster_id`. Safe as a number below 2^53.
 */
export type Revision = number & { readonly [revisionBrand]: true };

export const revision = (value: number): Revision => {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a revision: ${value}`);
  return value as Revision;
};

export const NO_REVISION = revision(0);

/** Where in which store's history something stands. A restored backup changes `cluster_id` or rewinds. */
export interface Stamp {
  readonly clusterId: string;
  readonly revision: Revision;
}
