import { describe, expect, it } from 'vitest';
import { TestHost } from '../../../test/engine/host.ts';
import type { Verdict } from '../engine.ts';
import { compileKeyring, compilePolicy, decideBody, decideHead, explain } from '../engine.ts';

const gateway = { trusted_proxies: [], keyring: compileKeyring([]) };
const policy = compilePolicy({ id: 't' }, { id: 'r' });
const FORM = 'application/x-www-form-urlencoded';
const SQL = "1' union select password from users--";
/** Found in a value of its own only. */
const SHORT = "1' or '1'='1";

const inspect = (types: string | readonly string[], body: string): Verdict => {
  const host = new TestHost();
  const headers = [
    { name: 'user-agent', value: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/119.0.0.0' },
    { name: 'accept', value: '*/*' },
    { name: 'content-length', value: '1' },
    ...[types].flat().map((value) => ({ name: 'content-type', value })),
  ];
  const request = { method: 'POST', target: '/', host: 'a', scheme: 'http', remote_ip: '192.0.2.1' } as const;
  const head = { ...request, headers };
  const decision = decideHead(host, gateway, policy, head);
  return decision.verdict ?? decideBody(host, gateway, policy, head, decision, body);
};
const post = (types: string | readonly string[], body: string): Verdict =>
  inspect(types, Buffer.from(body, 'utf8').toString('latin1'));
const blocked = (types: string | readonly string[], body: string): void => {
  const verdict = post(types, body);
  expect(verdict.decided, explain(verdict)).toBe('block');
};
const passes = (types: string | readonly string[], body: string): void => {
  const verdict = post(types, body);
  expect(verdict.decided, explain(verdict)).toBe('pass');
};

const part = (disposition: string, content: string, more = ''): string =>
  `Content-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}`;
const multipart = (...parts: readonly string[]): string =>
  `${parts.map((each) => `--b\r\n${each}\r\n`).join('')}--b--\r\n`;
const TYPE = 'multipart/form-data; boundary=b';
const field = part('name="id"', SHORT);

describe('the type of a body', () => {
  it.each([
    ['a form', `${FORM}; x="multipart/"; boundary=zz`, `id=${SHORT}`],
    ['JSON', 'application/json; x="multipart/"; boundary=zz', JSON.stringify({ a: SHORT })],
    ['two types joined', `${FORM}, multipart/form-data; boundary=zz`, `id=${SHORT}`],
    ['a form without boundary', 'multipart/form-data', `id=${SHORT}`],
    ['a form without parts', 'multipart/form-data; boundary=zz', `id=${SHORT}`],
    ['JSON without parts', 'multipart/mixed; boundary=zz', JSON.stringify({ a: SHORT })],
  ])('is what stands before its parameters: %s', (_, type, body) => blocked(type, body));

  it('may be said twice: the body is judged as both, in any order', () => {
    const types = [FORM, 'multipart/form-data; boundary=zz', 'application/json'];
    blocked(types, `id=${SHORT}`);
    blocked([...types].reverse(), `id=${SHORT}`);
    blocked(['text/plain', TYPE], multipart(field));
    expect(explain(post(types, 'id=a'))).toBe(explain(post([...types].reverse(), 'id=a')));
  });
});

describe('the boundary of a multipart body', () => {
  it.each([
    'boundary=zz; boundary=b',
    'boundary=b; boundary=zz',
    'x-boundary=zz; boundary=b',
    'x="; boundary=zz"; boundary=b',
    'boundary="\\b"',
    'boundary=b\t',
    'Boundary = b',
    'boundary=b, x',
  ])('is all that it may be read as: %s', (parameters) =>
    blocked(`multipart/form-data; ${parameters}`, multipart(field)),
  );

  it('hides nothing where it stands within a line', () => {
    blocked(TYPE, multipart(part('name="id"', `1--b' union select password from users--`)));
    blocked(TYPE, multipart(part('name="id"', `--bx\r\n\r\n${SHORT}`)));
  });
});

describe('what is in no part', () => {
  it('before, between and behind the parts is judged by its look', () => {
    const one = part('name="a"', '1');
    blocked(TYPE, `id=1&x=${SHORT}\r\n${multipart(one)}`);
    blocked(TYPE, `${multipart(one)}id=1&x=${SHORT}`);
    blocked(TYPE, `${multipart(one)}${JSON.stringify({ a: SHORT })}`);
    blocked(TYPE, `--b\r\n${one}\r\n--b\r\nid=1&x=${SHORT}\r\n--b--`);
    blocked(TYPE, `--b\r\n${part('name="f"; filename="a.txt"', `id=1&x=${SHORT}`)}`);
    passes(TYPE, `--b\r\n${one}`);
    const cut = `--b\r\n${part('name="f"; filename="a.txt"', 'a '.repeat(65_470))}\r\n--b\r\nContent-Disposition: form-data; name="x"`;
    passes(TYPE, cut.padEnd(131_072, 'x').slice(0, 131_072));
    passes(TYPE, `This is a message of several parts.\r\n${multipart(one)}Good bye`);
  });
  it('beyond so many parts is judged as well', () => {
    const many = Array.from({ length: 250 }, (_, i) => part('name="x"', `${i}`));
    blocked(TYPE, multipart(...many, part('name="id"', SQL)));
    passes(TYPE, multipart(...many, ...many));
    const short = Array.from({ length: 4_000 }, () => '\n1');
    blocked(TYPE, multipart(...short, part('name="id"', SQL)));
  });
});

describe('bodies that would be read again and again', () => {
  const cost = (type: string, body: string): number => {
    const costs = Array.from({ length: 3 }, () => {
      const from = process.cpuUsage();
      post(type, body);
      const { user, system } = process.cpuUsage(from);
      return user + system;
    });
    return Math.min(...costs);
  };
  const fill = (unit: string): string => unit.repeat(131_072 / unit.length);
  it.each([
    ['boundaries without parts', TYPE, fill('--b\n')],
    ['boundaries that begin alike', `${TYPE}; boundary=bb; boundary=bbb; boundary=bbbb`, fill('--bbbb\n\n')],
    ['parts of parts', TYPE, fill(`--b\nContent-Type: multipart/x; boundary=b\n\n`)],
    ['headers that go on', TYPE, `--b\nx: y\n${fill(' a\n')}`],
    ['semicolons', TYPE, `--b\nContent-Disposition: x${fill(';')}\n\n`],
    ['names of files', TYPE, `--b\nContent-Disposition: x${fill('filename=')}\n\n`],
    ['pieces of names', TYPE, `--b\nContent-Disposition: x${fill('filename*')}\n\n`],
    ['quotes', TYPE, `--b\nContent-Disposition: x${fill('filename*0="\\"')}\n\n`],
  ])('cost a bounded time: %s', (_, type, body) => {
    // Some 20 to 100 ms on two slow cores; reading to the end for each would take seconds.
    expect(cost(type, body) / 1_000).toBeLessThan(1_000);
  });

  it('openers of templates, which rules look behind, cost no more than a few times what quotes do', () => {
    const quotes = cost('text/plain', fill("a='"));
    for (const unit of ['{', '{{', '{%', '{#', '{$', '%{', '{\0'])
      expect(cost('text/plain', fill(unit)) / quotes, unit).toBeLessThan(8);
  });
});

describe('the headers of a part', () => {
  it.each([
    ['another header', `Content-Type: text/plain; filename=a\r\n${field}`],
    ['a quoted text', part('name="id"; x="filename=a"', SHORT)],
    ['an escaped quote', part('name="id\\"; filename=\\"a"', SHORT)],
    ['an empty name', part('name="id"; filename=""', SHORT)],
    ['blanks before the sign', part('name="id"; filename ="a"', SHORT)],
    ['an extended name alone', part('name="id"; filename*=UTF-8\'\'a', SHORT)],
    ['a second disposition', `Content-Disposition: form-data; filename="a"\r\n${field}`],
  ])('make no file of a value: %s', (_, each) => blocked(TYPE, multipart(each)));

  it.each([
    'filename="x.png"; filename="x.php"',
    'filename="x.php"; filename="x.png"',
    "filename='x.php'",
    'filename = "x.php"',
    'filename=x.php',
    'filename="a\\"b.php"',
    'filename="x.png"; filename*=UTF-8\'\'x%2ephp',
    'filename*0="x.p"; filename*1="hp"',
    'x="filename=x.php',
    'filename*1="hp"; filename*0="x.p"',
    "filename*0*=UTF-8''x%2ep; filename*1*=hp",
    `${'filename=a; '.repeat(30)}filename="x.php"${'; q="filename=b"'.repeat(30)}`,
  ])('name a script in any spelling: %s', (names) => {
    const verdict = post(TYPE, multipart(part(`name="f"; ${names}`, 'a')));
    expect(verdict.signals.map(({ id }) => id)).toContain('upload_script');
  });

  it('are judged themselves', () => {
    blocked(TYPE, multipart(part('name="id"', '1', 'Content-Type: ${jndi:ldap://x/a}\r\n')));
    blocked(TYPE, multipart(part('name="id"; a="${jndi:ldap://x/a}"', '1')));
    blocked(TYPE, multipart(part('name="id"', '1', 'X: a\r\n ${jndi:ldap://x/a}\r\n')));
    blocked(TYPE, multipart(`Content-Disposition: form-data; name="id"\n\n${SHORT}\r\n\r\nx`));
    passes(TYPE, multipart(part('name="f"; filename="a; b (1).jpg"', SHORT, 'Content-Type: image/jpeg\r\n')));
    passes(TYPE, multipart(part('name="a"', 'b', 'Content-Type: text/plain; charset="UTF-8"\r\n')));
  });

  it('may be many, and hide neither a name nor a value', () => {
    const many = 'X: a\r\n'.repeat(3_000);
    const named = post(TYPE, multipart(`${many}${part('name="f"; filename="x.php"', 'a')}`));
    expect(named.signals.map(({ id }) => id)).toContain('upload_script');
    blocked(TYPE, multipart(part('name="f"; filename="x"', SHORT, many)));
    blocked(TYPE, multipart(part('name="a"', SHORT, ' x\r\n'.repeat(3_000))));
  });

  it('may say that a part has parts', () => {
    const inner = `--c\r\n\r\n${SHORT}\r\n--c--`;
    blocked(TYPE, multipart(part('name="id"', inner, 'Content-Type: multipart/mixed; boundary=c\r\n')));
  });
});

const XML = 'application/xml';
const XXE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>';
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

describe('an XML document', () => {
  it.each([
    ['a comment', `${HEAD}<!--${'A'.repeat(4_200)}-->${XXE}`],
    ['a comment in an instruction', `${HEAD}<?x <!-- ?>${XXE}<!-- -->`],
    ['blanks', `${HEAD}${' '.repeat(4_200)}${XXE}`],
    ['line breaks', `\n${HEAD}${'\n'.repeat(100_000)}${XXE}`],
    [
      'blanks in its declaration',
      `${HEAD}<!DOCTYPE r${' '.repeat(4_200)}SYSTEM "http://x.example/a.dtd"><r/>`,
    ],
    ['text', `<a>${'x'.repeat(4_200)}<xi:include xmlns:xi="a" href="file:///etc/hostname"/></a>`],
    ['the mark of its bytes', `\ufeff${XXE}`],
  ])('is read to its end behind %s', (_, body) => {
    blocked(XML, body);
    blocked('', `${HEAD}${body}`);
  });

  it('may be written in two bytes a sign', () => {
    const verdict = (text: string) =>
      inspect('application/xml; charset=utf-16', Buffer.from(text, 'utf16le').toString('latin1'));
    expect(verdict(`\ufeff${XXE}`).decided).toBe('block');
    expect(verdict(XXE).decided).toBe('block');
    expect(verdict(`\ufeff${JSON.stringify({ a: SHORT })}`).decided).toBe('block');
    expect(verdict('<a>One &amp; two</a>').decided).toBe('pass');
    expect(verdict(`\n\t${JSON.stringify({ a: SHORT })}`).decided).toBe('block');
  });

  it('may be written in four bytes a sign, or the other way around', () => {
    const write = (signs: (sign: string) => string) => Array.from(XXE, signs).join('');
    for (const body of [
      write((sign) => `\0${sign}`),
      write((sign) => `${sign}\0\0\0`),
      write((sign) => `\0\0\0${sign}`),
    ])
      expect(inspect(XML, body).decided).toBe('block');
  });

  it.each([1, 150, 4_000])('may be called by a name of %i letters', (length) => {
    blocked(XML, `<!DOCTYPE ${'r'.repeat(length)} SYSTEM "http://x.example/a.dtd"><r/>`);
    blocked(
      XML,
      `<!-- <!DOCTYPE r> --><!DOCTYPE ${'r'.repeat(length)} PUBLIC "x" "http://x.example/a.dtd"><r/>`,
    );
  });

  it('has values of which comments and CDATA are no end', () => {
    blocked(XML, `<a>1' union <!-- -->select password from users--</a>`);
    blocked(XML, "<a>1' o<!-- -->r '1'<?x?>='1</a>");
    blocked(XML, "<a>1' o<![CDATA[r '1'='1]]></a>");
  });

  it('has instructions and declarations, and any number of texts', () => {
    blocked(XML, `${HEAD}<?php system('id'); ?><a/>`);
    blocked(XML, `${HEAD}<a>${'<b>1</b>'.repeat(1_100)}<c>${SHORT}</c></a>`);
    blocked(XML, `${HEAD}<a>${'<b>1</b>'.repeat(9_000)}<c>${SQL}</c></a>`);
    passes(
      XML,
      `${HEAD}<?xml-stylesheet type="text/xsl" href="a.xsl"?><?mso-application progid="Word.Document"?><!-- it's <b> --><a>${'<b>1</b>'.repeat(9_000)}</a>`,
    );
    passes(
      XML,
      '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><html/>',
    );
  });
});

describe('a document that is sent as a file', () => {
  const file = (name: string, content: string): string =>
    multipart(part(`name="f"; filename="${name}"`, content));
  it('declares no entities of elsewhere, and none of others', () => {
    blocked(TYPE, file('a.svg', `${HEAD}<!--${'A'.repeat(4_200)}-->${XXE}`));
    blocked(TYPE, file('a.xml', `\n${XXE}`));
    blocked(TYPE, file('a.png', '<!DOCTYPE r SYSTEM "http://x.example/a.dtd"><r/>'));
    blocked(TYPE, file('a.xml', '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><r>&b;</r>'));
    blocked(TYPE, file('a.xml', '<!DOCTYPE r [<!ENTITY % a "b">]><r/>'));
  });
  it('may declare what drawing programs do, and name schemas', () => {
    const svg =
      '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [\n\t<!ENTITY ns_svg "http://www.w3.org/2000/svg">\n]>\n<svg xmlns="&ns_svg;"><style>.a{fill:url(#b)}</style></svg>';
    passes(TYPE, file('a.svg', HEAD + svg));
    passes(
      TYPE,
      file(
        'pom.xml',
        '<project xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd"><!-- a & b --></project>',
      ),
    );
  });
});

const JSON_TYPE = 'application/json';
/** Not found in the whole of a document: quotes and escapes stand in its way. */
const LEAF = `{"a" : ${JSON.stringify(SHORT)}}`;

describe('JSON', () => {
  it.each([
    ['before a colon', LEAF.replace(' : ', '\n\t: ')],
    ['before all of it', `\r\n \t${LEAF}`],
    ['everywhere', LEAF.replaceAll(' ', '\r\n\t ').replace('{', '{\n').replace('}', '\t\r\n}\n')],
    ['after the mark of its bytes', `\ufeff\n${LEAF}`],
    ['in a text of it', JSON.stringify({ a: `\n\t${LEAF}` })],
  ])('has blanks %s', (_, body) => {
    blocked(JSON_TYPE, body);
    blocked('text/plain', body);
    blocked('', body);
    blocked(FORM, `a=${encodeURIComponent(body)}`);
  });

  it('has any number of texts', () => {
    const many = (count: number, last: string): string =>
      JSON.stringify([...Array<string>(count).fill('a'), last]);
    blocked(JSON_TYPE, many(2_001, SHORT));
    blocked(JSON_TYPE, many(9_000, SQL));
    blocked(JSON_TYPE, many(9_000, SQL).replace('union', '\\u0075nion'));
    passes(JSON_TYPE, many(9_000, "it's"));
    passes(
      JSON_TYPE,
      JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: 'A b', on: true }))),
    );
  });

  it('reaches for no prototype, however it is written', () => {
    blocked(JSON_TYPE, '{"constructor"\n:\t{\r\n"prototype" : {"a":1}}}');
    blocked(JSON_TYPE, '{"\\u0063onstructor":{"b":1,"prototype":{"a":1}}}');
    blocked(JSON_TYPE, '{"\\u0063onstructor":{"constructor":{"b":{"c":1},"prototype":{"a":1}}}}');
    blocked(JSON_TYPE, '{"\\u005f_proto_\\u005f":{"a":1}}');
    passes(JSON_TYPE, '{"constructor":[{"prototype":true}]}');
    passes(JSON_TYPE, '{"constructor":"Mercedes","prototype":{"a":1}}');
    passes(JSON_TYPE, '{"constructor":{"name":"Lola"},"car":{"prototype":true}}');
  });
});

describe('a form', () => {
  it.each([`{&id=${SHORT}`, `[&id=${SHORT}`, `{=1&id=${SHORT}`, `\n{=1&id=1'+or+'1'='1`, `[]=1&id=${SHORT}`])(
    'may open like JSON: %s',
    (body) => {
      blocked(FORM, body);
      blocked('', body);
    },
  );

  it('has any number of pairs, a path of segments', () => {
    blocked(FORM, `${'a=1&'.repeat(600)}id=http://169.254.169.254/latest/`);
    blocked(FORM, `${'a=1&'.repeat(7_000)}id=${SHORT}`);
    blocked(FORM, `${'a=1&'.repeat(9_000)}id=${SQL}`);
    passes(FORM, `${'a=1&'.repeat(9_000)}id=it's`);
    const target = `/${'a/'.repeat(40)}${encodeURIComponent(SHORT)}/${'b/'.repeat(40)}`;
    const head = {
      method: 'GET',
      target,
      host: 'a',
      scheme: 'http',
      remote_ip: '192.0.2.1',
      headers: [],
    } as const;
    expect(decideHead(new TestHost(), gateway, policy, head).verdict?.decided).toBe('block');
  });
});

describe('a file', () => {
  it('may be one for some servers only: of bytes that are no text, only rows of text are a value', () => {
    const bytes = Array.from({ length: 20_000 }, (_, i) =>
      String.fromCharCode((i * i * 7 + i * 31) % 251),
    ).join('');
    const body = multipart(part('name="f"; filename*=UTF-8\'\'%C3%A9.png', `${bytes};id;$(id)`));
    expect(inspect(TYPE, body).decided).toBe('pass');
    blocked(TYPE, multipart(part('name="f"; filename*=UTF-8\'\'a', `\x01\x02\x03${SQL}`)));
  });
  it('may be a body of its own: a picture, a font or a program is no message that holds values', () => {
    const rows = `\x01\x02\x03\x04\x05\x06\x07${"' '&54767&'&5476!'"}\0../iconv/skeleton.c\0${SQL}\0`;
    for (const type of ['image/x-icon', 'font/ttf', 'audio/midi', 'video/mp4'])
      expect(inspect(type, rows).decided, type).toBe('pass');
    const begins = ['\x7fELF', '\0asm', 'OTTO', 'GIF89a', '\xde\x12\x04\x95', '\0\x01\0\0\0'];
    for (const start of begins)
      expect(inspect('application/octet-stream', start + rows).decided).toBe('pass');
    expect(inspect('application/octet-stream', rows).decided).toBe('block');
    expect(inspect('application/x-protobuf', rows).decided).toBe('block');
    expect(inspect(['image/png', 'application/x-protobuf'], rows).decided).toBe('block');
    blocked('image/png', `id=1&x=${SQL}`);
    expect(inspect('image/gif', `GIF89a${'\x01'.repeat(8_000)}<?php system($_GET[0]); ?>`).decided).toBe(
      'block',
    );
  });
  it('is read to its end', () => {
    const file = (content: string): string => multipart(part('name="f"; filename="a.gif"', content));
    blocked(TYPE, file(`GIF89a${'\u0001'.repeat(8_000)}<?php system($_GET[0]); ?>`));
    blocked(TYPE, file(`${'a'.repeat(100_000)}<%= system("id") %>`));
    passes(TYPE, file(`${'a'.repeat(100_000)}<?xpacket end="w"?> 5 <% 6`));
  });
});
