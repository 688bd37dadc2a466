import type { KeyRecord } from '../contract/record.ts';
import type { Projected } from './object.ts';

/** The engine asks only whether a key signs, and whether it may still verify. */
const STATES = {
  'verify-first': 'verify',
  signing: 'signing',
  'verify-only': 'verify',
  retired: 'retired',
} as const satisfies Record<KeyRecord['state'], string>;

/** A challenge key as the gateways' engine reads it. Gateways hold no master key, so the secret is in the clear. */
export const projectKey = ({ id, state }: KeyRecord, secret: string): Projected => ({
  directory: 'cdn_defense/keyring',
  id,
  body: { id, secret, state: STATES[state] },
});
