/** A kind of evidence. Points add up within a group to its cap: many weak hints are not proof. */
export type SignalGroup = 'payload' | 'evasion' | 'scanner' | 'consistency' | 'behaviour' | 'reputation';

/** Where in the request a signal was seen. */
export type Place = 'path' | 'query' | 'body' | 'cookie' | 'user_agent' | 'referer' | 'header' | 'request';

/** One finding: what, how much it weighs, where. Names are for logs and metrics, never for the client. */
export interface Signal {
  readonly id: string;
  readonly group: SignalGroup;
  readonly points: number;
  readonly place: Place;
}

export interface Score {
  /** 0-100. */
  readonly total: number;
  readonly payload: number;
}

const PAYLOAD_CAP = 100;
const EVASION_CAP = 60;
const SCANNER_CAP = 80;
const CONSISTENCY_CAP = 40;
const BEHAVIOUR_CAP = 50;
const REPUTATION_CAP = 60;

/** Adds the points of each group up to its cap, and the groups up to 100. */
export function scoreOf(signals: readonly Signal[]): Score {
  let payload = 0;
  let evasion = 0;
  let scanner = 0;
  let consistency = 0;
  let behaviour = 0;
  let reputation = 0;
  for (const signal of signals) {
    if (signal.group === 'payload') payload += signal.points;
    else if (signal.group === 'evasion') evasion += signal.points;
    else if (signal.group === 'scanner') scanner += signal.points;
    else if (signal.group === 'consistency') consistency += signal.points;
    else if (signal.group === 'behaviour') behaviour += signal.points;
    else reputation += signal.points;
  }
  payload = Math.min(PAYLOAD_CAP, payload);
  const total =
    payload +
    Math.min(EVASION_CAP, evasion) +
    Math.min(SCANNER_CAP, scanner) +
    Math.min(CONSISTENCY_CAP, consistency) +
    Math.min(BEHAVIOUR_CAP, behaviour) +
    Math.min(REPUTATION_CAP, reputation);
  return { total: Math.min(100, total), payload };
}
