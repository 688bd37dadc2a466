import { Progress, Roster } from '../contract/fleet-summary.ts';
import { compile } from '../contract/validator.ts';
import { parseJson } from '../shared/json.ts';

const validateRoster = compile(Roster);
const validateProgress = compile(Progress);

/** `undefined` for what is not a roster: a release that writes another kind is treated as if it wrote none. */
export const decodeRoster = (text: string): Roster | undefined => {
  const value = parseJson(text);
  return validateRoster(value) ? (value as Roster) : undefined;
};

/** `undefined` for what is not a progress. */
export const decodeProgress = (text: string): Progress | undefined => {
  const value = parseJson(text);
  return validateProgress(value) ? (value as Progress) : undefined;
};
