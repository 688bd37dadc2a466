import type { Stamp } from '../shared/revision.ts';
import {
  CompactedError,
  type ConfigStore,
  type StoreEvent,
  StoreRefusedError,
  type Step,
} from '../store/port.ts';

/**
 * Whether the store goes on from where a picture stands. A restored backup that has already grown past the picture takes
 * its watch as if nothing had happened, so the last write that came is looked up again: a store that has it no longer,
 * at that very revision, has another past.
 */
export class Continuity {
  private readonly store: Pick<ConfigStore, 'range'>;
  private witness: StoreEvent | undefined;
  private brokenAt: Stamp | undefined;

  constructor(store: Pick<ConfigStore, 'range'>) {
    this.store = store;
  }

  /** A step was applied. */
  applied({ events }: Step): void {
    this.witness = events.find((event) => event.type === 'put') ?? events[0];
  }

  /** The store itself has said that it does not go on from `at`. */
  denied(at: Stamp | undefined): void {
    this.brokenAt ??= at;
  }

  /**
   * A listing was read. @returns from where the store was rewound: a backup was restored, or it is another store;
   * `undefined` when it goes on from `before`
   */
  listed(before: Stamp | undefined, to: Stamp): Stamp | undefined {
    const { brokenAt } = this;
    this.brokenAt = undefined;
    this.witness = undefined;
    if (brokenAt || !before) return brokenAt;
    return before.clusterId !== to.clusterId || to.revision < before.revision ? before : undefined;
  }

  /**
   * Looks the last write up. @param at where the picture stands now
   * @returns false when only a listing can tell what there is
   * @throws StoreUnavailableError
   */
  async holds(at: Stamp | undefined): Promise<boolean> {
    const { witness } = this;
    if (!witness) return true;
    try {
      const { kvs } = await this.store.range({ key: witness.key }, { revision: witness.modRevision });
      const found = kvs[0];
      const same =
        witness.type === 'put'
          ? found?.modRevision === witness.modRevision && found.value === witness.value
          : found === undefined;
      if (!same) this.denied(at);
      return same;
    } catch (error) {
      // Compacted, or not reached yet: that past can't be looked at.
      if (error instanceof CompactedError || error instanceof StoreRefusedError) return false;
      throw error;
    }
  }
}
