import { createHmac } from 'node:crypto';
import type { Header } from '../../src/engine/engine.ts';
import type { Setup, Vector } from './differential.ts';

/** A small deterministic generator (mulberry32): one seed gives the same requests on any machine. */
export const random = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const SECRET = 'sixteen bytes or more of secret';

/** Policies of every kind, and values that a record written by hand may hold. */
export const SETUP: Setup = {
  trusted_proxies: ['10.0.0.0/8', '2001:db8:ffff::/48', '::ffff:192.0.2.0/120'],
  keys: [
    { id: 'old', secret: 'an old key that only verifies', state: 'verify' },
    { id: 'k1', secret: SECRET, state: 'signing' },
    { id: 'gone', secret: 'a retired key, sixteen bytes', state: 'retired' },
    { id: 'short', secret: 'short', state: 'signing' },
  ],
  policies: [
    { tenant: { id: 't1' }, route: { id: 'r1' } },
    { tenant: { id: 't1', rate_limit: 5, threat_threshold: 30 }, route: { id: 'r2', js_fingerprint: true } },
    {
      tenant: { id: 't2', deny: ['203.0.113.0/24', '2001:db8::/33'], allow: ['198.51.100.0/25'] },
      route: { id: 'r3', mode: 'observe' },
    },
    {
      tenant: { id: 't2', js_challenge: false, rate_limit: { count: 20, window_s: 7, scope: 'fleet' } },
      route: { id: 'r4', challenge_all: true },
    },
    { tenant: { id: 't3', enabled_defense: false }, route: { id: 'r5' } },
    {
      tenant: { id: 't3', challenge_all: true, js_fingerprint: true },
      route: { id: 'r6', threat_threshold: 0 },
    },
    {
      tenant: {
        id: 't4',
        threat_threshold: 'high',
        rate_limit: -3,
        allow: ['nonsense', '1.2.3.4/99'],
        mode: 7,
      },
      route: { id: 'r7', rate_limit: { count: 2.5 }, deny: [5] },
    },
  ],
};

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const FRAGMENTS = [
  '/',
  '/index.html',
  '/a/b/c',
  '/api/v1/users/42',
  '/../../etc/passwd',
  '/..',
  '..\\',
  '/.git/config',
  '/.env',
  '/cgi-bin/x',
  '.bak',
  '<script>alert(1)</script>',
  '<ScRiPt>',
  '<svg/onload=x>',
  ' onerror =x',
  'javascript:alert(1)',
  '<a href="j&#x61;vascript:1">',
  '&lt;b&gt;',
  '&colon;',
  '&#0000060',
  '&',
  "' or '1'='1",
  '" or ""="',
  'union select 1,2',
  'UNION/**/ALL/**/SELECT',
  '1 or 1=1--',
  ';drop table x',
  "admin'--",
  "'",
  '"',
  '`',
  '/*',
  '*/',
  '--',
  '#',
  '/*!50000select*/',
  '0x1f',
  '1e5',
  '1.e(',
  '@@version',
  'sleep(5)',
  'information_schema.tables',
  ' case when 1 then 2 end',
  '${jndi:ldap://x}',
  '${lower:j}',
  '() { :; };',
  '{{7*7}}',
  '<%= 1 %>',
  ';cat /etc/passwd',
  '|id',
  '`ls`',
  '$(id)',
  "c'a't /etc/pas$@swd",
  '&& ping -c 1 x',
  '\nid -a',
  '%comspec%',
  'if a==b echo',
  'http://169.254.169.254/',
  'php://filter',
  '<?php echo 1',
  '$_GET[1]',
  'O:1:"A":0:{',
  '__proto__',
  'constructor',
  'constructor[prototype]',
  'require("child_process")',
  'java.lang.Runtime',
  'rO0ABQ',
  'toString',
  'hasOwnProperty',
  '__class__',
  '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
  '\r\nSet-Cookie: a=b',
  '\r\nRCPT TO: <a@b>',
  '*)(uid=*',
  '[$ne]',
  '{"$where":"1"}',
  '{"a":{"b":["c",1.5e3,true,null]}}',
  '{"a":"\\u003cscript\\u003e"}',
  '[1,',
  '{"a"',
  '<a b="c">d</a>',
  '<![CDATA[x]]>',
  '\0',
  '\n',
  '\r\n',
  '\x0b',
  '\x0c',
  '\xa0',
  '\xc0\xaf',
  '\xe0\x80\xaf',
  '\xff',
  '\x85',
  '\xef\xbc\x9c',
  '\xef\xbd\x9e',
  '\xc0',
  '\xef\xbc',
  utf8('é'),
  utf8('日本語'),
  utf8('😀'),
  utf8('İ'),
  utf8('ſcript'),
  utf8('\u2028'),
  '\xc0\xc1\xdeABC',
  '%',
  '%%',
  '%2',
  '%zz',
  '%00',
  '%2e%2e%2f',
  '%252e%252e%252f',
  '%25252e',
  '%c0%af',
  '%u0041',
  '%uFF1C',
  '%1g',
  '+',
  '=',
  '&a=b',
  ';',
  '?',
  '\\x3c',
  '\\u{3c}',
  '\\u00',
  '\\',
  'PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg',
  'YWRtaW4nIG9yIDE9MQ==',
  'AAAA====',
  'hello world',
  'a',
  'Z9_',
  'foo-bar',
  'x=1',
  "it's 5 o'clock",
  'men\'s shoes 10" x 5"',
  'select a pair from the list',
  '    ',
  '\t\t\n\n  \n',
];

const AGENTS = [
  '',
  ' ',
  '-',
  '\xa0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
  'sqlmap/1.7',
  'SQLMAP',
  'Nikto',
  utf8('NİKTO'),
  'curl/8.0',
  'CURL 8',
  'python-requests/2',
  'HeadlessChrome',
  'Googlebot/2.1 (+http://www.google.com/bot.html)',
  '() { :; }; echo x',
  '((((',
  '))x((',
  'a (b (c) d) e; id',
  '0',
  'nil',
];

const ADDRESSES = [
  '',
  '1.2.3',
  '1.2.3.4.5',
  ' 1.2.3.4',
  '010.0.0.1',
  '0x7f.0.0.1',
  '1.2.3.4\0',
  '256.1.1.1',
  '1..3.4',
  '....',
  '::',
  ':::',
  '1::2::3',
  'fe80::1%eth0',
  '12345::',
  '::1',
  ':1',
  '1:',
  '::ffff:1.2.3.4',
  '::1.2.3.400',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::',
  '1:2:3:4:5:6:1.2.3.4',
  'g::1',
  'FE80::ABCD',
  '1.2.3.4:80',
  '[::1]:80',
  '[::1',
  'unix:',
  '198.51.100.7',
  '198.51.100.200',
  '203.0.113.9',
  '192.0.2.1',
  '10.1.2.3',
  '2001:db8::5',
  '2001:db8:ffff::1',
  '::ffff:192.0.2.9',
  'constructor',
];

/** `count` requests from one seed: ordinary, hostile and broken ones, at moments that move on and jump. */
export const generate = (count: number, seed: number): Vector[] => {
  const next = random(seed);
  const int = (n: number): number => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)] as T;
  const chance = (p: number): boolean => next() < p;
  const noise = (n: number): string => String.fromCharCode(...Array.from({ length: n }, () => int(256)));
  const percent = (text: string): string =>
    [...text].map((c) => (chance(0.6) ? `%${c.charCodeAt(0).toString(16).padStart(2, '0')}` : c)).join('');

  const text = (): string => {
    let out = '';
    const parts = 1 + int(chance(0.1) ? 14 : 5);
    for (let i = 0; i < parts; i++) {
      const r = next();
      if (r < 0.6) out += pick(FRAGMENTS);
      else if (r < 0.72) out += percent(pick(FRAGMENTS));
      else if (r < 0.76) out += percent(percent(pick(FRAGMENTS)));
      else if (r < 0.82)
        out += Buffer.from(pick(FRAGMENTS), 'latin1').toString(chance(0.5) ? 'base64' : 'base64url');
      else if (r < 0.9) out += noise(int(16));
      else out += pick([' ', '', 'a=', '&b=', "'", ' and ', ' or ', ' x ']);
    }
    return chance(0.01) ? out.repeat(1 + int(60)) : out;
  };

  const clearance = (now_ms: number, host: string, agent: string): string => {
    const expires = chance(0.8) ? Math.floor(now_ms / 1000) + int(1800) : Math.floor(now_ms / 1000) - int(9);
    const kind = pick(['p', 'f', 'x']);
    const kid = pick(['k1', 'k1', 'old', 'gone', 'none']);
    const secret = kid === 'k1' ? SECRET : 'an old key that only verifies';
    const parts = ['clearance', 'l1', kid, `${expires}`, pick(['t1', 't2', 't3']), host, agent, kind, '', ''];
    const message = parts.map((part) => `${part.length}:${part}`).join('');
    const mac = createHmac('sha256', secret).update(Buffer.from(message, 'latin1')).digest('hex');
    return pick([
      `l1.${kid}.${expires}.${kind}.${mac}`,
      `l1.${kid}.${expires}.${kind}.${mac}`,
      `l1.${kid}.${expires}.${kind}.${mac.slice(1)}`,
      `l1...${kind}.`,
      'l1',
      mac,
    ]);
  };

  const vectors: Vector[] = [];
  let now_ms = 1_790_000_000_000;
  for (let i = 0; i < count; i++) {
    now_ms += chance(0.002) ? int(90_000) : int(60);
    const agent = chance(0.9) ? pick(AGENTS) : noise(int(40));
    const host = pick(['shop.example', 'Shop.Example:8443', '[::1]:80', '', 'x:y:z']);
    const headers: Header[] = [];
    const put = (name: string, value: string): void => void headers.push({ name, value });
    if (chance(0.95)) put('user-agent', agent);
    if (chance(0.9)) put('accept', pick(['text/html,*/*;q=0.8', '*/*', '', 'application/json']));
    if (chance(0.6)) put('accept-language', pick(['en-US,en;q=0.9', '', 'de']));
    if (chance(0.3)) put('sec-ch-ua-platform', pick(['"Windows"', '"Linux"', '"x"', '']));
    if (chance(0.3)) put('sec-fetch-mode', pick(['navigate', 'cors', '']));
    if (chance(0.3))
      put(
        'x-forwarded-for',
        Array.from({ length: 1 + int(4) }, () => pick(ADDRESSES)).join(pick([',', ', ', ' ,'])),
      );
    if (chance(0.3)) put('referer', pick(['https://shop.example/', 'http://', text()]));
    if (chance(0.3))
      put(
        'cookie',
        `${chance(0.5) ? 'a=b; ' : ''}${pick(['lockstep-clearance', '__Host-lockstep-clearance', 'x'])}=${chance(0.7) ? clearance(now_ms, 'shop.example', agent) : text()}`,
      );
    if (chance(0.15))
      put(
        pick(['x-test', 'x-filename', 'via', 'forwarded', '__proto__', 'constructor', 'host', 'toString']),
        text(),
      );
    const hasBody = chance(0.4);
    const type = pick([
      'application/x-www-form-urlencoded',
      'application/json',
      'multipart/form-data; boundary=b',
      'multipart/form-data',
      'multipart/mixed; x="; boundary=c"; boundary="\\b"',
      'text/xml',
      'text/plain',
      '',
      'application/octet-stream',
    ]);
    if (hasBody && type !== '') put('content-type', type);
    if (hasBody && chance(0.1))
      put('content-type', pick(['application/json', 'multipart/x; boundary=b', 'a, text/xml', text()]));
    if (hasBody) put('content-length', pick(['5', '5', '5', '0', '-1', 'x', '99999999999999999']));
    if (chance(0.02)) put('transfer-encoding', 'chunked');
    let body = hasBody ? text() : '';
    if (hasBody && type.includes('boundary') && chance(0.8)) {
      body = `--b\r\nContent-Disposition: form-data; name="${text()}"${chance(0.3) ? `; ${pick(['filename', 'filename ', 'filename*', 'x'])}=${pick(['"', "'", ''])}${text()}"` : ''}\r\n${pick(['', '', 'Content-Type: multipart/x; boundary=c\n', ' x\r\n'])}\r\n${body}\r\n--b--\r\n${chance(0.2) ? text() : ''}`;
    }
    if (hasBody && type.includes('xml') && chance(0.7))
      body = `${pick(['', '\xef\xbb\xbf', '\n'])}<?xml version="1.0"?><a b="${text()}">${body}<!-- ${text()} -->${text()}<![CDATA[${text()}]]><?x ${text()}?></a>`;
    if (hasBody && type.includes('json') && chance(0.5))
      body = `${pick(['', '\xef\xbb\xbf', '\n\t'])}{"a"\n:[${JSON.stringify(text())}],"constructor":{${JSON.stringify(text())}:1}}${pick(['', '\r', '&a=b'])}`;
    if (hasBody && type.includes('urlencoded') && chance(0.5))
      body = `x=${percent(body)}&${percent(text())}=1`;
    if (hasBody && chance(0.02))
      body = `token=c1.k1.${Math.floor(now_ms / 1000)}.65536.p.${noise(4)}&nonce=${int(9)}&languages=en`;
    const target = chance(0.05)
      ? pick(['/.lockstep/verify', '/.lockstep/x?y', '/.lockstep', '*', ''])
      : `${chance(0.9) ? '/' : ''}${chance(0.5) ? text() : 'p'}${chance(0.6) ? `?q=${chance(0.5) ? percent(text()) : text()}` : ''}`;
    vectors.push({
      now_ms,
      policy: int(SETUP.policies.length),
      request: {
        method: pick(['GET', 'GET', 'GET', 'POST', 'HEAD', 'DELETE', 'get', '']),
        target,
        host,
        scheme: pick(['http', 'https']),
        remote_ip: chance(0.5) ? pick(ADDRESSES) : `198.51.100.${int(256)}`,
        headers,
      },
      body,
    });
  }
  return vectors;
};
