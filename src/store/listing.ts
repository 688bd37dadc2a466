import type { Stamp } from '../shared/revision.ts';
import type { ConfigStore, KeyValue } from './port.ts';

/** 2,000 keys a page keep one response in the low megabytes and let other work run between pages. */
const PAGE_KEYS = 2_000;

export interface Listing extends Stamp {
  readonly kvs: readonly KeyValue[];
}

/**
 * Everything under a prefix at one revision, page by page.
 * @throws StoreUnavailableError, or CompactedError when compaction overtakes the listing
 */
export const list = async (
  store: ConfigStore,
  prefix: string,
  options: { keysOnly?: boolean } = {},
): Promise<Listing> => {
  const first = await store.range({ prefix }, { ...options, limit: PAGE_KEYS });
  const kvs = [...first.kvs];
  let more = first.more;
  while (more) {
    const after = kvs.at(-1)?.key ?? prefix;
    const page = await store.range(
      { prefix, after },
      { ...options, limit: PAGE_KEYS, revision: first.revision },
    );
    kvs.push(...page.kvs);
    more = page.more;
  }
  return { clusterId: first.clusterId, revision: first.revision, kvs };
};
