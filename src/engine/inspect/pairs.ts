import { decodePercent } from '../text/decode.ts';
import { NO_NAME } from '../rules/gate-patterns.ts';
import type { Place } from '../signal.ts';
import { split } from '../text/text.ts';
import type { Worst } from './value.ts';
import { judgeValue } from './value.ts';

/** More pairs than these are read as one. */
export const MAX_PAIRS = 2048;

/** `name=value`: both sides are judged, a pair without `=` as a value, and as a whole when its name is none. */
export function judgePair(worst: Worst, pair: string, plus: boolean, place: Place): void {
  const equals = pair.indexOf('=');
  if (equals > 0) {
    const name = decodePercent(pair.slice(0, equals), plus);
    judgeValue(worst, name, place, 0);
    if (worst.host.match(NO_NAME, name)) judgeValue(worst, decodePercent(pair, plus), place, 1);
  }
  judgeValue(worst, decodePercent(equals < 0 ? pair : pair.slice(equals + 1), plus), place, 0);
}

/** The pairs of a query or a form. */
export function judgePairs(worst: Worst, text: string, place: Place): void {
  for (const pair of split(text, '&', MAX_PAIRS)) judgePair(worst, pair, true, place);
}
