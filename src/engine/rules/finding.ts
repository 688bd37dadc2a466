import type { Place, Signal } from '../signal.ts';

/** A rule: a pattern over lower-case text and what its presence weighs. */
export interface Rule {
  readonly id: string;
  readonly points: number;
  readonly pattern: string;
}

/** What was found in one value. Values are judged apart: ten comment fields do not add up to an attack. */
export interface Finding {
  readonly ids: string[];
  readonly points: number[];
  total: number;
}

export function newFinding(): Finding {
  return { ids: [], points: [], total: 0 };
}

/** Adds a finding once; found again with more points, it counts the more. */
export function raise(finding: Finding, id: string, points: number): void {
  for (let i = 0; i < finding.ids.length; i++) {
    if (finding.ids[i] === id) {
      const known = finding.points[i] ?? 0;
      if (points > known) {
        finding.points[i] = points;
        finding.total += points - known;
      }
      return;
    }
  }
  finding.ids.push(id);
  finding.points.push(points);
  finding.total += points;
}

/** The finding as signals of one place. */
export function addFinding(signals: Signal[], finding: Finding, place: Place): void {
  for (let i = 0; i < finding.ids.length; i++) {
    signals.push({ id: finding.ids[i] ?? '', group: 'payload', points: finding.points[i] ?? 0, place });
  }
}
