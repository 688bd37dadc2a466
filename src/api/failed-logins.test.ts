import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { FailedLogins } from './failed-logins.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const [WRONG, RIGHT] = [digest('wrong'), digest('right')];
const HERE = '192.0.2.1';
const THERE = '192.0.2.2';

let now_ms: number;
let logins: FailedLogins;

beforeEach(() => {
  now_ms = 1_000_000;
  logins = new FailedLogins(() => now_ms);
});

/** Fails until it is told to wait. @returns how often it could */
const exhaust = (remote: string): number => {
  for (let n = 0; n < 1_000; n++) {
    if (logins.wait_ms(remote, WRONG) > 0 || logins.guessed(remote, randomBytes(32)) > 0) return n;
  }
  return Infinity;
};

describe('an address', () => {
  test('may fail twenty times at once, then once every three seconds', () => {
    expect(exhaust(HERE)).toBe(20);
    expect(logins.wait_ms(HERE, WRONG)).toBe(3_000);
    now_ms += 2_999;
    expect(logins.wait_ms(HERE, WRONG)).toBe(1);
    now_ms += 1;
    expect(logins.wait_ms(HERE, WRONG)).toBe(0);
    expect(logins.guessed(HERE, WRONG)).toBe(0);
    expect(logins.wait_ms(HERE, WRONG)).toBe(3_000);
    now_ms += 60_000;
    expect(exhaust(HERE)).toBe(20);
  });

  test('that waits does not make it longer by asking again', () => {
    exhaust(HERE);
    for (let n = 0; n < 100; n++) logins.guessed(HERE, WRONG);
    expect(logins.wait_ms(HERE, WRONG)).toBe(3_000);
  });

  test('that waits does not hold up another', () => {
    exhaust(HERE);
    expect(logins.wait_ms(THERE, WRONG)).toBe(0);
  });

  test('that waits lets through who logged in from there before, until that credential fails', () => {
    logins.succeeded(HERE, RIGHT);
    exhaust(HERE);
    expect(logins.wait_ms(HERE, RIGHT)).toBe(0);
    expect(logins.wait_ms(HERE, WRONG)).toBeGreaterThan(0);
    expect(logins.guessed(HERE, RIGHT)).toBeGreaterThan(0);
    expect(logins.wait_ms(HERE, RIGHT)).toBeGreaterThan(0);
  });

  test('of IPv6 is its whole /64; one that is mapped is the IPv4 one', () => {
    exhaust('2001:db8:1:2::1');
    expect(logins.wait_ms('2001:db8:1:2:ffff::9', WRONG)).toBeGreaterThan(0);
    expect(logins.wait_ms('2001:db8:1:3::1', WRONG)).toBe(0);
    exhaust(HERE);
    expect(logins.wait_ms(`::ffff:${HERE}`, WRONG)).toBeGreaterThan(0);
    expect(logins.wait_ms('', WRONG)).toBe(0);
  });
});

describe('what can not be guessed', () => {
  test('is told to wait by address once it was wrong too often, and makes no guess wait', () => {
    for (let n = 0; n < 20; n++) expect(logins.failed(HERE, undefined)).toBe(0);
    expect(logins.failed(HERE, undefined)).toBe(3_000);
    expect(logins.failed(THERE, undefined)).toBe(0);
    expect(logins.wait_ms(HERE, WRONG)).toBe(0);
    expect(exhaust(HERE)).toBe(20);
  });

  test('is not told to wait for what was guessed', () => {
    exhaust(HERE);
    expect(logins.failed(HERE, undefined)).toBe(0);
  });

  test('is told to wait by the token id it names, wherever it comes from', () => {
    for (let n = 0; n < 20; n++) expect(logins.failed(`198.51.100.${n}`, 'abc')).toBe(0);
    expect(logins.failed('198.51.100.99', 'abc')).toBe(3_000);
    // Each of these attempts counted for its own address all the same.
    for (let n = 0; n < 19; n++) logins.failed('198.51.100.99', 'abc');
    expect(logins.failed('198.51.100.99', 'def')).toBe(3_000);
  });
});

test('memory stays bounded, whoever fails', () => {
  for (let n = 0; n < 12_000; n++) {
    const remote = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    logins.failed(remote, `token-${n}`);
    logins.guessed(remote, WRONG);
    logins.succeeded(remote, RIGHT);
  }
  // The newest are known, the oldest forgotten.
  const newest = `10.0.${(11_999 >> 8) & 255}.${11_999 & 255}`;
  expect(exhaust(newest)).toBe(19);
  expect(exhaust('10.0.0.0')).toBe(20);
  const sizes = JSON.stringify(logins, (_, value: unknown) => (value instanceof Map ? value.size : value));
  expect(sizes.match(/\d+/g)?.map(Number)).toEqual([10_000, 10_000, 10_000, 10_000]);
});
