/** What a node tells the others of the gateways it hears: all of their states, and of some of them why. */
import type { FleetState } from '../contract/fleet.ts';
import {
  type Apart,
  type ChangeTimes,
  type Progress,
  type Roster,
  type RosterEntry,
  STATE_LETTERS,
} from '../contract/fleet-summary.ts';
import { NO_REVISION } from '../shared/revision.ts';
import type { Session } from './session.ts';

/** Most gateways listed apart, and most rejected objects listed of each. */
const APART_MAX = 200;
const REJECTED_MAX = 3;
const REASON_MAX = 200;
const QUARANTINED_MAX = 20;

const LETTERS = new Map(
  Object.entries(STATE_LETTERS).map(([state, letter]) => [letter, state as FleetState]),
);

const stateOfLetter = (letter: string): FleetState => LETTERS.get(letter) ?? 'unknown';

const entryOf = (session: Session): RosterEntry => {
  const { id, instance, kind, version, plugin, workers, crew, rank, predecessors, distrusted } = session;
  return {
    id,
    instance,
    kind,
    version,
    plugin,
    workers: workers.length,
    crew,
    rank,
    predecessors: [...predecessors],
    ...(distrusted ? { distrusted } : {}),
  };
};

export const rosterOf = (
  sessions: readonly Session[],
  about: Pick<Roster, 'cluster_id' | 'process' | 'number'>,
): Roster => ({
  ...about,
  gateways: sessions.map(entryOf),
});

export interface ProgressParts {
  /** In the order of the roster; `undefined` = it has gone meanwhile. */
  readonly sessions: readonly (Session | undefined)[];
  readonly roster: Pick<Roster, 'cluster_id' | 'number'>;
  /** What everything is proved up to when nobody is behind. */
  readonly position: number;
  readonly changes: readonly ChangeTimes[];
  readonly quarantined: readonly {
    readonly key: string;
    readonly revision: number;
    readonly reason: string;
  }[];
  readonly now_ms: number;
  /** Wall time at `now_ms`. */
  readonly wall_ms: number;
}

/**
 * Those that are furthest behind, or reject something, are listed apart as far as there is room; the floor is then what
 * all others have. So too many of them make the floor lower, never wrong.
 */
export const progressOf = (parts: ProgressParts): Progress => {
  const { sessions, roster, position, changes, quarantined, now_ms, wall_ms } = parts;
  const states = sessions.map((session) => session?.state(now_ms) ?? 'disconnected');
  const notable = sessions
    .filter((session) => session !== undefined)
    .filter((session) => session.state(now_ms) !== 'synced' || session.proofs.proved < position)
    .sort((a, b) => a.proofs.proved - b.proofs.proved || b.proofs.rejected.size - a.proofs.rejected.size);
  const apart = notable.slice(0, APART_MAX);
  const others = notable.slice(APART_MAX).map(({ proofs }) => proofs.proved);
  return {
    cluster_id: roster.cluster_id,
    roster: roster.number,
    floor: Math.min(position, ...others),
    states: states.map((state) => STATE_LETTERS[state]).join(''),
    apart: apart.map((session) => apartOf(session, now_ms, wall_ms)),
    changes: [...changes],
    quarantined_total: quarantined.length,
    quarantined: quarantined
      .slice(0, QUARANTINED_MAX)
      .map(({ key, revision, reason }) => ({ key, revision, reason: reason.slice(0, REASON_MAX) })),
  };
};

const apartOf = (session: Session, now_ms: number, wall_ms: number): Apart => {
  const { proofs } = session;
  const rejected = [...proofs.rejected.values()].slice(-REJECTED_MAX);
  const silent_ms = now_ms - session.heard_ms;
  return {
    id: session.id,
    revision: proofs.proved,
    ...(session.isLive(now_ms) ? {} : { silent_since: new Date(wall_ms - silent_ms).toISOString() }),
    rejected_total: proofs.rejected.size,
    rejected: rejected.map(({ entry: { directory, id, revision, op }, reason, live }) => ({
      directory,
      id,
      revision,
      op,
      reason: reason.slice(0, REASON_MAX),
      live,
    })),
  };
};

/** What a summary says of one gateway. */
export interface Standing {
  readonly state: FleetState;
  readonly revision: number;
  readonly silent_since: string | undefined;
  readonly rejected_total: number;
  readonly rejected: Apart['rejected'];
}

/** A progress with what it lists apart, by gateway. */
export interface ReadProgress {
  readonly progress: Progress;
  readonly apart: ReadonlyMap<string, Apart>;
}

export const readProgress = (progress: Progress): ReadProgress => ({
  progress,
  apart: new Map(progress.apart.map((entry) => [entry.id, entry])),
});

/**
 * @param index the gateway's place in the roster
 * @param read `undefined`, or of another roster: nothing is known
 */
export const standingOf = (roster: Roster, index: number, read: ReadProgress | undefined): Standing => {
  if (read?.progress.roster !== roster.number) return UNKNOWN;
  const apart = read.apart.get(roster.gateways[index]?.id ?? '');
  return {
    state: stateOfLetter(read.progress.states.charAt(index)),
    revision: apart?.revision ?? read.progress.floor,
    silent_since: apart?.silent_since,
    rejected_total: apart?.rejected_total ?? 0,
    rejected: apart?.rejected ?? [],
  };
};

const UNKNOWN: Standing = {
  state: 'unknown',
  revision: NO_REVISION,
  silent_since: undefined,
  rejected_total: 0,
  rejected: [],
};
