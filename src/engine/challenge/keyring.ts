/**
 * What `/apisix/cdn_defense/keyring/{kid}` holds once unsealed. A key is first only verified with, so that
 * every gateway knows it, then signed with, then only verified with until what it signed has expired.
 */
export interface KeyDocument {
  readonly id: string;
  readonly secret: string;
  readonly state: 'verify' | 'signing' | 'retired';
}

export interface Key {
  readonly id: string;
  readonly secret: string;
}

export interface Keyring {
  /** Absent: nothing can be issued, and who would be challenged is blocked. */
  readonly signing: Key | undefined;
  readonly keys: readonly Key[];
}

/** A key shorter than this could be guessed; it is left out. */
const MIN_SECRET_BYTES = 16;

/** Keeps the keys that may verify; the last signing key in the given order signs. */
export function compileKeyring(documents: readonly KeyDocument[]): Keyring {
  const keys: Key[] = [];
  let signing: Key | undefined;
  for (const document of documents) {
    if (document.state === 'retired' || document.secret.length < MIN_SECRET_BYTES) continue;
    const key: Key = { id: document.id, secret: document.secret };
    keys.push(key);
    if (document.state === 'signing') signing = key;
  }
  return { signing, keys };
}

export function findKey(keyring: Keyring, id: string): Key | undefined {
  for (const key of keyring.keys) if (key.id === id) return key;
  return undefined;
}
