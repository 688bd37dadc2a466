import type { Directory } from '../contract/directory.ts';
import { sameJson } from '../shared/json.ts';

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
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** Whether Lockstep wrote this object; defense directories are its own altogether. */
export const isManaged = (directory: Directory, text: string): boolean => {
  if (directory.startsWith('cdn_defense/')) return true;
  const labels = asObject(text)?.['labels'];
  return (
    typeof labels === 'object' &&
    labels !== null &&
    'managed-by' in labels &&
    labels['managed-by'] === 'lockstep'
  );
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
  const { create_time, update_time: _update_time, ...rest } = stored ?? {};
  if (stored && sameJson(rest, projected.body)) return undefined;
  const created = typeof create_time === 'number' ? create_time : now_s;
  return JSON.stringify({ ...projected.body, create_time: created, update_time: now_s });
};
