/**
 * RFC 7396 merge patch for one level of fields: `null` takes a field away, everything else replaces it.
 * Values that are objects (a rate limit, a timeout) are whole values here, replaced and never mixed.
 */
export const mergePatch = <T extends object>(
  target: T,
  patch: { readonly [K in keyof T]?: T[K] | null },
): T => {
  const kept = Object.entries(target).filter(([name]) => !Object.hasOwn(patch, name));
  const set = Object.entries(patch).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries([...kept, ...set]) as T;
};
