import { describe, expect, it } from 'vitest';
import { settle } from './options.ts';

describe('the options of the etcd store', () => {
  it('take URLs with a default port', () => {
    const { addresses } = settle({ endpoints: ['http://a:2379', 'https://b', 'https://[::1]:2379/'] });
    expect(addresses).toEqual([
      { url: 'http://a:2379', target: 'a:2379', secure: false },
      { url: 'https://b:443', target: 'b:443', secure: true },
      { url: 'https://[::1]:2379', target: '[::1]:2379', secure: true },
    ]);
  });

  it.each([
    [[], 'at least one'],
    [['localhost:2379'], 'must look like'],
    [['ftp://a:1'], 'must look like'],
    [['http://user:secret@a:2379'], 'user and password options'],
  ])('refuse %j', (endpoints, message) => {
    expect(() => settle({ endpoints })).toThrow(message);
    expect(() => settle({ endpoints })).not.toThrow('secret');
  });

  it('refuse a client certificate without its key', () => {
    const tls = { cert: Buffer.from('x') };
    expect(() => settle({ endpoints: ['https://a'], tls })).toThrow('needs its key');
  });
});
