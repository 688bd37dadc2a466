/** The challenge in a real Chromium: solved on one gateway, good on the other. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Cleanup, type Echo, cleanUp } from '../gateway/fixture.ts';
import { until } from '../support/until.ts';
import { type Edge, startEdge } from './edge.ts';

const CHROMIUM = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
const SCREENSHOTS = process.env['SCREENSHOTS'];

const missingPart = (): string | undefined => {
  if (!existsSync(CHROMIUM)) return `${CHROMIUM} is not there (apt-get install chromium)`;
  try {
    createRequire(import.meta.url).resolve('playwright-core');
    return undefined;
  } catch {
    return 'playwright-core is not installed (npm ci)';
  }
};

const missing = missingPart();
if (missing !== undefined) process.stderr.write(`SKIPPED: the challenge in a real browser: ${missing}\n`);

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // A name that is no secure context: no WebCrypto and no client hints there.
  '--host-resolver-rules=MAP shop.test 127.0.0.1',
];
/** Under automation Chromium says so in navigator.webdriver; this makes it the browser of a person again. */
const AS_A_PERSON = '--disable-blink-features=AutomationControlled';

const browsers = new Map<string, Browser>();
const launch = async (...more: string[]): Promise<Browser> => {
  const name = more.join(' ');
  const known = browsers.get(name);
  if (known) return known;
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...ARGS, ...more] });
  browsers.set(name, browser);
  return browser;
};

const stack: Cleanup = [];
let edge: Edge;
let contexts: BrowserContext[] = [];

const addressOf = (gateway: number, host = '127.0.0.1'): string => {
  const { port } = new URL(edge.gateways[gateway]?.urls[0] ?? '');
  return `http://${host}:${port}`;
};

/** A fresh visitor. */
const visit = async (options: BrowserContextOptions = {}, browser?: Browser): Promise<Page> => {
  const context = await (browser ?? (await launch(AS_A_PERSON))).newContext({ locale: 'en-GB', ...options });
  contexts.push(context);
  return context.newPage();
};

/** The origin's page: what it was asked. */
const origin = async (page: Page): Promise<Echo> => {
  // The page's policy forbids to evaluate text, also to tests.
  await page
    .locator('body')
    .filter({ hasText: /^\s*\{/ })
    .waitFor();
  return JSON.parse(await page.innerText('body')) as Echo;
};

const shot = async (page: Page, name: string): Promise<void> => {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: `${SCREENSHOTS}/challenge-${name}.png` });
};

/** Holds the solution back, so that the page stays as it is while it works. */
const holdSolution = async (page: Page): Promise<void> => {
  await page.route('**/*', async (route) => {
    if (route.request().headers()['x-lockstep-solution'] === undefined) await route.continue();
  });
};

describe.skipIf(missing !== undefined)('the challenge in Chromium', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    edge = await startEdge(stack);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([...browsers.values()].map((browser) => browser.close()));
    await cleanUp(stack);
  }, 60_000);
  beforeEach(async () => {
    await edge.configure({ challenge_all: true });
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });

  it('is solved by itself on one gateway, keeps the address, and is not asked on the other', async () => {
    const page = await visit();
    const answers: string[] = [];
    const problems: string[] = [];
    page.on('response', (response) => {
      const { origin, pathname, protocol } = new URL(response.url());
      // The Worker's own text, and what Chromium asks every site for.
      if (protocol !== 'blob:' && pathname !== '/favicon.ico') answers.push(`${response.status()} ${origin}`);
    });
    page.on('console', (message) => {
      // Chromium reports the 403 of the page itself as a failed resource, and a missing favicon.
      const resource = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !resource) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    const began = performance.now();
    await page.goto(`${addressOf(0)}/shop/x?q=1&q=2#part`);
    const first = await origin(page);
    const took_ms = performance.now() - began;
    process.stdout.write(`  from the first request to the origin’s page: ${took_ms.toFixed(0)} ms\n`);
    expect(first.path).toBe('/shop/x?q=1&q=2');
    expect(first.headers['x-lockstep-clearance']).toBe('plain');
    expect(page.url()).toBe(`${addressOf(0)}/shop/x?q=1&q=2#part`);
    // The page, the solution, the origin's page; and not one request to anywhere else.
    const [one, two] = [addressOf(0), addressOf(1)];
    expect(answers).toEqual([`403 ${one}`, `200 ${one}`, `200 ${one}`]);
    expect(problems).toEqual([]);
    await page.goto(`${two}/shop/y`);
    expect((await origin(page)).path).toBe('/shop/y');
    expect(answers.slice(3)).toEqual([`200 ${two}`]);
  });

  it.each([
    ['en-GB', 'en', 'Checking your browser', /takes less than a second/],
    ['zh-CN', 'zh-CN', '正在验证您的浏览器', /请稍候/],
  ])('is shown in the language of the browser: %s', async (locale, lang, title, status) => {
    const page = await visit({ locale });
    await holdSolution(page);
    await page.goto(`${addressOf(0)}/shop/x`);
    expect(await page.title()).toBe(title);
    expect(await page.getAttribute('html', 'lang')).toBe(lang);
    expect(await page.getByRole('heading').innerText()).toBe(title);
    await until('it says what it does', async () => status.test(await page.getByRole('status').innerText()));
    expect(await page.locator('code').innerText()).toMatch(/^[0-9a-f-]{36}$/);
    await shot(page, locale);
  });

  it('stands still for who asked for less motion', async () => {
    const page = await visit({ reducedMotion: 'reduce', colorScheme: 'dark' });
    await holdSolution(page);
    await page.goto(`${addressOf(0)}/shop/x`);
    const animation = () =>
      page.evaluate<string>('getComputedStyle(document.querySelector("i")).animationName');
    expect(await animation()).toBe('none');
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await animation()).toBe('turn');
    await shot(page, 'dark');
  });

  it('is solved without a Worker', async () => {
    const page = await visit();
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'Worker'));
    await page.goto(`${addressOf(0)}/shop/x`);
    expect((await origin(page)).headers['x-lockstep-clearance']).toBe('plain');
  });

  it('is solved on plain HTTP, where there is no WebCrypto', async () => {
    const page = await visit();
    await holdSolution(page);
    await page.goto(`${addressOf(0, 'shop.test')}/shop/x`);
    expect(await page.evaluate<unknown>('crypto.subtle')).toBeUndefined();
    await page.unroute('**/*');
    await page.reload();
    expect((await origin(page)).headers['x-lockstep-clearance']).toBe('plain');
  });

  it('shows the browser where js_fingerprint asks for it, and what it repeats is checked again', async () => {
    await edge.configure({ challenge_all: true, js_fingerprint: true });
    for (const host of ['127.0.0.1', 'shop.test']) {
      const page = await visit();
      await page.goto(`${addressOf(0, host)}/shop/x`);
      expect((await origin(page)).headers['x-lockstep-clearance']).toBe('fingerprinted');
      await page.goto(`${addressOf(1, host)}/shop/x`);
      const { headers } = await origin(page);
      expect(headers['x-lockstep-clearance']).toBe('fingerprinted');
      // The same cookie from a client that prefers another language.
      const stolen = { cookie: headers['cookie'] ?? '', 'user-agent': headers['user-agent'] ?? '', host };
      const answer = await edge.get(1, '/shop/x', { ...stolen, 'accept-language': 'fr-FR' });
      expect(answer.status).toBe(403);
    }
  });

  it('refuses a browser that is driven by a program, and says how to go on', async () => {
    await edge.configure({ challenge_all: true, js_fingerprint: true });
    const page = await visit({}, await launch());
    await page.goto(`${addressOf(0)}/shop/x`);
    expect(await page.evaluate<boolean>('navigator.webdriver')).toBe(true);
    await until('it says that it failed', async () =>
      (await page.getByRole('status').innerText()).includes('did not pass'),
    );
    expect(await page.getByRole('button').innerText()).toBe('Try again');
    await shot(page, 'failed');
    await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
    await until('it has tried again', async () =>
      (await page.getByRole('status').innerText()).includes('did not pass'),
    );
  });

  it('stops when the clearance does not stick, instead of solving for ever', async () => {
    const page = await visit();
    let solved = 0;
    await page.route('**/*', async (route) => {
      if (route.request().headers()['x-lockstep-solution'] === undefined) return route.continue();
      solved += 1;
      return route.fulfill({ status: 200, contentType: 'application/json', body: '{"ok":true}' });
    });
    await page.goto(`${addressOf(0)}/shop/x`);
    await page.getByRole('button').waitFor();
    expect(await page.getByRole('status').innerText()).toMatch(/needs cookies/);
    expect(solved).toBe(3);
  });

  it.each([
    ['en-GB', /switch JavaScript on/],
    ['zh-CN', /请启用 JavaScript/],
  ])('tells who has no JavaScript what to do: %s', async (locale, text) => {
    const page = await visit({ locale, javaScriptEnabled: false });
    const answer = await page.goto(`${addressOf(0)}/shop/x`);
    expect(answer?.status()).toBe(403);
    expect(await page.locator('noscript').innerText()).toMatch(text);
    await shot(page, `noscript-${locale}`);
  });
});
