const MOST_LOOKED_AT = 4096;
const SHORTEST_RUN = 16;
const MAX_RUNS = 2000;

/** Whether bytes are no text: one in 32 of the first is a control byte that no text has. */
export function isBinary(bytes: string): boolean {
  const limit = Math.min(bytes.length, MOST_LOOKED_AT);
  let controls = 0;
  for (let at = 0; at < limit; at++) {
    const code = bytes.charCodeAt(at);
    if (code < 9 || (code > 13 && code < 32) || code === 127) controls++;
  }
  return controls * 32 > limit;
}

function isCompressed(bytes: string): boolean {
  return bytes.charCodeAt(0) === 31 && bytes.charCodeAt(1) === 139;
}

/** The texts that a binary format carries, as far as they stand in it readably: rows of printable ASCII. */
export function readRuns(bytes: string): string[] {
  const runs: string[] = [];
  if (isCompressed(bytes)) return runs;
  let from = 0;
  for (let at = 0; at <= bytes.length && runs.length < MAX_RUNS; at++) {
    const code = at < bytes.length ? bytes.charCodeAt(at) : 0;
    if (code >= 32 && code < 127) continue;
    if (at - from >= SHORTEST_RUN) runs.push(bytes.slice(from, at));
    from = at + 1;
  }
  return runs;
}
