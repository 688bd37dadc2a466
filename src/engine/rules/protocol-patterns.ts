import type { Rule } from './finding.ts';

/** XML that makes its parser fetch something. */
export const DOCUMENT_RULES: readonly Rule[] = [
  {
    id: 'xml_entity',
    points: 85,
    pattern:
      '<!(?:entity|element|attlist)[ \\t\\r\\n]|!entity[ \\t\\r\\n]{1,8}(?:%[ \\t]{0,8})?[a-z0-9_]{1,60}[ \\t]{1,8}(?:system|public|"|\')|<!doctype[ \\t\\r\\n]{1,8}[^>\\[]{0,120}(?:system|public[ \\t\\r\\n]{1,8}["\'][^w-])|<!doctype[^>\\[]{0,120}\\[',
  },
  { id: 'xml_encoding', points: 75, pattern: '<[?]xml[^>]{0,80}encoding[ ]{0,3}=[ ]{0,3}[\'"]utf-?7[\'"]' },
  {
    id: 'xml_include',
    points: 75,
    pattern:
      '<(?:[a-z]{1,60}:)?include[ \\t\\r\\n][^>]{0,200}(?:href|namespace|schemalocation)[ ]{0,8}=|xinclude|schemalocation[ ]{0,8}=[ "\']{0,8}[^"\'>]{0,60}://|<xs[il]:(?:include|import|value-of|stylesheet)|document[(][ ]{0,8}[\'"](?:file|https?):',
  },
];

/** The same of a file that is sent: drawing programs declare entities of their own, and schemas have addresses. */
export const DOCUMENT_FILE_RULES: readonly Rule[] = [
  {
    id: 'xml_entity',
    points: 85,
    pattern:
      '<!entity[ \\t\\r\\n]{1,3}(?:%|[^ \\t\\r\\n>]{1,200}[ \\t\\r\\n]{1,3}(?:system|public|"[^"]{0,2000}[&%]|\'[^\']{0,2000}[&%]))|<!doctype[ \\t\\r\\n]{1,3}[^>\\[ \\t\\r\\n]{1,200}[ \\t\\r\\n]{1,3}(?:system|public[ \\t\\r\\n]{1,3}["\'][^w-])',
  },
  { id: 'xml_encoding', points: 75, pattern: '<[?]xml[^>]{0,80}encoding[ ]{0,3}=[ ]{0,3}[\'"]utf-?7[\'"]' },
  {
    id: 'xml_include',
    points: 75,
    pattern:
      '<(?:[a-z]{1,60}:)?include[ \\t\\r\\n][^>]{0,200}href[ ]{0,3}=[ ]{0,3}["\'](?:/|[.]{2}|[a-z]{2,8}:)|document[(][ ]{0,3}[\'"](?:file|https?):',
  },
];

/** Injection into protocols and documents, over lower-case text. */
export const PROTOCOL_RULES: readonly Rule[] = [
  {
    id: 'header_injection',
    points: 75,
    pattern:
      '(?:\\r|\\n|\\xe5\\x98[\\x8a\\x8d])[ \\t\\r\\n]{0,8}(?:set-cookie2?|http/[0-9][.][0-9])[ \\t]{0,8}[:/]',
  },
  // Right after a first line that is no header itself: logs and documents list headers line by line.
  {
    id: 'header_injection',
    points: 75,
    pattern:
      '^(?:[^\\r\\n:\\xe5]|:[^ ]|\\xe5[^\\x98]){0,200}(?:\\r|\\n|\\xe5\\x98[\\x8a\\x8d])[ \\t\\r\\n]{0,8}(?:location|content-(?:type|length|disposition)|refresh|x-[a-z-]{3,30}|access-control-[a-z-]{1,60}|transfer-encoding|host)[ \\t]{0,8}[:/]',
  },
  {
    id: 'header_injection',
    points: 75,
    pattern: '(?:\\r|\\n)[ \\t]{0,8}http/[0-9](?:[.][0-9])?[ ]{1,4}[1-5][0-9]{2}(?:[^0-9]|$)',
  },
  {
    id: 'request_injection',
    points: 75,
    pattern:
      '(?:\\r|\\n)[ \\t]{0,8}(?:get|post|head|put|delete|options|patch|trace|connect)[ \\t]{1,8}[^ \\r\\n]{1,60}[ \\t]{1,8}http/[0-9]',
  },
  {
    id: 'mail_injection',
    points: 75,
    pattern:
      '(?:\\r|\\n)[ \\t]{0,8}(?:rcpt[ ]{1,8}to:|mail[ ]{1,8}from:|(?:b?cc|to|from|subject|reply-to|mime-version|content-transfer-encoding)[ ]{0,8}:[ ]{0,8}[^ \\r\\n]{1,60}(?:@|%40)|ehlo[ ]{1,8}[a-z]|helo[ ]{1,8}[a-z]|starttls|auth[ ]{1,8}(?:plain|login|[a-z0-9-]{1,60}[ ]{1,8}[a-z0-9+/=]{12})|[a-z]{0,4}[0-9]{1,4}[ ]{1,8}(?:capability|login|select|fetch|list|logout|status|create|examine|rename|copy|noop|uid|search|append|store|expunge|authenticate|starttls|subscribe|lsub)|(?:quit|noop|rset|data)[ ]{0,8}(?:\\r|\\n|$)|(?:vrfy|expn|help)[ ]{1,8}[a-z0-9]|(?:retr|dele|uidl|apop|stat|list|top)[ ]{1,8}[0-9]{1,60}|[a-z]{1,2}[0-9]{1,4}[ ]{1,8}quit)',
  },
  {
    id: 'include_injection',
    points: 80,
    pattern: '<!--[ ]{0,8}#[ ]{0,8}(?:exec|include|echo|config|printenv|set|fsize|flastmod|email)|<esi:',
  },
  {
    id: 'ldap_injection',
    points: 75,
    pattern:
      '[)][ \\r\\n]{0,8}[(][ \\r\\n]{0,8}[|&!]|[(][ ]{0,8}[|&][ ]{0,8}[(]?[ ]{0,8}[a-z]{1,60}[ ]{0,8}[~<>]?=|[*][ ]{0,8}[)][ ]{0,8}[(][ ]{0,8}[a-z|&!]|[)][(][a-z]{1,60}=[*]|(?:userpassword|objectclass|unicodepwd)[:=]|[*][)][)]|[(](?:objectclass|uid|cn|sn|mail)=[*]',
  },
  {
    id: 'query_operator',
    points: 75,
    pattern:
      '\\[[ ]{0,8}[$](?:ne|eq|gte?|lte?|n?in|regex|where|exists|not|or|and|nor|elemmatch|type|mod)[ ]{0,8}\\]|(?:^|[{,\'" ])[$](?:where|function|accumulator|regex|n?or|and|expr|ne|nin|gt|gte|lt|lte|elemmatch|text|type|exists|not|mod|size|all)["\']?[ ]{0,8}(?::|$)|db[.][a-z_.]{1,60}[.](?:insert|find|drop|remove|update|save|aggregate|getcollection)[a-z]{0,60}[ ]{0,8}[(]|[\'"][ ]{0,8}(?:&&|[|]{2})[ ]{0,8}(?:this[.]|[\'"0-9]{1,60}[ ]{0,8}[=<>]{2})|[;\'"][ ]{0,8}return[ ]{1,8}(?:true|1|this|[(]|[\'"])|this[.][a-z_]{1,60}[ ]{0,8}[=!]=',
  },
  {
    id: 'xpath_injection',
    points: 75,
    pattern:
      '[\'"][ ]{0,8}(?:or|and)[ ]{1,8}(?:position|count|string-length|substring|name|text|contains|starts-with|local-name)[ ]{0,8}[(]|/(?:child|ancestor|descendant|parent|self|following|preceding)::(?:node|text|[*])|\\][ ]{0,8}[|][ ]{0,8}//|[)\\]][ ]{0,8}[|][ ]{0,8}/[/a-z*]',
  },
  {
    id: 'session_fixation',
    points: 70,
    pattern:
      '[.]cookie[ ]{0,8}(?:=|;)[^a-z]{0,60}[^;]{0,80}(?:;[ ]{0,8}(?:expires|domain|path|secure)|=)|http-equiv[^>]{0,20}set-cookie',
  },
];

export const PROTOCOL_GATE =
  '[\\r\\n()*$<]|[|]{2}|&&|<!|entity|xinclude|schemalocation|include|cookie|userpassword|objectclass|db[.]|return|this[.]|\\xe5\\x98|\\]';

export const DOCUMENT_GATE = '<!|utf-?7|entity|include|schemalocation|<xs|document[(]';
