import type { DriftCheck } from '../change/drift/drift.ts';
import type { Node } from './node.ts';

const REPAIRS_KEPT = 100;

/** Remembers what a look of this node repaired, for `/sync-status` and metrics. */
export const keepRepairs = (node: Node, check: DriftCheck): void => {
  node.drift.note(check);
  node.repairs.push(...check.repairs);
  node.repairs.splice(0, Math.max(0, node.repairs.length - REPAIRS_KEPT));
};
