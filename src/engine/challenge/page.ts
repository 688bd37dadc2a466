import { base64Core } from '../text/base64.ts';
import type { Challenge } from './challenge.ts';
import type { Host } from '../host.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-source.ts';
import type { Header, RequestHead } from '../request.ts';
import { VERIFY_PATH } from './reserved.ts';
import { hexDigit, parseDecimal, split, startsWith, trim } from '../text/text.ts';

/**
 * The page that lets a browser prove itself, and the other answers a client may see. All text is ASCII: what is
 * not is written as HTML or JSON escapes, because strings are bytes here.
 */

export type Language = 'zh' | 'en';

/**
 * The page sends its solution in this header, as a form, with a GET of its own URL. A path of its own would need a
 * route for it on every host: one that names the same tenant, lets POST through, and that no other route shadows.
 */
const SOLUTION_HEADER = 'x-lockstep-solution';

/** The page's texts are HTML, the problems' are inside JSON strings. */
interface Texts {
  readonly lang: string;
  readonly title: string;
  readonly wait: string;
  readonly failed: string;
  readonly cookies: string;
  readonly busy: string;
  readonly again: string;
  readonly noscript: string;
  readonly event: string;
  readonly refused: string;
  readonly limited: string;
}

const ZH: Texts = {
  lang: 'zh-CN',
  title: '&#x6b63;&#x5728;&#x9a8c;&#x8bc1;&#x60a8;&#x7684;&#x6d4f;&#x89c8;&#x5668;',
  wait: '&#x8bf7;&#x7a0d;&#x5019;&#xff0c;&#x9a8c;&#x8bc1;&#x901a;&#x5e38;&#x5728;&#x4e00;&#x79d2;&#x5185;&#x5b8c;&#x6210;&#xff0c;&#x9875;&#x9762;&#x4f1a;&#x81ea;&#x52a8;&#x7ee7;&#x7eed;&#x3002;',
  failed:
    '&#x9a8c;&#x8bc1;&#x6ca1;&#x6709;&#x901a;&#x8fc7;&#x3002;&#x8bf7;&#x91cd;&#x8bd5;&#xff1b;&#x5982;&#x679c;&#x4ecd;&#x7136;&#x5931;&#x8d25;&#xff0c;&#x8bf7;&#x8054;&#x7cfb;&#x7f51;&#x7ad9;&#x5e76;&#x63d0;&#x4f9b;&#x4e0b;&#x9762;&#x7684;&#x4e8b;&#x4ef6;&#x7f16;&#x53f7;&#x3002;',
  cookies:
    '&#x9a8c;&#x8bc1;&#x9700;&#x8981; Cookie&#xff0c;&#x8bf7;&#x5141;&#x8bb8;&#x672c;&#x7ad9;&#x4f7f;&#x7528; Cookie &#x540e;&#x91cd;&#x8bd5;&#x3002;',
  busy: '&#x8bf7;&#x6c42;&#x8fc7;&#x4e8e;&#x9891;&#x7e41;&#xff0c;&#x8bf7;&#x7a0d;&#x5019;&#x518d;&#x8bd5;&#x3002;',
  again: '&#x91cd;&#x8bd5;',
  noscript:
    '&#x672c;&#x7ad9;&#x9700;&#x8981;&#x786e;&#x8ba4;&#x60a8;&#x4f7f;&#x7528;&#x7684;&#x662f;&#x6d4f;&#x89c8;&#x5668;&#xff0c;&#x8bf7;&#x542f;&#x7528; JavaScript &#x540e;&#x91cd;&#x65b0;&#x8f7d;&#x5165;&#x9875;&#x9762;&#x3002;',
  event: '&#x4e8b;&#x4ef6;&#x7f16;&#x53f7;',
  refused:
    '\\u8bf7\\u6c42\\u88ab\\u62d2\\u7edd\\u3002\\u5982\\u6709\\u7591\\u95ee\\uff0c\\u8bf7\\u8054\\u7cfb\\u7f51\\u7ad9\\u5e76\\u63d0\\u4f9b\\u4e8b\\u4ef6\\u7f16\\u53f7\\u3002',
  limited: '\\u8bf7\\u6c42\\u8fc7\\u4e8e\\u9891\\u7e41\\uff0c\\u8bf7\\u7a0d\\u540e\\u518d\\u8bd5\\u3002',
};

const EN: Texts = {
  lang: 'en',
  title: 'Checking your browser',
  wait: 'One moment. This usually takes less than a second, and the page goes on by itself.',
  failed: 'The check did not pass. Please try again; if it fails again, tell the site the event ID below.',
  cookies: 'The check needs cookies. Please allow them for this site and try again.',
  busy: 'Too many requests. Please wait a little and try again.',
  again: 'Try again',
  noscript:
    'This site needs to see that you are using a browser. Please switch JavaScript on and load the page again.',
  event: 'Event ID',
  refused: 'The request was refused. If you think it should not have been, tell the site the event ID.',
  limited: 'Too many requests. Try again later.',
};

export interface Page {
  /** What the challenge page is sent with. */
  readonly headers: readonly Header[];
}

/** `sha256-` and the base64 of it, as a content security policy names a script or style. */
function sourceHash(host: Host, text: string): string {
  const digest = host.sha256(text);
  let bytes = '';
  for (let i = 0; i < 64; i += 2) {
    bytes += String.fromCharCode(hexDigit(digest.charCodeAt(i)) * 16 + hexDigit(digest.charCodeAt(i + 1)));
  }
  // 32 bytes fix 42 digits and part of the 43rd; a zero byte completes it.
  return `'sha256-${base64Core(`${bytes}${String.fromCharCode(0)}`, 0).slice(0, 43)}='`;
}

/** What is the same for every challenge, once per start: nothing but this script and this style may run. */
export function compilePage(host: Host): Page {
  const policy = [
    "default-src 'none'",
    `script-src ${sourceHash(host, PAGE_SCRIPT)}`,
    `style-src ${sourceHash(host, PAGE_STYLE)}`,
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
  return {
    headers: [
      { name: 'content-type', value: 'text/html; charset=utf-8' },
      { name: 'content-security-policy', value: policy },
      { name: 'cache-control', value: 'no-store' },
      { name: 'x-frame-options', value: 'SAMEORIGIN' },
      { name: 'x-content-type-options', value: 'nosniff' },
      { name: 'x-robots-tag', value: 'noindex' },
      { name: 'referrer-policy', value: 'same-origin' },
    ],
  };
}

/** Thousandths of the `q=` among the parameters of one language, 1000 without one. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const text = trim(parameter);
    if (!startsWith(text, 'q=')) continue;
    const whole = parseDecimal(text.slice(2, 3));
    const digits = parseDecimal(`${text.slice(4, 7)}000`.slice(0, 3));
    return Math.max(0, whole) * 1000 + Math.max(0, digits);
  }
  return 1000;
}

/** The language a client would rather read. One that names none gets Chinese, one that names only others English. */
export function languageOf(host: Host, accept_language: string): Language {
  let best: Language = trim(accept_language) === '' ? 'zh' : 'en';
  let weight = 0;
  for (const part of split(host.lower(accept_language), ',', 32)) {
    const pieces = split(part, ';', 8);
    const tag = split(trim(pieces[0] ?? ''), '-', 2)[0] ?? '';
    const own = weightOf(pieces);
    if ((tag === 'zh' || tag === 'en') && own > weight) {
      best = tag;
      weight = own;
    }
  }
  return best;
}

function escape(text: string): string {
  const parts: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const plain = code > 62 || (code > 39 && code < 60) || code === 32 || code === 61;
    parts.push(plain && code < 127 ? text.slice(i, i + 1) : `&#${code};`);
  }
  return parts.join('');
}

/** The page for one challenge. It works without a Worker and shows what to do without JavaScript or cookies. */
export function challengePage(challenge: Challenge, event_id: string, language: Language): string {
  const texts = language === 'zh' ? ZH : EN;
  const data = [
    ` data-token="${escape(challenge.token)}" data-difficulty="${challenge.difficulty}"`,
    ` data-wait="${texts.wait}" data-failed="${texts.failed}"`,
    ` data-cookies="${texts.cookies}" data-busy="${texts.busy}"`,
  ].join('');
  return [
    `<!doctype html><html lang="${texts.lang}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${texts.title}</title><style>${PAGE_STYLE}</style></head>`,
    `<body><main id="lockstep"${data}><h1>${texts.title}</h1><i aria-hidden="true"></i>`,
    '<p id="status" role="status"></p>',
    `<noscript><p>${texts.noscript}</p></noscript>`,
    `<p><button id="again" type="button" hidden>${texts.again}</button></p>`,
    `<p><small>${texts.event} <code>${escape(event_id)}</code></small></p></main>`,
    `<script>${PAGE_SCRIPT}</script></body></html>`,
  ].join('');
}

/** RFC 9457, for whoever can't be shown a page. Tells nothing of the reasons. */
export function problemBody(status: number, event_id: string, language: Language): string {
  const texts = language === 'zh' ? ZH : EN;
  const limited = status === 429;
  const title = limited ? 'Too Many Requests' : 'Forbidden';
  const detail = limited ? texts.limited : texts.refused;
  return `{"type":"about:blank","title":"${title}","status":${status},"detail":"${detail}","event_id":"${event_id}"}`;
}

/** A solution as the request to `VERIFY_PATH` that it stands for. */
export interface Posted {
  readonly request: RequestHead;
  readonly body: string;
}

/** The solution that the challenge page sent with this request, if it did. */
export function solutionIn(request: RequestHead): Posted | undefined {
  for (const header of request.headers) {
    if (header.name !== SOLUTION_HEADER) continue;
    const { host, scheme, remote_ip, headers } = request;
    return {
      request: { method: 'POST', target: VERIFY_PATH, host, scheme, remote_ip, headers },
      body: header.value,
    };
  }
  return undefined;
}
