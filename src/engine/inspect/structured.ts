import { UNSTRUCTURED } from '../rules/gate-patterns.ts';
import type { Host } from '../host.ts';

const MOST_REMEMBERED = 2048;
const LONGEST_REMEMBERED = 200;

/** Browsers send the same few values again and again; a look at each would cost more than all else. */
let plain: Record<string, true | undefined> = {};
let count = 0;

/**
 * Whether the value of a header with a grammar of its own is of a kind such headers have. A function of the value alone: the
 * memory changes what it costs, never what it says.
 */
export function isPlain(host: Host, value: string): boolean {
  // What JavaScript objects have by birth is never `true`.
  if (plain[value] === true) return true;
  if (host.match(UNSTRUCTURED, host.lower(value))) return false;
  if (value.length > LONGEST_REMEMBERED) return true;
  if (count >= MOST_REMEMBERED) {
    plain = {};
    count = 0;
  }
  plain[value] = true;
  count += 1;
  return true;
}
