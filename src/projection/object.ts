import type { Directory } from '../contract/directory.ts';
import { isObject, parseJson, sameJson } from '../shared/json.ts';

/** One object as APISIX reads it, without its times. */
export interface Projected {
  readonly directory: Directory;
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A place in APISIX's prefix and what belongs there; `null` = nothing. */
export type Projection =
  | Projected
  | { readonly directory: Directory; readonly id: string; readonly body: null };

/** Marks objects as ours, so that what others keep in the same prefix is left alone. */
export const MANAGED_BY = { 'managed-by': 'lockstep' } as const;

const asObject = (text: string): Record<string, unknown> | undefined => {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
};

/** What an object says, without the times that APISIX keeps in it. */
export const withoutTimes = ({
  create_time: _created,
  update_time: _updated,
  ...body
}: Readonly<Record<string, unknown>>): Record<string, unknown> => body;

/** Whether Lockstep wrote this object; defense directories are its own altogether. */
export const isManaged = (directory: Directory, text: string): boolean => {
  if (directory.startsWith('cdn_defense/')) return true;
  const labels = asObject(text)?.['labels'];
  return isObject(labels) && labels['managed-by'] === MANAGED_BY['managed-by'];
};

/**
 * The bytes to store, or `undefined` when what is stored already says the same: an unchanged object is not
 * rewritten, because each write under `/routes` makes every worker rebuild its router.
 * @param existing the stored text, if any
 * @param now_s seconds since the epoch, as APISIX keeps its times
 */
export const render = (
  projected: Projected,
  existing: string | undefined,
  now_s: number,
): string | undefined => {
  const stored = existing === undefined ? undefined : asObject(existing);
  if (stored && sameJson(withoutTimes(stored), projected.body)) return undefined;
  const { create_time } = stored ?? {};
  const created = typeof create_time === 'number' ? create_time : now_s;
  return JSON.stringify({ ...projected.body, create_time: created, update_time: now_s });
};
