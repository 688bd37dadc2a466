import type { UpstreamNode } from './upstream.ts';

/**
 * Smooth weighted round robin, nginx's: each pick adds every node's weight to its credit and takes the richest,
 * which pays the sum. Picks of one node spread evenly instead of coming in runs.
 */
export class Balancer {
  private readonly nodes: readonly UpstreamNode[];
  private readonly credit: number[];

  constructor(nodes: readonly UpstreamNode[]) {
    // A lone node is used whatever its weight, as APISIX does.
    this.nodes = nodes.length === 1 ? nodes.map((node) => ({ ...node, weight: 1 })) : nodes;
    this.credit = nodes.map(() => 0);
  }

  /** The next node that is not among `tried`; when none is left, `undefined`. A lone node may be tried again. */
  pick(tried: ReadonlySet<UpstreamNode>): UpstreamNode | undefined {
    let best = -1;
    let total = 0;
    for (const [i, node] of this.nodes.entries()) {
      if (node.weight === 0 || (tried.has(node) && this.nodes.length > 1)) continue;
      const credit = (this.credit[i] ?? 0) + node.weight;
      this.credit[i] = credit;
      total += node.weight;
      if (best < 0 || credit > (this.credit[best] ?? 0)) best = i;
    }
    if (best < 0) return undefined;
    this.credit[best] = (this.credit[best] ?? 0) - total;
    return this.nodes[best];
  }
}
