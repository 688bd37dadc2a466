import { base64Core } from '../text/base64.ts';

/**
 * Whether anything can be in a lower-case text at all. Letters, digits, spaces and the punctuation of prose
 * and identifiers say nothing, unless they spell one of these words.
 */
export const ANY_GATE =
  '[0-9](?:or|and|union) |[0-9] (?:or|and) (?:true|false|null|not)|^gasv|^aaeaaad|[a-z]-[a-z]{1,20} [a-z0-9_-]{1,40}[.](?:exe|ps1|bat|dll|vbs)|[^a-z0-9 _.,:@+/\\x80-\\xff-]|[.]{2}|//|[.]/|/[.]|--|@@|:[/a-z]|0x|union|select|sleep|waitfor|having|procedure|java|' +
  'closure|transformer|prototype|instantiate|templatesimpl|ysoserial|ro0ab|aced0005|h4sia|_proto|child_process|' +
  'etc/|proc/|bin/|/sys/|/var/|/usr/|/opt/|/root/|_log|[.]log|[.]conf|[.]cnf|^net[a-z]{0,2} |[a-z] https?:|web-inf|meta-inf|passwd|id_rsa|ntuser|[.]ini|[.]php|[.][aj]spx?|[.]phtml|[.]phar|' +
  ' -[a-z]|^[a-z0-9.]{1,60} (?:/|http|install )|^if |^time |^for |nohup|strace|sudo|alias|xp_|pg_|utl_|_schema|exec|drop |delete |localhost|[.](?:internal|me)|process[.]|console[.]|module[.]|document|window|(?:org|com)[.][a-z]|^(?:and|or|xor) |:[(]|shutdown|script|getruntime|userpassword|objectclass|not |like |glob |between | in|(?:order|group) by [0-9]';

/** Whether a text is worth reading as SQL. */
export const SQL_GATE =
  '[\'"`;#*()|&:]|[0-9](?:or|and|union) |[0-9] (?:or|and) (?:true|false|null|not)|--|@@|[=<>]|union|select|sleep|waitfor|having|procedure|into|information_schema|drop|insert|delete|update|not |like |glob |between |(?:order|group) by [0-9]|pg_|xp_|utl_|^(?:and|or|xor) |drop ';

/** How serialised Java objects begin. */
const STREAM_MAGIC = `${String.fromCharCode(172)}${String.fromCharCode(237)}${String.fromCharCode(0)}${String.fromCharCode(5)}`;

/** Exploit names and what they call: class names of known deserialisation chains, shells, lookups. */
const NAMES: readonly string[] = [
  STREAM_MAGIC,
  'ProcessBuilder',
  'processbuilder',
  'InvokerTransformer',
  'invokertransformer',
  'ConstantTransformer',
  'CloneTransformer',
  'clonetransformer',
  'InstantiateTransformer',
  'instantiatetransformer',
  'InstantiateFactory',
  'instantiatefactory',
  'PrototypeCloneFactory',
  'prototypeclonefactory',
  'PrototypeSerializationFactory',
  'prototypeserializationfactory',
  'ForClosure',
  'forclosure',
  'WhileClosure',
  'whileclosure',
  'java.lang.Runtime',
  'java.lang.runtime',
  'getRuntime',
  '/bin/bash',
  '/bin/sh -',
  'cmd.exe /c',
  '/etc/passwd',
  'jndi:ldap',
  'jndi:rmi',
  '<!ENTITY ',
  'child_process',
];

function hiddenNames(): string {
  const cores: string[] = [];
  for (const name of NAMES) {
    for (let offset = 0; offset < 3; offset++) {
      const parts: string[] = [];
      const core = base64Core(name, offset);
      for (let i = 0; i < core.length; i++) {
        const digit = core.slice(i, i + 1);
        parts.push(digit === '+' ? '[+-]' : digit === '/' ? '[/_]' : digit);
      }
      cores.push(parts.join(''));
    }
  }
  return cores.join('|');
}

/** The same names as base64 writes them, whatever stands before them. Case matters here. */
export const HIDDEN_NAMES = hiddenNames();

/** Escapes that a second decoder would still read. */
export const LAYERED =
  '%[0-9a-fA-FuU]|&[#a-zA-Z]|\\\\[xXuU]|[\\xc0\\xc1]|\\xef[\\xbb-\\xbd]|\\xe2[\\x80\\x81][\\x8b-\\x8f\\xa0]|[\\xe0\\xf0\\xf8\\xfc]\\x80';
/** Overlong and full-width forms of ASCII, signs of no width. */
export const FOLDS =
  '[\\xc0\\xc1][./\\\\\\x80-\\xbf]|\\xef[\\xbb-\\xbd]|\\xe2[\\x80\\x81][\\x8b-\\x8f\\xa0]|[\\xe0\\xf0\\xf8\\xfc]\\x80';
/** A value that may be base64 as a whole. */
export const NO_BASE64 = '[^A-Za-z0-9+/_=-]|=[^=]|={3}';

/** Four base64 digits that spell three ASCII bytes: one group in eight of random ones does. */
const ASCII_GROUP = '[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]';
/** Base64 whose first six bytes are ASCII. */
export const BASE64_TEXT = `^(?:${ASCII_GROUP}){2}`;
/** Where a raw target or header may hold such a value. */
export const BASE64_INSIDE = `(?:^|[=/; ])(?:${ASCII_GROUP}){2}`;

/**
 * Raw request targets that hold nothing to inspect: no escape of anything but letters, spaces and common
 * separators, no dot that hides a file, no words an attack could consist of.
 */
export const TARGET_SUSPECT =
  '[^a-z0-9_.~/?=&,:@-]|[.]{2}|//|/[.]|[.]/|--|:/|%(?:0|1|2[0-9ab]|3[b-f]|[57][b-f]|60|25|u)|[?&][^=&]{0,60}[:/]|0x|java|select|closure|transformer|' +
  'factory|ro0ab|aced0|_proto|etc/|proc/|bin/|/sys/|/usr/|/opt/|_log|order(?:[+]|%20)by|passwd|id_rsa|process[.]|console[.]|module[.]|document|(?:org|com)[.](?:[a-z]{1,60}[.])|sess|localhost|constructor|[+]or[+](?:true|not)|=(?:(?:and|or|xor)(?:[+]|%20)|https?:[0-9a-z])|xp_|pg_|utl_|[.](?:ini|internal|php|[aj]spx?|env|log|bak|old|sql|conf|config|ya?ml|json)|-inf|cgi-|phpmy|server-|actuator|script';

/**
 * Signs in a raw cookie header. No alternative begins with a letter or a digit, so that a matcher skips those:
 * words are looked up apart, in `COOKIE_WORDS`.
 */
export const COOKIE_SIGNS =
  '[^a-z0-9_.~/=&,:; @%+|!*?#()\\[\\]-]|[.]{2}|%(?:0|1|2[0-9ab]|3[bce]|[57][b-e]|60|u)|(?:/|%2f)[*.]|!ruby|[|;&(][ ]{0,8}[a-z]{1,20}[ ]{1,8}[/-]|--|[*][)(]|[(][)*|&!\'"0-9a-z][^ ;]{0,40}[)]|[=; ][a-z]:[/\\\\]|//[0-9\\[]';
export const COOKIE_WORDS: readonly string[] = [
  'java.',
  'org.',
  'com.',
  'script',
  'select',
  'union',
  'closure',
  'transformer',
  'factory',
  'ro0ab',
  'aced0',
  'aaeaaad',
  '_proto',
  'passwd',
  'php:',
  'php%3a',
  'data:',
  'data%3a',
  'file:',
  'file%3a',
  '169.254',
  'gopher',
  'localhost',
  'etc/',
  'usr/',
  '_log',
  '.log',
  '.conf',
  'proc/',
  'bin/',
  ' or ',
  ' and ',
];

/** What the name of a parameter does not have. */
export const NO_NAME = '[\'"`<>;|() ]';

/** How user agents begin: with a product and its version. */
export const PRODUCT = '^[a-z0-9._ -]{1,40}/[0-9v]';

/** User agents, raw: signs of more than a product. */
export const AGENT_SUSPECT =
  "[\"'<>|&`$\\\\*^{}%]|[.]{2}|[a-z] --?[a-z]|^[^a-z]{0,60};|;[ ]{0,8}[a-z]{1,60}[ ]{1,8}[-/+]|java[.]|/(?:etc|proc|bin|usr|root|var|sys)/|[(][ ]{0,8}[)]|on[a-z]{1,60}=|script|select |delete from|lo_[a-z]|pg_|sleep[(]|insert into|drop table|entity|url[(]|^[^a-z]?[a-z-]{1,60} [a-z]{1,60} -|::|^[a-z]{1,60} [a-z]{1,60}$|\\n|^[/.]|(?:or|and) [0-9'(]";

/** `%252e`: an escape of an escape. */
export const DOUBLE_ESCAPE = '%25(?:25){0,4}[0-9a-fA-F]{2}';
/** A percent sign that starts no escape. */
export const BAD_ESCAPE = '%(?![0-9a-fA-F]{2})';
/** NUL and other control bytes; tabs and line breaks are what forms send. */
export const CONTROL_ESCAPE = '%0[0-8bceBCEfF]|%1[0-9a-fA-F]|%7[fF]';

/** A framework's session cookie as a query parameter. Names that payment and sign-in services use are not here. */
export const SESSION_NAME =
  '[?&;](?:jsessionid|phpsessid|aspsessionid[a-z]{0,60}|asp[.]net_sessionid|cfid|cftoken|ci_session|connect[.]sid|koa[.]sess|rack[.]session|laravel_session|_rails_session|_flask_session|sails[.]sid|zend_session_id|meteor_login_token|__secure-next-auth[.]session-token|session-id|viewstate)=';

/** Its common name, as frameworks write it: `sessionId` is what trackers and payment pages call an id of theirs. */
export const SESSION_NAME_EXACT = '[?&;](?:sessionid|SESSIONID)=';

/** More blanks in a row than patterns should have to cross. */
export const BLANK_ROW = '[ \\t\\n\\x0b\\f\\r]{4}';

/** `+` for blanks that was encoded once too often, where an operator or a command stands. */
export const PLUS_BLANKS = '[;|&\'"()`0-9][+]{0,2}[a-zA-Z]{1,12}[+]';

/** JSON that reaches for the prototype of every object. */
export const JSON_PROTOTYPE =
  '"constructor"[ \\t\\r\\n]{0,8}:[ \\t\\r\\n]{0,8}[{][ \\t\\r\\n]{0,8}"prototype"';

/** How browsers and clients write the type of a part: nothing to look at. */
export const PART_TYPE = '^[a-z0-9/+._-]{1,100}(?:;[ ]{0,4}[a-z-]{1,20}="?[a-z0-9/+._-]{1,100}"?){0,4}$';

/** What structured headers, such as accepted types, dates, entity tags and addresses, have no use for. */
export const UNSTRUCTURED =
  '[$\\x60{}<>|\'#^\\x00-\\x08\\x0e-\\x1f]|[.][.]/|[(][)]|/etc/|passwd|jndi|0x[0-9a-f]|[^a-z](?:and|or|union|select|sleep|waitfor|exec|system|eval)[^a-z;,=/+."-]|[0-9] ?[<>=]{1,2} ?[0-9]|;[ ]{0,8}(?:cat|id|ls|wget|curl|ping|sh|bash|nc|uname|whoami)(?:[^a-z0-9=-]|$)|@@|;--|%[0-9a-f]{2}';
