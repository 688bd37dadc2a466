import { expect, it } from 'vitest';
import { parseHost } from './host.ts';

it.each([
  ['a.example.com', 'a.example.com', undefined],
  ['A.Example.COM:8080', 'a.example.com', 8080],
  ['a.example.com.', 'a.example.com', undefined],
  ['[::1]:443', '[::1]', 443],
  ['127.0.0.1', '127.0.0.1', undefined],
  ['a_b', 'a_b', undefined],
  [undefined, '_', undefined],
])('reads the host %j', (header, name, port) => {
  expect(parseHost(header)).toEqual({ name, port });
});

it.each(['', '.', 'a..b', 'a/b', 'a b', 'a:b', 'a:', 'a:99999', 'u@a', 'a:1:2', '[::1', 'a%00', 'a\\b'])(
  'refuses the host %j',
  (header) => {
    expect(parseHost(header)).toBeUndefined();
  },
);
