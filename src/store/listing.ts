import type { Revision, Stamp } from '../shared/revision.ts';
import type { ConfigStore, KeyValue, RangePage } from './port.ts';

/** 2,000 keys a page keep one response in the low megabytes and let other work run between pages. */
const PAGE_KEYS = 2_000;

export interface Listing extends Stamp {
  readonly kvs: readonly KeyValue[];
}

/**
 * Everything under some prefixes at one revision, page by page. Without `revision`, that of the first page's
 * answer.
 * @param options.revision read as of this revision
 * @throws StoreUnavailableError, or CompactedError when compaction overtakes the listing
 */
export const list = async (
  store: ConfigStore,
  prefixes: readonly string[],
  options: { keysOnly?: boolean; revision?: Revision } = {},
): Promise<Listing> => {
  const kvs: KeyValue[] = [];
  let stamp: Stamp | undefined;
  for (const prefix of prefixes) {
    let after: string | undefined;
    for (let more = true; more; ) {
      const page: RangePage = await store.range(
        { prefix, ...(after === undefined ? {} : { after }) },
        { ...options, limit: PAGE_KEYS, ...(stamp ? { revision: stamp.revision } : {}) },
      );
      stamp ??= { clusterId: page.clusterId, revision: options.revision ?? page.revision };
      kvs.push(...page.kvs);
      after = page.kvs.at(-1)?.key;
      more = page.more;
    }
  }
  if (!stamp) throw new RangeError('a listing needs a prefix');
  return { ...stamp, kvs };
};
