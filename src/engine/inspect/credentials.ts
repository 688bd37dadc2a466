import { decodeBase64, readsAsText } from '../text/base64.ts';
import { UNSTRUCTURED } from '../rules/gate-patterns.ts';
import { readJson } from '../text/json.ts';
import { split, startsWith, trim } from '../text/text.ts';
import type { Worst } from './value.ts';
import { consider, judgeValue, newWorst } from './value.ts';

const MOST_REMEMBERED = 512;
const LONGEST_REMEMBERED = 2048;
/** Longer ones are no credentials; what they hold is judged as it was sent, as any header's. */
const LONGEST = 16384;

/** A client sends the same credentials with each request; decoding them would cost more than all else. */
let harmless: Record<string, true | undefined> = {};
let count = 0;

function judgeOdd(worst: Worst, text: string): void {
  // Addresses of issuers and audiences are what tokens are made of: only what is more than those is a value to judge.
  if (worst.host.match(UNSTRUCTURED, worst.host.lower(text))) judgeValue(worst, text, 'header', 2);
}

/** A name and a password. */
function judgeBasic(worst: Worst, encoded: string): void {
  const bytes = decodeBase64(encoded);
  const colon = bytes.indexOf(':');
  judgeOdd(worst, colon < 0 ? bytes : bytes.slice(0, colon));
  if (colon >= 0) judgeOdd(worst, bytes.slice(colon + 1));
}

/** What a JSON web token says, which many read before they verify it. */
function judgeToken(worst: Worst, token: string): void {
  for (const part of split(token, '.', 3)) {
    // `{"` in base64: the signature is none.
    if (!startsWith(part, 'ey')) continue;
    const bytes = decodeBase64(part);
    if (bytes === '' || !readsAsText(bytes)) continue;
    const json = readJson(bytes);
    if (!json.valid) judgeOdd(worst, bytes);
    for (const key of json.keys) judgeOdd(worst, key);
    for (const value of json.values) judgeOdd(worst, value);
  }
}

/** Judges what `Basic` and `Bearer` encode. A function of the value alone: the memory changes what it costs, never what it says. */
export function judgeCredentials(worst: Worst, value: string): void {
  if (harmless[value] === true || value.length > LONGEST) return;
  const scheme = worst.host.lower(value.slice(0, 7));
  const own = newWorst(worst.host);
  if (startsWith(scheme, 'basic ')) judgeBasic(own, trim(value.slice(6)));
  else if (scheme === 'bearer ') judgeToken(own, trim(value.slice(7)));
  else return;
  worst.suspects += own.suspects;
  consider(worst, own.finding, own.place, true);
  if (own.finding.total > 0 || value.length > LONGEST_REMEMBERED) return;
  if (count >= MOST_REMEMBERED) {
    harmless = {};
    count = 0;
  }
  harmless[value] = true;
  count += 1;
}
