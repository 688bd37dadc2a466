import { type LoggedChange, differenceOf } from '../../change/history/change-log.ts';
import type { Node } from '../node.ts';

/** A change as it was logged. */
export const withoutRecords = ({ edits, ...change }: LoggedChange): object => ({
  ...change,
  edits: edits.map(({ written: _shownWithRecords, ...edit }) => edit),
});

/** A change with each object before and after it. @throws Refusal history_unavailable */
export const withRecords = async (node: Node, { edits, ...change }: LoggedChange): Promise<object> => ({
  ...change,
  edits: await Promise.all(
    edits.map(async ({ written, ...edit }) => ({
      ...edit,
      ...(await differenceOf(node.changes, { ...edit, ...(written ? { written } : {}) })),
    })),
  ),
});
