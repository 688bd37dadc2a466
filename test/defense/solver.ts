/** What a challenge page does, done by hand. */
import { createHash } from 'node:crypto';

const field = (page: string, name: string): string =>
  new RegExp(`data-${name}="([^"]*)"`).exec(page)?.[1] ?? '';

export interface Asked {
  readonly token: string;
  /** Hashes that a solution takes on average. */
  readonly difficulty: number;
}

/** What a challenge page asks for. */
export const challengeIn = (page: string): Asked => ({
  token: field(page, 'token'),
  difficulty: Number(field(page, 'difficulty')),
});

/** The nonce, found as the page finds it. */
export const solve = ({ token, difficulty }: Asked): string => {
  const limit = Math.floor(2 ** 32 / difficulty);
  const start = createHash('sha256').update(`${token}.`);
  for (let nonce = 0; ; nonce++) {
    if (start.copy().update(String(nonce)).digest().readUInt32BE() < limit) return String(nonce);
  }
};

/** What the page sends, as its header. */
export const solution = (
  token: string,
  nonce: string,
  fields: Readonly<Record<string, string>> = {},
): string =>
  new URLSearchParams({
    token,
    nonce,
    webdriver: 'false',
    languages: 'en-GB,en',
    platform: '',
    ...fields,
  }).toString();
