import type { Difference } from '../contract/drift.ts';
import { pointerStep } from '../contract/errors.ts';
import { isObject, sameJson } from '../shared/json.ts';
import { REDACTED, cutText, redacted } from './redaction.ts';

const DIFFERENCES_MAX = 20;

/**
 * Where two JSON values differ, fit to be shown: secrets are redacted and long texts cut. Arrays are compared as a
 * whole.
 * @param expected `undefined` = it should not be there
 * @param found `undefined` = it is not there
 * @param open the only members whose values may be shown, for objects that hold secrets; absent: all
 * @returns the first 20 differences
 */
export const differencesOf = (
  expected: unknown,
  found: unknown,
  open?: ReadonlySet<string>,
): Difference[] => {
  const all: Difference[] = [];
  const visit = (path: readonly string[], left: unknown, right: unknown): void => {
    if (all.length >= DIFFERENCES_MAX || sameJson(left, right)) return;
    if (isObject(left) && isObject(right)) {
      const names = new Set([...Object.keys(left), ...Object.keys(right)]);
      for (const name of names) visit([...path, name], left[name], right[name]);
      return;
    }
    all.push({
      pointer: path.map(pointerStep).join(''),
      ...(left === undefined ? {} : { expected: shown(path, left, open) }),
      ...(right === undefined ? {} : { found: shown(path, right, open) }),
    });
  };
  visit([], expected, found);
  return all;
};

const shown = (path: readonly string[], value: unknown, open: ReadonlySet<string> | undefined): unknown => {
  const [member] = path;
  if (open && member !== undefined && !open.has(member)) return REDACTED;
  if (open && member === undefined && isObject(value)) {
    const members = Object.entries(value).map(([name, part]) => [name, shown([name], part, open)]);
    return Object.fromEntries(members);
  }
  // What is no object has no members to tell apart.
  if (open && member === undefined) return REDACTED;
  return cutText(path.reduceRight((part, name) => redacted(name, part), redacted('', value)));
};
