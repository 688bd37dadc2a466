import type { HistoryEntry, Kind } from '../../contract/record.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import type { Revision } from '../../shared/revision.ts';
import { list } from '../../store/listing.ts';
import type { ChangeRoom } from '../context.ts';

/**
 * The newest history entry of an object, deleted or not; `undefined` without any.
 * @param revision as of then; absent: now
 * @throws StoreUnavailableError | CompactedError
 */
export const newestEntry = async (
  { store, keys }: Pick<ChangeRoom, 'store' | 'keys'>,
  kind: Kind,
  id: string,
  revision?: Revision,
): Promise<HistoryEntry | undefined> => {
  const at = revision === undefined ? {} : { revision };
  const { kvs } = await list(store, [keys.historyOf(kind, id)], { keysOnly: true, ...at });
  const versions = kvs
    .map((kv) => keys.parse(kv.key))
    .map((place) => (place?.family === 'versions' ? place.version : 0));
  if (versions.length === 0) return undefined;
  const page = await store.range({ key: keys.history(kind, id, Math.max(...versions)) }, at);
  const entry = parseJson(page.kvs[0]?.value ?? '');
  return isObject(entry) ? (entry as unknown as HistoryEntry) : undefined;
};
