import type { Revision, Stamp } from '../shared/revision.ts';
import {
  AnswerTooLargeError,
  type ConfigStore,
  type KeyRange,
  type KeyValue,
  type RangePage,
} from './port.ts';

/** 2,000 keys a page keep one response in the low megabytes and let other work run between pages. */
const PAGE_KEYS = 2_000;

export interface Listing extends Stamp {
  readonly kvs: readonly KeyValue[];
}

interface PageOptions {
  readonly keysOnly?: boolean;
  readonly revision?: Revision;
}

/** Reads pages of as many keys as one answer of the store holds: of large values fewer. */
class Pages {
  private limit = PAGE_KEYS;
  private readonly store: ConfigStore;

  constructor(store: ConfigStore) {
    this.store = store;
  }

  async read(range: KeyRange, options: PageOptions): Promise<RangePage> {
    for (;;) {
      try {
        return await this.store.range(range, { ...options, limit: this.limit });
      } catch (error) {
        if (!(error instanceof AnswerTooLargeError) || this.limit === 1) throw error;
        this.limit = Math.ceil(this.limit / 4);
      }
    }
  }
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
  options: PageOptions = {},
): Promise<Listing> => {
  const pages = new Pages(store);
  const kvs: KeyValue[] = [];
  let stamp: Stamp | undefined;
  for (const prefix of prefixes) {
    let after: string | undefined;
    for (let more = true; more; ) {
      const page: RangePage = await pages.read(
        { prefix, ...(after === undefined ? {} : { after }) },
        { ...options, ...(stamp ? { revision: stamp.revision } : {}) },
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
