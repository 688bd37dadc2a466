import type { ValidateFunction } from 'ajv';
import { isObject, parseJson } from '../../shared/json.ts';

/** What became of one stored object. */
export type Reading<T> =
  /** In force. `refusal`: it matches as written, and whatever it matches is refused, for this reason. */
  | {
      readonly kind: 'loaded';
      readonly value: T;
      readonly refusal?: string | undefined;
      readonly note?: string | undefined;
    }
  /** APISIX would not take it: what was loaded before stays in force. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Not JSON. APISIX takes the object away then, silently. */
  | { readonly kind: 'garbage' };

/** One sentence about the first thing that is wrong. Names fields, never values: a value may be a key. */
export const complaint = (validate: ValidateFunction): string => {
  const error = validate.errors?.[0];
  if (!error) return 'it is not valid';
  const at = error.instancePath === '' ? 'the object' : error.instancePath.slice(0, 120);
  if (error.keyword === 'additionalProperties') {
    const field = String((error.params as { additionalProperty: string }).additionalProperty).slice(0, 64);
    return `${at} has the unknown field ${JSON.stringify(field)}`;
  }
  return `${at} ${error.message ?? 'is not valid'}`;
};

/** Parses and validates the text of an object, then hands it to `decode`. */
export const readObject = <S, T>(
  text: string,
  validate: ValidateFunction,
  decode: (object: S) => Reading<T>,
): Reading<T> => {
  const parsed = parseJson(text);
  if (parsed === undefined) return { kind: 'garbage' };
  if (!isObject(parsed)) return { kind: 'rejected', reason: 'it is not an object' };
  if (!validate(parsed)) return { kind: 'rejected', reason: complaint(validate) };
  return decode(parsed as S);
};
