/** A private key that is known, and where it must not be. */
import { type KeyObject, createPrivateKey } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes that make 16 characters of base64; four of them fill a line of PEM, so that no piece is cut by one. */
const PIECE_BYTES = 12;

/** Where in a key's bytes (PKCS #8) the secret begins and ends; the rest is in its certificate as well. */
const secretRange = (key: KeyObject, length: number): [from: number, to: number] => {
  if (key.asymmetricKeyType === 'rsa') return [length >> 1, length];
  return key.asymmetricKeyType === 'ec' ? [36, 68] : [16, 48];
};

/** Every form in which a key could lie about: pieces of its base64, its secret part as bytes, in hex, in base64. */
export const needlesOf = (pem: string): Buffer[] => {
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const [from, to] = secretRange(key, der.length);
  const first = Math.ceil(from / PIECE_BYTES) * PIECE_BYTES;
  const count = Math.floor((to - first) / PIECE_BYTES);
  const pieces = Array.from({ length: count }, (_, i) => {
    const at = first + i * PIECE_BYTES;
    return der.subarray(at, at + PIECE_BYTES).toString('base64');
  });
  const secret = der.subarray(from, Math.min(to, from + 32));
  const forms = [secret.toString('hex'), secret.toString('hex').toUpperCase()];
  const encoded = [secret.toString('base64'), secret.toString('base64url')].map((text) => text.slice(0, 40));
  return [secret, ...[...pieces, ...forms, ...encoded].map((text) => Buffer.from(text))];
};

/** Whether any of the needles is in it. */
export const holds = (hay: Buffer | string, needles: readonly Buffer[]): boolean => {
  const bytes = typeof hay === 'string' ? Buffer.from(hay) : hay;
  return needles.some((needle) => bytes.includes(needle));
};

/** All files beneath a directory, with what is in them. */
export const filesIn = async (directory: string): Promise<{ path: string; bytes: Buffer }[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(path) })));
};
