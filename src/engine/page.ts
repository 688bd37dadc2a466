import { base64Core } from './base64.ts';
import type { Challenge } from './challenge.ts';
import type { Host } from './host.ts';
import type { Header, RequestHead } from './request.ts';
import { VERIFY_PATH } from './reserved.ts';
import { hexDigit, parseDecimal, split, startsWith, trim } from './text.ts';

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

/** Finds the nonce, in a Worker where it can, sends it and opens the page anew. SHA-256 is its own: no WebCrypto on plain HTTP, and slower where there is. */
const SCRIPT = [
  '"use strict";',
  'function search(token, difficulty) {',
  '  var K = [',
  '    1116352408, 1899447441, -1245643825, -373957723, 961987163, 1508970993, -1841331548, -1424204075,',
  '    -670586216, 310598401, 607225278, 1426881987, 1925078388, -2132889090, -1680079193, -1046744716,',
  '    -459576895, -272742522, 264347078, 604807628, 770255983, 1249150122, 1555081692, 1996064986,',
  '    -1740746414, -1473132947, -1341970488, -1084653625, -958395405, -710438585, 113926993, 338241895,',
  '    666307205, 773529912, 1294757372, 1396182291, 1695183700, 1986661051, -2117940946, -1838011259,',
  '    -1564481375, -1474664885, -1035236496, -949202525, -778901479, -694614492, -200395387, 275423344,',
  '    430227734, 506948616, 659060556, 883997877, 958139571, 1322822218, 1537002063, 1747873779,',
  '    1955562222, 2024104815, -2067236844, -1933114872, -1866530822, -1538233109, -1090935817, -965641998',
  '  ];',
  '  var limit = Math.floor(4294967296 / difficulty);',
  '  var text = token + ".";',
  '  var W = new Array(64);',
  '  function compress(state) {',
  '    var a = state[0], b = state[1], c = state[2], d = state[3];',
  '    var e = state[4], f = state[5], g = state[6], h = state[7];',
  '    for (var i = 0; i < 64; i++) {',
  '      if (i > 15) {',
  '        var x = W[i - 15], y = W[i - 2];',
  '        W[i] = (W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)',
  '          + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)) | 0;',
  '      }',
  '      var t = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7))',
  '        + (e & f ^ ~e & g) + K[i] + W[i]) | 0;',
  '      var u = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c)) | 0;',
  '      h = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;',
  '    }',
  '    return [state[0] + a | 0, state[1] + b | 0, state[2] + c | 0, state[3] + d | 0,',
  '      state[4] + e | 0, state[5] + f | 0, state[6] + g | 0, state[7] + h | 0];',
  '  }',
  '  function load(bytes, from) {',
  '    for (var i = 0; i < 16; i++) {',
  '      var at = from + i * 4;',
  '      W[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];',
  '    }',
  '  }',
  '  function codes(string) { return string.split("").map(function (c) { return c.charCodeAt(0); }); }',
  '  // The blocks that the token fills are the same for every nonce, so they are hashed once.',
  '  var start = [1779033703, -1150833019, 1013904242, -1521486534, 1359893119, -1694144372, 528734635, 1541459225];',
  '  var whole = Math.floor(text.length / 64) * 64;',
  '  var prefix = codes(text);',
  '  for (var at = 0; at < whole; at += 64) { load(prefix, at); start = compress(start); }',
  '  var rest = prefix.slice(whole);',
  '  var next = 0;',
  '  return function (count) {',
  '    for (var end = next + count; next < end; next++) {',
  '      var digits = String(next);',
  '      var bytes = rest.concat(codes(digits), [128]);',
  '      while (bytes.length % 64 !== 60) bytes.push(0);',
  '      var bits = (text.length + digits.length) * 8;',
  '      bytes.push(bits >>> 24, bits >>> 16 & 255, bits >>> 8 & 255, bits & 255);',
  '      var state = start;',
  '      for (var from = 0; from < bytes.length; from += 64) { load(bytes, from); state = compress(state); }',
  '      if (state[0] >>> 0 < limit) return String(next);',
  '    }',
  '  };',
  '}',
  '(function () {',
  '  var page = document.getElementById("lockstep");',
  '  var data = page.dataset;',
  '  var status = document.getElementById("status");',
  '  var again = document.getElementById("again");',
  '  function reload() {',
  '    if (location.hash) location.reload();',
  '    else location.replace(location.href);',
  '  }',
  '  function stop(text) {',
  '    page.className = "stopped";',
  '    status.textContent = text;',
  '    again.hidden = false;',
  '    again.focus();',
  '  }',
  '  // A clearance that does not stick would have us solve for ever.',
  '  function tooOften() {',
  '    try {',
  '      var past = (sessionStorage.getItem("lockstep") || "").split(",").filter(function (t) {',
  '        return Date.now() - t < 60000;',
  '      });',
  '      sessionStorage.setItem("lockstep", past.concat(Date.now()).join(","));',
  '      return past.length > 2;',
  '    } catch (e) { return false; }',
  '  }',
  '  function forget() { try { sessionStorage.removeItem("lockstep"); } catch (e) {} }',
  '  function send(nonce) {',
  '    var hints = navigator.userAgentData;',
  '    var fields = { token: data.token, nonce: nonce, webdriver: navigator.webdriver === true,',
  '      languages: (navigator.languages || [navigator.language]).join(","), platform: hints && hints.platform || "" };',
  '    var form = Object.keys(fields).map(function (k) { return k + "=" + encodeURIComponent(fields[k]); }).join("&");',
  '    fetch(location.origin + location.pathname + location.search, {',
  '      headers: { "x-lockstep-solution": form }, credentials: "same-origin", cache: "no-store", redirect: "manual"',
  '    }).then(function (answer) {',
  '      if (answer.status === 429) stop(data.busy);',
  '      else if (answer.status === 403) stop(data.failed);',
  '      else reload();',
  '    }, function () { stop(data.failed); });',
  '  }',
  '  function slices() {',
  '    var step = search(data.token, Number(data.difficulty));',
  '    (function go() {',
  '      var nonce = step(1000);',
  '      if (nonce === undefined) setTimeout(go, 0);',
  '      else send(nonce);',
  '    })();',
  '  }',
  '  function work() {',
  '    var code = search + ";onmessage=function(e){postMessage(search(e.data[0],e.data[1])(1e9))}";',
  '    try {',
  '      var url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));',
  '      var worker = new Worker(url);',
  '      worker.onmessage = function (e) { worker.terminate(); send(e.data); };',
  '      worker.onerror = function (e) { e.preventDefault(); worker.terminate(); slices(); };',
  '      worker.postMessage([data.token, Number(data.difficulty)]);',
  '    } catch (e) { slices(); }',
  '  }',
  '  again.onclick = function () { forget(); reload(); };',
  '  if (!navigator.cookieEnabled || tooOften()) return stop(data.cookies);',
  '  status.textContent = data.wait;',
  '  page.className = "working";',
  '  work();',
  '})();',
].join('\n');

/** System fonts, light and dark, still for who asked for less motion. */
const STYLE = [
  ':root{color-scheme:light dark;font:16px/1.5 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif}',
  'body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f6f7f9;color:#1c2430}',
  'main{box-sizing:border-box;width:min(30rem,100vw - 2rem);padding:2rem;border-radius:12px;background:#fff;border:1px solid #dde1e7}',
  'h1{font-size:1.25rem;margin:0 0 .5rem}',
  'p{margin:.5rem 0}',
  'i{display:none;width:1.5rem;height:1.5rem;border:3px solid #c5ccd6;border-top-color:#2459c4;border-radius:50%}',
  '.working i{display:block;animation:turn 1s linear infinite}',
  '@keyframes turn{to{transform:rotate(1turn)}}',
  '@media (prefers-reduced-motion:reduce){.working i{animation:none}}',
  'button{font:inherit;padding:.4rem 1.2rem;border-radius:8px;border:1px solid #2459c4;background:#2459c4;color:#fff}',
  'button:focus-visible{outline:3px solid #f0a020;outline-offset:2px}',
  'small{color:#5a6472}',
  'code{overflow-wrap:anywhere}',
  '@media (prefers-color-scheme:dark){body{background:#12161c;color:#e6e9ee}main{background:#1b212a;border-color:#333c48}small{color:#a3adba}}',
].join('\n');

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
    `script-src ${sourceHash(host, SCRIPT)}`,
    `style-src ${sourceHash(host, STYLE)}`,
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
    `<title>${texts.title}</title><style>${STYLE}</style></head>`,
    `<body><main id="lockstep"${data}><h1>${texts.title}</h1><i aria-hidden="true"></i>`,
    '<p id="status" role="status"></p>',
    `<noscript><p>${texts.noscript}</p></noscript>`,
    `<p><button id="again" type="button" hidden>${texts.again}</button></p>`,
    `<p><small>${texts.event} <code>${escape(event_id)}</code></small></p></main>`,
    `<script>${SCRIPT}</script></body></html>`,
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
