import { expect, test } from 'vitest';
import { suffixUnder } from './public-suffix.ts';

test.each([
  ['*.com', 'com'],
  ['*.co.uk', 'co.uk'],
  ['*.uk', 'uk'],
  ['*.com.cn', 'com.cn'],
  ['*.xn--55qx5d.cn', 'xn--55qx5d.cn'],
  ['*.xn--fiqs8s', 'xn--fiqs8s'],
  ['*.github.io', 'github.io'],
  ['*.s3.amazonaws.com', 's3.amazonaws.com'],
  ['*.kawasaki.jp', 'kawasaki.jp'],
  ['*.a.kawasaki.jp', 'a.kawasaki.jp'],
  ['*.internal', 'internal'],
])('%s would cover all of %s', (host, suffix) => expect(suffixUnder(host)).toBe(suffix));

test.each([
  'com',
  'co.uk',
  'example.co.uk',
  '*.example.co.uk',
  '*.example.com',
  '*.tenant.github.io',
  '*.city.kawasaki.jp',
  '*.shop.internal',
  '*.a.b.example.com',
])('%s covers nobody’s', (host) => expect(suffixUnder(host)).toBeUndefined());
