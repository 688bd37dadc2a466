import type { Rule } from './finding.ts';

/** XML that makes its parser fetch something. */
export const DOCUMENT_RULES: readonly Rule[] = [
  {
    id: 'xml_entity',
    points: 85,
    pattern:
      '<!(?:entity|element|attlist)[ \\t\\r\\n]|!entity[ \\t\\r\\n]+(?:%[ \\t]*)?[a-z0-9_]+[ \\t]+(?:system|public|"|\')|<!doctype[ \\t\\r\\n]+[^>\\[]{0,120}(?:system|public[ \\t\\r\\n]+["\'][^w-])|<!doctype[^>\\[]{0,120}\\[',
  },
  {
    id: 'xml_include',
    points: 75,
    pattern:
      '<(?:[a-z]+:)?include[ \\t\\r\\n][^>]{0,200}(?:href|namespace|schemalocation)[ ]*=|xinclude|schemalocation[ ]*=[ "\']*[^"\'>]*://|<xs[il]:(?:include|import|value-of|stylesheet)|document[(][ ]*[\'"](?:file|https?):',
  },
];

/** Injection into protocols and documents, over lower-case text. */
export const PROTOCOL_RULES: readonly Rule[] = [
  {
    id: 'header_injection',
    points: 75,
    pattern:
      '(?:\\r|\\n|\\xe5\\x98\\x8[ad])[ \\t\\r\\n]*(?:set-cookie2?|location|content-(?:type|length|disposition)|refresh|x-[a-z-]{3,30}|access-control-[a-z-]+|transfer-encoding|http/[0-9][.][0-9]|host)[ \\t]*[:/]',
  },
  {
    id: 'request_injection',
    points: 75,
    pattern:
      '(?:\\r|\\n)[ \\t]*(?:get|post|head|put|delete|options|patch|trace|connect)[ \\t]+[^ \\r\\n]+[ \\t]+http/[0-9]',
  },
  {
    id: 'mail_injection',
    points: 75,
    pattern:
      '(?:\\r|\\n)[ \\t]*(?:rcpt[ ]+to:|mail[ ]+from:|(?:b?cc|to|from|subject|reply-to|mime-version|content-transfer-encoding)[ ]*:[ ]*[^ \\r\\n]+(?:@|%40)|ehlo[ ]+[a-z]|helo[ ]+[a-z]|starttls|auth[ ]+(?:plain|login|[a-z0-9-]+[ ]+[a-z0-9+/=]{12})|[a-z]{0,4}[0-9]{1,4}[ ]+(?:capability|login|select|fetch|list|logout|status|create|examine|rename|copy|noop|uid|search|append|store|expunge|authenticate|starttls|subscribe|lsub)|(?:quit|noop|rset|data)[ ]*(?:\\r|\\n|$)|(?:vrfy|expn|help)[ ]+[a-z0-9]|(?:retr|dele|uidl|apop|stat|list|top)[ ]+[0-9]+|[a-z]{1,2}[0-9]{1,4}[ ]+quit)',
  },
  {
    id: 'include_injection',
    points: 80,
    pattern: '<!--[ ]*#[ ]*(?:exec|include|echo|config|printenv|set|fsize|flastmod|email)|<esi:',
  },
  {
    id: 'ldap_injection',
    points: 75,
    pattern:
      '[)][ ]*[(][ ]*[|&!]|[(][ ]*[|&][ ]*[(]?[ ]*[a-z]+[ ]*[~<>]?=|[*][ ]*[)][ ]*[(][ ]*[a-z|&!]|[)][(][a-z]+=[*]|(?:userpassword|objectclass|unicodepwd)[:=]|[*][)][)]|[(](?:objectclass|uid|cn|sn|mail)=[*]',
  },
  {
    id: 'query_operator',
    points: 75,
    pattern:
      '\\[[ ]*[$](?:ne|eq|gte?|lte?|n?in|regex|where|exists|not|or|and|nor|elemmatch|type|mod)[ ]*\\]|(?:^|[{,\'" ])[$](?:where|function|accumulator|regex|n?or|and|expr|ne|nin|gt|gte|lt|lte|elemmatch|text|type|exists|not|mod|size|all)["\']?[ ]*(?::|$)|db[.][a-z_.]+[.](?:insert|find|drop|remove|update|save|aggregate|getcollection)[a-z]*[ ]*[(]|[\'"][ ]*(?:&&|[|]{2})[ ]*(?:this[.]|[\'"0-9]+[ ]*[=<>]{2})|[;\'"][ ]*return[ ]+(?:true|1|this|[(]|[\'"])|this[.][a-z_]+[ ]*[=!]=',
  },
  {
    id: 'xpath_injection',
    points: 75,
    pattern:
      '[\'"][ ]*(?:or|and)[ ]+(?:position|count|string-length|substring|name|text|contains|starts-with|local-name)[ ]*[(]|\\][ ]*[|][ ]*//|[)\\]][ ]*[|][ ]*/[/a-z*]',
  },
  {
    id: 'session_fixation',
    points: 70,
    pattern:
      '[.]cookie[ ]*(?:=|;)[^a-z]*[^;]{0,80}(?:;[ ]*(?:expires|domain|path|secure)|=)|http-equiv[^>]{0,20}set-cookie',
  },
];

export const PROTOCOL_GATE =
  '[\\r\\n()*$<]|<!|entity|xinclude|schemalocation|include|cookie|userpassword|objectclass|db[.]|return|this[.]|\\xe5\\x98|\\]';

export const DOCUMENT_GATE = '<!|entity|include|schemalocation|<xs|document[(]';
