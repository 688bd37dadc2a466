import { keepRepairs } from '../api/repairs.ts';
import { keepDrift } from '../change/drift/drift-keeper.ts';
import { Leader } from '../fleet/leader.ts';
import type { Node } from '../api/node.ts';

/** One node of the fleet holds the store against itself. */
export const driftKeeper = (node: Node): Leader => {
  const { nodeId, changes, drift, log } = node;
  const { store, keys } = changes;
  return new Leader({
    store,
    key: keys.leader('drift'),
    nodeId,
    log,
    work: async (term) => {
      const onChecked: Parameters<typeof keepDrift>[1]['onChecked'] = (check) => {
        drift.lead(check.left);
        keepRepairs(node, check);
      };
      try {
        await keepDrift(changes, { nodeId, ...drift.settings, onChecked }, term);
      } finally {
        drift.lead([]);
      }
    },
  });
};
