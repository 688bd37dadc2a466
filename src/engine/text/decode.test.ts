import { describe, expect, it } from 'vitest';
import { isBinary, readRuns } from './binary.ts';
import { base64Core, decodeBase64 } from './base64.ts';
import { decodeEntities, decodeEscapes, decodePercent, foldUnicode } from './decode.ts';
import { readJson } from './json.ts';
import { readMultipart } from '../inspect/multipart.ts';
import { readXml } from './xml.ts';

const lower = (text: string) => text.toLowerCase();

describe('decoders', () => {
  it.each([
    ['a%20b', 'a b'],
    ['a+b', 'a b'],
    ['%', '%'],
    ['%2', '%2'],
    ['%zz', '%zz'],
    ['%u003c', '<'],
    ['%uff1c', '<'],
    ['%%41', '%A'],
    ['%25%32', '%2'],
    ['', ''],
  ])('percent: %j is %j', (text, expected) => expect(decodePercent(text, true)).toBe(expected));

  it.each([
    ['&lt;b&gt;', '<b>'],
    ['&#60;', '<'],
    ['&#0000060x', '<x'],
    ['&#x3C;', '<'],
    ['&#x3cz', '<z'],
    ['&colon;', ':'],
    ['& a', '& a'],
    ['&constructor;', '&constructor;'],
    ['&', '&'],
    ['&LT;', '<'],
  ])('entities: %j is %j', (text, expected) => expect(decodeEntities(text, lower)).toBe(expected));

  it.each([
    ['\\x3c', '<'],
    ['\\u003c', '<'],
    ['\\u{3c}', '<'],
    ['\\u{}', '\\u{}'],
    ['\\n', '\\n'],
    ['\\\\u003c', '\\\\u003c'],
    ['\\', '\\'],
  ])('escapes: %j is %j', (text, expected) => expect(decodeEscapes(text)).toBe(expected));

  it.each([
    ['\xc0\xaf', '/'],
    ['\xef\xbc\x9c', '<'],
    ['\xef\xbd\x9e', '~'],
    ['\xef\xbc', '\xef\xbc'],
    ['caf\xc3\xa9', 'caf\xc3\xa9'],
    ['\xc0\x2e\xc0\x2e\xc0/', '../'],
    ['\xc0 la', '\xc0 la'],
    ['\xe0\x80\xae\xf0\x80\x80\xaf\xf8\x80\x80\x81\x9c\xfc\x80\x80\x80\x81\xa1', './\\a'],
    ['\xe0\x80', '\xe0\x80'],
    ['a\xe2\x80\x8bb\xef\xbb\xbfc\xe2\x81\xa0d', 'abcd'],
    ['\xe2\x80\x99', '\xe2\x80\x99'],
  ])('folding: %j is %j', (text, expected) => expect(foldUnicode(text)).toBe(expected));

  it.each([
    ['YWJj', 'abc'],
    ['YWI=', 'ab'],
    ['YQ', 'a'],
    ['_-8', '\xff\xef'],
    ['Y', ''],
    ['Y W', ''],
    ['', ''],
  ])('base64: %j is %j', (text, expected) => expect(decodeBase64(text)).toBe(expected));

  it('finds what bytes look like in base64 at any alignment', () => {
    for (const name of ['InvokerTransformer', '/bin/sh', '\xac\xed\x00\x05']) {
      for (const before of ['', 'x', 'xy', 'xyz']) {
        const encoded = Buffer.from(`${before}${name}?`, 'latin1').toString('base64');
        expect(encoded).toContain(base64Core(name, before.length % 3));
      }
    }
  });
});

describe('documents', () => {
  it.each<[string, boolean, string[], string[]]>([
    ['{"a":"b","c":[1,"d",{"e":null}]}', true, ['a', 'c', 'e'], ['b', 'd']],
    ['{"a":"\\u003c\\n\\"x\\""}', true, ['a'], ['<\n"x"']],
    ['{"a":"b" "c"}', false, ['a'], ['b']],
    ['{"a', false, [], []],
    ['[1,-2.5e3,true]', true, [], []],
    ['{a b}', false, [], []],
  ])('JSON %j: valid %s', (text, valid, keys, values) => {
    const json = readJson(text);
    if (valid) expect(json).toEqual({ valid, keys, values });
    else expect(json.valid).toBe(false);
  });

  it('XML gives its names, attribute values, texts and CDATA', () => {
    expect(readXml('<?xml version="1"?><a b="c>d" e=\'f\'>g<![CDATA[<h>]]></a>')).toEqual([
      'version',
      '1',
      'a',
      'b',
      'c>d',
      'e',
      'f',
      'g<h>',
      'a',
    ]);
  });

  it('multipart gives its parts, with names and file names', () => {
    const body =
      '--b\r\nContent-Disposition: form-data; name="x"; filename="y.txt"\r\n\r\nz\r\n--b\r\ncontent-disposition: form-data; name=q\r\n\r\n\r\n--b--';
    expect(readMultipart(body, 'b', true, false, lower)).toMatchObject({
      parts: [
        { disposition: { names: ['x'], filenames: ['y.txt'], files: 1, doubts: 0 }, content: 'z' },
        { disposition: { names: ['q'], filenames: [], files: 0, doubts: 0 }, content: '' },
      ],
      rest: [],
    });
  });
});

describe('binary bodies', () => {
  it.each([
    ['plain text\r\nand more\tof it', false],
    ['\xe4\xbd\xa0\xe5\xa5\xbd', false],
    ['', false],
    ['\x0a\x03abc\x10\x01', true],
    [`${'a'.repeat(64)}\x00`, false],
  ])('%j: %s', (bytes, expected) => expect(isBinary(bytes)).toBe(expected));

  it('give their rows of text, compressed ones none', () => {
    expect(readRuns('\x00sixteen letters.\x01short\x02and seventeen more')).toEqual([
      'sixteen letters.',
      'and seventeen more',
    ]);
    expect(readRuns('\x1f\x8b\x08sixteen letters and more')).toEqual([]);
  });
});
