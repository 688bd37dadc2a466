import { type NodeCache, type Snapshot, appliedBy } from '../reflector/cache.ts';
import type { Reflector } from '../reflector/reflector.ts';
import type { Revision } from '../shared/revision.ts';

/** A node as its receipt and this node's cache show it. */
export interface NodeView {
  readonly node_id: string;
  /** The newest change it has said it applied. */
  readonly revision: number;
  /** Revisions of changes are not consecutive, so this tells who is behind, not by how many changes. */
  readonly behind: number;
  readonly reported_at: string;
  readonly version: string;
}

/** Whether changes have reached the nodes, by what the nodes themselves say. */
export class Convergence {
  private readonly cache: NodeCache;
  private readonly reflector: Reflector;
  private readonly ownId: string;

  constructor(cache: NodeCache, reflector: Reflector, ownId: string) {
    this.cache = cache;
    this.reflector = reflector;
    this.ownId = ownId;
  }

  /** Live nodes: those whose lease the store still holds. */
  nodes(): NodeView[] {
    const snapshot = this.cache.snapshot();
    if (!snapshot) return [];
    return [...snapshot.nodes.values()]
      .map(({ value }) => ({
        node_id: value.node_id,
        revision: reported(snapshot, value.node_id),
        behind: Math.max(0, snapshot.changed - reported(snapshot, value.node_id)),
        reported_at: value.at,
        version: value.version,
      }))
      .sort((a, b) => (a.node_id < b.node_id ? -1 : 1));
  }

  /** Live nodes that have not said they have this revision. This node counts as live even unreported. */
  pending(revision: Revision): string[] {
    const snapshot = this.cache.snapshot();
    if (!snapshot) return [this.ownId];
    const ids = new Set([this.ownId, ...snapshot.nodes.keys()]);
    return [...ids].filter((id) => reported(snapshot, id) < revision).sort();
  }

  /** Waits until every live node has reported the revision. @returns who has not, after `timeout_ms` */
  async settled(revision: Revision, timeout_ms: number, gone?: AbortSignal): Promise<string[]> {
    await this.reflector.until(() => this.pending(revision).length === 0, timeout_ms, gone);
    return this.pending(revision);
  }
}

/** A receipt of another cluster, or from before a restore, counts for nothing. */
const reported = (snapshot: Snapshot, id: string): number => {
  const cached = snapshot.nodes.get(id);
  const receipt = cached?.value;
  if (!receipt || receipt.cluster_id !== snapshot.stamp.clusterId) return 0;
  // Nobody can have applied what had not been written yet: that receipt is of a history that a restore has undone.
  if (receipt.revision >= cached.revision) return 0;
  // A receipt above our own revision is either news we have not read yet or a leftover of a rewound store.
  return receipt.revision <= Math.max(snapshot.stamp.revision, appliedBy(snapshot)) ? receipt.revision : 0;
};
