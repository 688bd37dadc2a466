/** What may be shown of objects that hold secrets. */
import { isObject } from '../shared/json.ts';

export const REDACTED = '[redacted]';
const TEXT_MAX = 300;

/** Members that hold a secret wherever they are, ours and APISIX's. */
const SECRET_NAME =
  /^(?:key|keys|sealed_key|sealed|secret|password|passwd|token|private_key|data_key|ciphertext)$|_(?:secret|password|token)$/i;
const SECRET_TEXT = /PRIVATE KEY/;

/**
 * The value of a member without the secrets in it: what its name or the names inside it call secret, and any text with
 * a private key in PEM.
 */
export const redacted = (name: string, value: unknown): unknown => {
  if (SECRET_NAME.test(name)) return REDACTED;
  if (typeof value === 'string') return SECRET_TEXT.test(value) ? REDACTED : value;
  if (Array.isArray(value)) return value.map((item) => redacted('', item));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, part]) => [inner, redacted(inner, part)]));
};

/** A value whose texts are at most 300 characters long. */
export const cutText = (value: unknown): unknown => {
  if (typeof value === 'string') return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  if (Array.isArray(value)) return value.map(cutText);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cutText(part)]));
};
