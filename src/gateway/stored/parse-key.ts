/** Reads a key of APISIX's prefix; `undefined` for placeholders and for what stands in no directory of APISIX. */
export type ParseKey = (key: string) => { readonly directory: string; readonly id: string } | undefined;
