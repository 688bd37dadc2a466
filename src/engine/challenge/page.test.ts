import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { TestHost } from '../../../test/engine/host.ts';
import { isSolved } from '../engine.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-source.ts';
import { challengePage, compilePage, languageOf, problemBody, solutionIn } from './page.ts';

const host = new TestHost();
const challenge = {
  token: `c1.k1.1790000000.65536.p.${'a'.repeat(64)}`,
  difficulty: 65_536,
  fingerprint: false,
};

describe('the challenge page', () => {
  it.each([1, 10, 50, 63, 64, 65, 105, 119, 120, 200])(
    'finds what the engine takes, for a token of %i bytes',
    (length) => {
      const search = runInNewContext(
        `${PAGE_SCRIPT.slice(0, PAGE_SCRIPT.indexOf('(function () {'))}; search`,
      ) as (token: string, difficulty: number) => (count: number) => string | undefined;
      const token = 'x'.repeat(length);
      const step = search(token, 64);
      let nonce: string | undefined;
      while (nonce === undefined) nonce = step(7);
      expect(isSolved(host, token, nonce, 64)).toBe(true);
      // The first one: nothing before it would have done.
      for (let i = 0; i < Number(nonce); i++) expect(isSolved(host, token, String(i), 64)).toBe(false);
    },
  );

  it('is ASCII throughout, so that its bytes are the same everywhere', () => {
    for (const language of ['zh', 'en'] as const) {
      expect(challengePage(challenge, 'e-1', language)).toMatch(/^[\x09\x0a\x20-\x7e]*$/);
      expect(problemBody(403, 'e-1', language)).toMatch(/^[\x20-\x7e]*$/);
    }
    expect(PAGE_SCRIPT + PAGE_STYLE).not.toMatch(/<\/|<!--/);
  });

  it('loads nothing from anywhere', () => {
    const markup = challengePage(challenge, 'e-1', 'en').replace(PAGE_SCRIPT, '');
    expect(markup).not.toMatch(/\b(src|href|action|url)\s*[=(]|@import/);
    expect(markup + PAGE_SCRIPT).not.toMatch(/https?:/);
    const policy = compilePage(host).headers.find(({ name }) => name === 'content-security-policy')?.value;
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('shows texts as texts', () => {
    const page = challengePage({ ...challenge, token: '"><script>' }, '<b>&', 'en');
    expect(page).toContain('data-token="&#34;&#62;&#60;script&#62;"');
    expect(page).toContain('&#60;b&#62;&#38;');
  });
});

describe('a problem', () => {
  it('is JSON of RFC 9457 in either language', () => {
    expect(JSON.parse(problemBody(403, 'e-1', 'en'))).toMatchObject({
      status: 403,
      title: 'Forbidden',
      event_id: 'e-1',
    });
    expect(JSON.parse(problemBody(429, 'e-1', 'zh'))).toMatchObject({
      status: 429,
      title: 'Too Many Requests',
      detail: '请求过于频繁，请稍后再试。',
    });
  });
});

describe('the language', () => {
  it.each([
    ['', 'zh'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en-GB,en;q=0.9', 'en'],
    ['EN', 'en'],
    ['fr-FR', 'en'],
    ['fr, en;q=0.3, zh;q=0.4', 'zh'],
    ['zh;q=0, en;q=0.1', 'en'],
    ['en;q=0.25, zh;q=0.3', 'zh'],
    ['zh;q=0.899,en;q=0.9', 'en'],
    ['zh ; q=1.0 , en', 'zh'],
    ['english, zhong', 'en'],
    [';;;,,,q=,zh;q=', 'en'],
  ])('of %j is %s', (header, language) => {
    expect(languageOf(host, header)).toBe(language);
  });
});

describe('a solution', () => {
  it('stands for a POST to the reserved path, by the client who sent it', () => {
    const headers = [
      { name: 'user-agent', value: 'x' },
      { name: 'x-lockstep-solution', value: 'token=t&nonce=1' },
    ];
    const request = {
      method: 'GET',
      target: '/a?b',
      host: 'h',
      scheme: 'https',
      remote_ip: '::1',
      headers,
    } as const;
    expect(solutionIn(request)).toEqual({
      request: { ...request, method: 'POST', target: '/.lockstep/verify' },
      body: 'token=t&nonce=1',
    });
    expect(solutionIn({ ...request, headers: [] })).toBeUndefined();
  });
});
