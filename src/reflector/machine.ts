/**
 * The reflector's state machine, pure: (state, event) → next state and what to do. SPEC.md beside this file
 * lists every transition; a test holds the two together. The shell in `reflector.ts` carries the actions out.
 */
export const PHASES = ['listing', 'opening', 'proving', 'live', 'waiting', 'stopped'] as const;
export type Phase = (typeof PHASES)[number];

export const EVENTS = ['listed', 'opened', 'proved', 'failed', 'expired', 'due', 'refresh', 'stop'] as const;
export type EventName = (typeof EVENTS)[number];

export interface State {
  readonly phase: Phase;
  /** What to do when the wait is over: watch from the last applied step, or list anew. */
  readonly resume: 'list' | 'watch';
  /** Failures in a row, for backoff. */
  readonly failures: number;
}

export type Action =
  /** Read everything under the prefix at one revision and swap the snapshot. */
  | 'list'
  /** Watch from the last applied revision on. */
  | 'watch'
  /** Find out, with the watch open, when everything that happened before has arrived. */
  | 'prove'
  /** Wait, longer with each failure, then say `due`. */
  | 'wait'
  /** End the watch, listing or wait under way; nothing of it arrives any more. */
  | 'cancel';

export interface Transition {
  readonly state: State;
  readonly actions: readonly Action[];
}

export const INITIAL: Transition = {
  state: { phase: 'listing', resume: 'list', failures: 0 },
  actions: ['list'],
};

type Table = Record<Phase, Record<EventName, (state: State) => Transition>>;

const to = (phase: Phase, resume: State['resume'], failures: number, ...actions: Action[]): Transition => ({
  state: { phase, resume, failures },
  actions,
});
const stay = (state: State): Transition => ({ state, actions: [] });
const stop = (state: State): Transition => to('stopped', state.resume, state.failures, 'cancel');
const relist = (state: State): Transition => to('listing', 'list', state.failures, 'cancel', 'list');
const wait = (resume: State['resume']) => (state: State) => to('waiting', resume, state.failures + 1, 'wait');

const TABLE: Table = {
  listing: {
    listed: (s) => to('opening', 'watch', s.failures, 'watch'),
    opened: stay,
    proved: stay,
    failed: wait('list'),
    expired: wait('list'),
    due: stay,
    refresh: stay,
    stop,
  },
  opening: {
    listed: stay,
    opened: (s) => to('proving', 'watch', s.failures, 'prove'),
    proved: stay,
    failed: wait('watch'),
    // The revision to resume from is compacted or the store went back: only a listing tells what is there.
    expired: (s) => to('listing', 'list', s.failures, 'list'),
    due: stay,
    refresh: relist,
    stop,
  },
  // A watch that is open may still be silent about what was missed, so being open is not yet being current.
  proving: {
    listed: stay,
    opened: stay,
    proved: () => to('live', 'watch', 0),
    failed: wait('watch'),
    expired: (s) => to('listing', 'list', s.failures, 'list'),
    due: stay,
    refresh: relist,
    stop,
  },
  live: {
    listed: stay,
    opened: stay,
    proved: stay,
    failed: wait('watch'),
    expired: (s) => to('listing', 'list', s.failures, 'list'),
    due: stay,
    refresh: relist,
    stop,
  },
  waiting: {
    listed: stay,
    opened: stay,
    proved: stay,
    failed: stay,
    expired: stay,
    due: (s) =>
      s.resume === 'list'
        ? to('listing', 'list', s.failures, 'list')
        : to('opening', 'watch', s.failures, 'watch'),
    refresh: relist,
    stop,
  },
  stopped: {
    listed: stay,
    opened: stay,
    proved: stay,
    failed: stay,
    expired: stay,
    due: stay,
    refresh: stay,
    stop: stay,
  },
};

export const next = (state: State, event: EventName): Transition => TABLE[state.phase][event](state);
