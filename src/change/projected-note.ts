import type { ProjectedWrite } from '../contract/directory.ts';
import type { RepairNote } from '../contract/record.ts';
import type { Put } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';

/** Tells the nodes, which watch the source only, what a transaction without history writes for the gateways. */
export const projectedNote = (
  { keys, clock }: Pick<ChangeRoom, 'keys' | 'clock'>,
  projected: ProjectedWrite[],
): Put => {
  const note: RepairNote = { projected, at: new Date(clock.now()).toISOString() };
  return { key: keys.repairNote(), value: JSON.stringify(note) };
};
