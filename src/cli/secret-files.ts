import { statSync } from 'node:fs';
import type { Log } from '../shared/log.ts';
import { type Environment, type Settings, givenFor } from './settings.ts';

const READABLE_BY_OTHERS = 0o004;

const isExposed = (path: string): boolean =>
  ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & READABLE_BY_OTHERS) !== 0;

/** Says which files with secrets every user of this machine can read, as far as their own mode tells. */
export const warnOfExposed = (
  settings: Settings,
  argv: readonly string[],
  env: Environment,
  log: Pick<Log, 'warn'>,
): void => {
  for (const [flag, { text: path }] of givenFor(settings, argv, env)) {
    if (!settings[flag]?.secret || path === undefined || !isExposed(path)) continue;
    log.warn({ setting: flag, file: path }, 'every user of this machine can read this secret; chmod o-r');
  }
};
