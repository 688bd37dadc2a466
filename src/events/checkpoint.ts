import { isObject, parseJson } from '../shared/json.ts';
import { type Stamp, revision as toRevision } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore, Guard } from '../store/port.ts';

/**
 * How far publishing has got, kept in the store so that the next leader goes on from there. Only the leader whose term
 * lasts can move it.
 */
export class Checkpoint {
  private readonly store: ConfigStore;
  private readonly key: string;
  private readonly fence: Guard;

  constructor(store: ConfigStore, keys: Keyspace, fence: Guard) {
    this.store = store;
    this.key = keys.checkpoint('events');
    this.fence = fence;
  }

  /** @returns what is kept, and where the store is now. @throws StoreUnavailableError */
  async load(): Promise<{ readonly checkpoint: Stamp | undefined; readonly now: Stamp }> {
    const { clusterId, revision, kvs } = await this.store.range({ key: this.key });
    return { checkpoint: kvs[0] && stampOf(kvs[0].value), now: { clusterId, revision } };
  }

  /** @returns false when the term is over. @throws StoreUnavailableError | OutcomeUnknownError */
  async save({ clusterId, revision }: Stamp): Promise<boolean> {
    const value = JSON.stringify({ cluster_id: clusterId, revision });
    const puts = [{ key: this.key, value }];
    return (await this.store.transact({ guards: [this.fence], puts, deletes: [] })).committed;
  }
}

const stampOf = (text: string): Stamp | undefined => {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const { cluster_id, revision } = value;
  if (typeof cluster_id !== 'string' || !Number.isSafeInteger(revision) || Number(revision) < 0)
    return undefined;
  return { clusterId: cluster_id, revision: toRevision(Number(revision)) };
};
