import { Refusal } from '../contract/errors.ts';

/** What was asked for at this revision or later can't be answered yet. */
export const notReached = (min_revision: number): Refusal =>
  new Refusal('revision_not_reached', {
    in: 'query',
    pointer: '/min_revision',
    params: { revision: min_revision },
  });
