import { describe, expect, test } from 'vitest';
import { parseUpstream } from './upstream.ts';

const parse = (url: string) => parseUpstream(url, '/upstream')[0];

describe('an upstream URL', () => {
  test.each([
    ['http://backend', 'http', 'backend', 80],
    ['https://backend', 'https', 'backend', 443],
    ['HTTP://Backend.Example.COM:8080/', 'http', 'backend.example.com', 8080],
    ['http://backend.', 'http', 'backend', 80],
    ['http://back_end', 'http', 'back_end', 80],
    ['http://b:443', 'http', 'b', 443],
    ['http://b:65535', 'http', 'b', 65_535],
    ['http://1.2.3.4', 'http', '1.2.3.4', 80],
    ['http://16909060', 'http', '1.2.3.4', 80],
    ['http://0x01020304', 'http', '1.2.3.4', 80],
    ['http://01.02.03.04', 'http', '1.2.3.4', 80],
    ['http://1.131844', 'http', '1.2.3.4', 80],
    ['http://[2001:DB8:0:0::1]:81', 'http', '2001:db8::1', 81],
    ['http://[::ffff:1.2.3.4]', 'http', '::ffff:102:304', 80],
    ['http://bücher.example', 'http', 'xn--bcher-kva.example', 80],
  ])('%s reads as %s, %s, %i', (url, scheme, host, port) => {
    expect(parse(url)).toEqual({ scheme, host, port, weight: 1 });
  });

  test('never shows its credentials in the refusal', () => {
    for (const url of ['http://user:secret@backend', 'ftp://user:secret@backend', 'http://user:secret@']) {
      expect(() => parse(url)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('secret') as string }) as Error,
      );
    }
  });
});

describe('what the URL parser forgives', () => {
  test.each(['http://b?', 'http://b#', 'http://b:', 'http://b:/', 'http://b ', 'http://b\t'])(
    '%j is refused',
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }) as Error);
    },
  );
});

test('a refused URL says why in both languages', () => {
  for (const url of [
    'ftp://a',
    'http://',
    'http://u@a',
    'http://a?b',
    'http://a/b',
    'http://a:',
    'http://a!',
    'http://a:0',
  ]) {
    const reason = {
      zh: expect.stringMatching(/\p{Script=Han}/u) as string,
      en: expect.stringMatching(/^[ -~’]+$/) as string,
    };
    expect(() => parse(url), url).toThrow(
      expect.objectContaining({ params: { upstream: url.replace('u@', '***@'), reason } }) as Error,
    );
  }
});
