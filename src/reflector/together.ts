import type { Picture } from './reflector.ts';

/** Several pictures fed by one reflector, each step to each in this order. */
export const together = (pictures: () => readonly Picture[]): Picture => ({
  replace: (kvs, stamp) => {
    for (const picture of pictures()) picture.replace(kvs, stamp);
  },
  apply: (events, stamp) => {
    for (const picture of pictures()) picture.apply(events, stamp);
  },
  contradicts: (kvs) => pictures().some((picture) => picture.contradicts?.(kvs) ?? false),
});
