import { beforeEach, describe, expect, it } from 'vitest';
import { TestHost } from '../../../test/engine/host.ts';
import type { Binding } from '../binding.ts';
import type { Solution } from './challenge.ts';
import {
  BASE_DIFFICULTY,
  CHALLENGE_TTL_S,
  difficultyFor,
  isSolved,
  issueChallenge,
  judgeSolution,
} from './challenge.ts';
import { CLEARANCE_TTL_S, cookieValues, issueClearance, readClearance } from './clearance.ts';
import { decideBody, decideHead } from '../decide.ts';
import type { KeyDocument } from './keyring.ts';
import { compileKeyring } from './keyring.ts';
import { compilePolicy } from '../policy.ts';
import type { RequestHead } from '../request.ts';
import { VERIFY_PATH } from './reserved.ts';

const k1: KeyDocument = { id: 'k1', secret: 'the first key, long enough', state: 'signing' };
const k2: KeyDocument = { id: 'k2', secret: 'the second key, long enough', state: 'verify' };
const keyring = compileKeyring([k1, k2]);
const binding: Binding = {
  tenant: 't',
  host: 'a.example',
  user_agent: 'UA',
  language: 'en-US,en',
  platform: '"Linux"',
};

const now_s = (host: TestHost): number => Math.floor(host.time_ms / 1000);

const others: [string, Partial<Binding>][] = [
  ['another tenant', { tenant: 'u' }],
  ['another host', { host: 'b.example' }],
  ['another user agent', { user_agent: 'UA2' }],
];

describe('a clearance', () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost();
  });

  it('is accepted by whoever has the key, until it expires', () => {
    const value = issueClearance(host, k1, binding, now_s(host), false);
    expect(readClearance(host, keyring, binding, value)).toBe('plain');
    host.time_ms += CLEARANCE_TTL_S * 1000 - 1;
    expect(readClearance(host, keyring, binding, value)).toBe('plain');
    host.time_ms += 1;
    expect(readClearance(host, keyring, binding, value)).toBe('expired');
  });

  it.each(others)('is worth nothing for %s', (_name, change) => {
    const value = issueClearance(host, k1, binding, now_s(host), false);
    expect(readClearance(host, keyring, { ...binding, ...change }, value)).toBe('invalid');
  });

  it('with a fingerprint is bound to what the browser repeats', () => {
    const value = issueClearance(host, k1, binding, now_s(host), true);
    expect(readClearance(host, keyring, binding, value)).toBe('fingerprinted');
    expect(readClearance(host, keyring, { ...binding, language: 'de' }, value)).toBe('invalid');
    expect(readClearance(host, keyring, { ...binding, platform: '"Windows"' }, value)).toBe('invalid');
  });

  it('survives a rotation: verify first, then signing, then verify until it has expired, then retired', () => {
    const before = issueClearance(host, k1, binding, now_s(host), false);
    const rotated = compileKeyring([
      { ...k1, state: 'verify' },
      { ...k2, state: 'signing' },
    ]);
    expect(rotated.signing?.id).toBe('k2');
    expect(readClearance(host, rotated, binding, before)).toBe('plain');
    expect(readClearance(host, compileKeyring([{ ...k1, state: 'retired' }]), binding, before)).toBe(
      'invalid',
    );
  });

  it('is refused when any byte is changed, cut or added', () => {
    const value = issueClearance(host, k1, binding, now_s(host), false);
    for (let at = 0; at < value.length; at++) {
      const flipped = value[at] === '0' ? '1' : '0';
      const forged = value.slice(0, at) + flipped + value.slice(at + 1);
      expect(readClearance(host, keyring, binding, forged), forged).toMatch(/invalid/);
      expect(readClearance(host, keyring, binding, value.slice(0, at))).toMatch(/invalid|absent/);
    }
    expect(readClearance(host, keyring, binding, `${value}0`)).toBe('invalid');
  });

  it.each([
    ['a=1; x=2', 'x', ['2']],
    ['ax=1; x=2', 'x', ['2']],
    ['x=', 'x', ['']],
    ['x=1=2;y', 'x', ['1=2']],
    ['', 'x', []],
    ['x=1; a=x=2; x=3;x=4', 'x', ['1', '3', '4']],
    ['x=1; x=2; x=3; x=4; x=5', 'x', ['1', '2', '3', '4']],
  ])('cookie %j has %s=%j', (cookie, name, values) => expect(cookieValues(cookie, name)).toEqual(values));
});

describe('a challenge', () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost();
  });
  const solve = (token: string, difficulty: number): string => {
    for (let nonce = 0; ; nonce++) if (isSolved(host, token, `${nonce}`, difficulty)) return `${nonce}`;
  };
  const solution = (token: string, difficulty: number, more: Partial<Solution> = {}): Solution => ({
    token,
    nonce: solve(token, difficulty),
    webdriver: false,
    languages: 'en-US,en',
    platform: 'Linux',
    ...more,
  });

  it('is solved by work, and by nothing less', () => {
    const { token, difficulty } = issueChallenge(host, k1, binding, 16, false);
    expect(judgeSolution(host, keyring, binding, solution(token, difficulty))).toEqual({
      refusal: undefined,
      fingerprinted: false,
      issued_s: now_s(host),
    });
    const wrong = Array.from({ length: 200 }, (_, at) => `w${at}`).filter(
      (nonce) => !isSolved(host, token, nonce, difficulty),
    );
    expect(
      judgeSolution(host, keyring, binding, { ...solution(token, difficulty), nonce: wrong[0] ?? '' })
        .refusal,
    ).toBe('unsolved');
  });

  it('takes about as many hashes as it says', () => {
    const hashes = Array.from({ length: 200 }, (_, at) => Number(solve(`token ${at}`, 64)) + 1);
    const mean = hashes.reduce((sum, each) => sum + each, 0) / hashes.length;
    expect(mean).toBeGreaterThan(40);
    expect(mean).toBeLessThan(95);
  });

  it.each(others)('is refused for %s', (_name, change) => {
    const { token, difficulty } = issueChallenge(host, k1, binding, 4, false);
    expect(judgeSolution(host, keyring, { ...binding, ...change }, solution(token, difficulty)).refusal).toBe(
      'forged',
    );
  });

  it('expires, and does not let its difficulty be lowered', () => {
    const { token, difficulty } = issueChallenge(host, k1, binding, 4, false);
    const solved = solution(token, difficulty);
    const easier = token.replace('.4.', '.1.');
    expect(judgeSolution(host, keyring, binding, solution(easier, 1)).refusal).toBe('forged');
    host.time_ms += CHALLENGE_TTL_S * 1000 + 1;
    expect(judgeSolution(host, keyring, binding, solved).refusal).toBe('expired');
  });

  it('that is answered again buys the same clearance again, to the byte, and never a later one', () => {
    const headers = [
      { name: 'user-agent', value: binding.user_agent },
      { name: 'content-length', value: '9' },
    ];
    const request: RequestHead = {
      ...{ method: 'POST', target: VERIFY_PATH, host: binding.host, scheme: 'http', remote_ip: '192.0.2.1' },
      headers,
    };
    const gateway = { trusted_proxies: [], keyring };
    const policy = compilePolicy({ id: binding.tenant }, { id: 'r' });
    const { token, difficulty } = issueChallenge(host, k1, binding, 4, false);
    const body = `token=${token}&nonce=${solution(token, difficulty).nonce}`;
    const cookieAt = (time_ms: number): string => {
      host.time_ms = time_ms;
      const decision = decideHead(host, gateway, policy, request);
      return decideBody(host, gateway, policy, request, decision, body).set_cookie;
    };
    const issued_ms = host.time_ms;
    const [first, last] = [cookieAt(issued_ms), cookieAt(issued_ms + CHALLENGE_TTL_S * 1000)];
    expect(first).toMatch(/^lockstep-clearance=l1\.k1\.[^;]+; Path=\/; Max-Age=1800; /);
    expect(last).toBe(first.replace('Max-Age=1800', 'Max-Age=1500'));
    // From a gateway whose clock is ahead.
    expect(cookieAt(issued_ms - 30_000)).toBe(first);
  });

  it.each<[string, Partial<Solution>, string]>([
    ['a browser that calls itself automated', { webdriver: true }, 'automated'],
    ['another language than it sends', { languages: 'fr' }, 'inconsistent'],
    ['another platform than it sends', { platform: 'Windows' }, 'inconsistent'],
  ])('with a fingerprint refuses %s', (_name, more, refusal) => {
    const { token, difficulty } = issueChallenge(host, k1, binding, 4, true);
    expect(judgeSolution(host, keyring, binding, solution(token, difficulty)).fingerprinted).toBe(true);
    expect(judgeSolution(host, keyring, binding, solution(token, difficulty, more)).refusal).toBe(refusal);
  });

  it.each([
    [70, 70, 1],
    [85, 70, 2],
    [100, 70, 4],
    [100, 0, 8],
  ])('at score %s and threshold %s costs %s times the base', (score, threshold, times) =>
    expect(difficultyFor(score, threshold)).toBe(BASE_DIFFICULTY * times),
  );
});
