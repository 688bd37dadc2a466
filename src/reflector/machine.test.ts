import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Action,
  EVENTS,
  type EventName,
  INITIAL,
  PHASES,
  type Phase,
  type State,
  next,
} from './machine.ts';

const SPEC = readFileSync(new URL('./SPEC.md', import.meta.url), 'utf8');

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

const [header = [], , ...rows] = SPEC.split('\n')
  .filter((line) => line.startsWith('|'))
  .map(cellsOf);
const events = header.slice(1) as EventName[];
const specified = new Map(
  rows.flatMap(([phase = '', ...cells]) =>
    cells.map((cell, i) => [`${phase.replaceAll('*', '')} × ${events[i]}`, cell] as const),
  ),
);

const RESUMES: Record<State['resume'], string> = { list: 'listing → list', watch: 'opening → watch' };

/** A transition in the words of the table. */
const described = (from: State, event: EventName): string => {
  const { state, actions } = next(from, event);
  if (state === from && actions.length === 0) return 'stay';
  const phase = state.phase === 'waiting' ? `waiting(${state.resume})` : state.phase;
  const cell = actions.length === 0 ? phase : `${phase} → ${actions.join(', ')}`;
  return from.phase === 'waiting' && event === 'due' && cell === RESUMES[from.resume] ? 'resume' : cell;
};

describe('SPEC.md', () => {
  test('has exactly the phases and events of the code', () => {
    expect(events).toEqual(EVENTS);
    expect(rows.map(([phase]) => phase)).toEqual(PHASES.map((phase) => `**${phase}**`));
    expect(specified.size).toBe(PHASES.length * EVENTS.length);
  });

  const cases = PHASES.flatMap((phase) => EVENTS.map((event) => [phase, event] as const));
  test.each(cases)(
    '%s × %s: the code does what the table says, after either and any number of failures',
    (phase, event) => {
      for (const resume of ['list', 'watch'] as const) {
        for (const failures of [0, 1, 7]) {
          expect(described({ phase, resume, failures }, event)).toBe(specified.get(`${phase} × ${event}`));
        }
      }
    },
  );
});

describe('failures in a row', () => {
  const cases = PHASES.flatMap((phase) => EVENTS.map((event) => [phase, event] as const));
  test.each(cases)('%s × %s counts as SPEC.md says', (phase, event) => {
    const counts =
      (event === 'failed' && ['listing', 'opening', 'proving', 'live'].includes(phase)) ||
      (phase === 'listing' && event === 'expired');
    const resets = phase === 'proving' && event === 'proved';
    const { failures } = next({ phase, resume: 'watch', failures: 3 }, event).state;
    expect(failures).toBe(counts ? 4 : resets ? 0 : 3);
  });
});

describe('over every sequence of events', () => {
  const UNDERWAY: Record<Phase, Action | undefined> = {
    listing: 'list',
    opening: 'watch',
    proving: 'watch',
    live: 'watch',
    waiting: 'wait',
    stopped: undefined,
  };

  test('exactly what the phase stands for is under way, and a watch only after a listing', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (sequence) => {
        let { state } = INITIAL;
        let underway: Action | undefined = INITIAL.actions.at(-1);
        let listed = false;
        for (const event of sequence) {
          const before = state;
          const step = next(state, event);
          state = step.state;
          if (before.phase === 'listing' && event === 'listed') listed = true;
          for (const action of step.actions) {
            expect(before.phase).not.toBe('stopped');
            if (action === 'watch') expect(listed).toBe(true);
            // Proving goes on beside the watch that it is about.
            if (action !== 'prove') underway = action === 'cancel' ? undefined : action;
          }
          expect(underway).toBe(UNDERWAY[state.phase]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
