import type { Rule } from './finding.ts';

/** Events that a browser fires by itself or by a touch; their attributes run script. */
const EVENTS =
  'on(?:abort|activate|after[a-z]+|animation[a-z]+|auxclick|before[a-z]+|begin|blur|bounce|cancel|canplay[a-z]*|change|click|' +
  'close|contextmenu|copy|cuechange|cut|dblclick|drag[a-z]*|drop|durationchange|end|ended|error|finish|focus[a-z]*|' +
  'formdata|fullscreen[a-z]*|gotpointercapture|hashchange|input|invalid|key(?:down|press|up)|load[a-z]*|lostpointercapture|' +
  'message[a-z]*|mouse[a-z]+|mozfullscreen[a-z]*|offline|pag(?:ehide|eshow)|paste|pause|play[a-z]*|pointer[a-z]+|popstate|' +
  'progress|propertychange|ratechange|readystatechange|repeat|reset|resize|scroll[a-z]*|search|securitypolicyviolation|' +
  'seek[a-z]+|select[a-z]*|show|slotchange|stalled|start|storage|submit|suspend|timeupdate|toggle|touch[a-z]+|' +
  'transition[a-z]+|unhandledrejection|unload|volumechange|waiting|webkit[a-z]+|wheel)';

const BLANK = '[ \\t\\r\\n\\f\\v\\x00/]';

/** Over the inside of one tag: `name attributes`, lower-case, entities decoded. */
export const TAG_RULES: readonly Rule[] = [
  { id: 'markup_script', points: 90, pattern: '^(?:[a-z0-9]+:)?script(?:[^a-z0-9]|$)' },
  { id: 'markup_event', points: 90, pattern: `[^a-z0-9_-]${EVENTS}${BLANK}*=` },
  {
    id: 'markup_event',
    points: 80,
    pattern: `^[a-z0-9:-]+[ \\t\\r\\n\\f/"'\`]+on[a-z]{3,24}${BLANK}*=${BLANK}*["'\`]?[a-z_$.\\[({]+[a-z0-9_$.\\])}]*[(\`=\\[.]`,
  },
  {
    id: 'markup_script_url',
    points: 90,
    pattern: '[a-z:="\'` \\t\\r\\n][=(][ \\t\\r\\n"\'`]*(?:java|vb|live)script[\\x00-\\x20]*:',
  },
  {
    id: 'markup_data_url',
    points: 80,
    pattern:
      '[=(;][ \\t\\r\\n"\'`]*(?:url=)?[ "\'`]*data[\\x00-\\x20]*:[^ >]{0,40}(?:text/html|image/svg|xml|base64|script|,)[^>]*',
  },
  {
    id: 'markup_embed',
    points: 75,
    pattern:
      '^(?:applet|base|bgsound|embed|frame|frameset|iframe|ilayer|import|isindex|layer|object|portal|xss|xml|[a-z]*:vmlframe|noscript)(?:[^a-z0-9_-]|$)',
  },
  { id: 'markup_meta', points: 75, pattern: '^meta[^a-z0-9][^>]*(?:http-equiv|charset[ =])' },
  { id: 'markup_link', points: 75, pattern: '^link[^a-z0-9][^>]*(?:rel|href)[ \\t\\r\\n/]*=' },
  { id: 'markup_style', points: 75, pattern: '^style(?:[^a-z0-9]|$)' },
  {
    id: 'markup_css',
    points: 75,
    pattern:
      'style[ \\t\\r\\n/]*=[^>]*(?:expression[ \\t/*]*[(]|behaviou?r[ \\t/*]*:|-moz-binding|@import|filter[ ]*:[ ]*url|\\\\[0-9a-f]{2,6}|font-family[ ]*:[^"\']*[}\\[])',
  },
  {
    id: 'markup_active',
    points: 75,
    pattern:
      '^(?:(?:[a-z0-9]+:)?(?:svg|math|set|animate[a-z]*|handler|foreignobject|feimage)|event-source|keygen|marquee|menuitem|command)[^a-z0-9][^>]*(?:href|action|attributename|formaction|handler|src|to|from|values|dynsrc|xlink)[a-z:]*[ \\t/]*=',
  },
  {
    id: 'markup_form',
    points: 70,
    pattern: '^(?:form|button|input|isindex)[^a-z0-9][^>]*(?:formaction|action)[ \\t/]*=',
  },
  { id: 'markup_srcdoc', points: 85, pattern: '[^a-z]srcdoc[ \\t\\r\\n/]*=' },
  {
    id: 'markup_namespace',
    points: 70,
    pattern:
      'xmlns(?::[a-z]+)?[ ]*=[ "\']*(?:http://www[.]w3[.]org/(?:2001/(?:xml-events|xinclude)|1999/xhtml|1999/xsl))',
  },
  {
    id: 'markup_instruction',
    points: 70,
    pattern: '^[?]xml-stylesheet|^[?]import|^!--[ \\t]*\\[if|^!\\[cdata\\[[^>]*<',
  },
];

/** Over the whole text, lower-case, entities decoded: script without a tag, or out of an attribute. */
export const SCRIPT_RULES: readonly Rule[] = [
  {
    id: 'script_attribute',
    points: 80,
    pattern: `(?:^|["'\`][ \\t\\r\\n\\f/"'\`]*|["'\`][^<>]{0,80}[ \\t\\r\\n/"'])${EVENTS}[ \\t\\r\\n]*=[ \\t\\r\\n"'\`]*[a-z_$({\\[!+/\`]|^[ ]*${EVENTS}[ ]*=[ ]*$|["'\`]${EVENTS}[ ]*=$`,
  },
  {
    id: 'script_url',
    points: 80,
    pattern:
      '(?:^|[=("\'` ,])(?:javascript|vbscript|livescript)[\\x00-\\x20]*:[\\x00-\\x20]*[^ \\t\\r\\n]{0,200}[(`=\\[;/]',
  },
  {
    id: 'script_dialog',
    points: 75,
    pattern:
      '[(](?:alert|confirm|prompt|eval)[)][ ]*[(\`]|(?:^|[^a-z0-9_])(?:alert|confirm|prompt)(?:[?][.])?[ \\t\\r\\n]*(?:[(][ \\t]*(?:[0-9\'"`/)\\\\]|document|window|string|location|self|this|top|xss|cookie|[a-z]{1,8}[)])|`|[.](?:call|apply|bind)[ (`])',
  },
  {
    id: 'script_dom',
    points: 80,
    pattern:
      'document[?]?[ ]*(?:[.][ ]*(?:cookie|domain|write(?:ln)?[ (]|body[.]|documentelement|location|getelement|createelement|execcommand|queryselector|defaultview|forms|scripts)|\\[["\'`a-z])',
  },
  {
    id: 'script_window',
    points: 75,
    pattern:
      '(?:window|self|top|parent|frames|globalthis|this)[ ]*(?:\\[[ ]*["\'`/(+!]|[.](?:location[ ]*=|open[(]|alert|name[^a-z]|eval|onerror[ ]*=|atob|settimeout[(]))',
  },
  {
    id: 'script_eval',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9_.])(?:eval|settimeout|setinterval|execscript|atob|unescape|decodeuri(?:component)?|function)[ ]*[(`][ ]*(?:["\'`]|string|atob|unescape|location|name[)]|window|document|this|self|\\[|/)|string[.]fromcharcode|set(?:timeout|interval)[(][a-z_.]+[ ]*,[ ]*[0-9]+[ ]*[)]|new[ ]+function[(]',
  },
  {
    id: 'script_call',
    points: 75,
    pattern:
      '(?:reflect|\\])[ ]*[.][ ]*(?:apply|construct|get|map|sort|find|filter|foreach|reduce|some|every|constructor)[ ]*(?:[.][ ]*(?:call|apply|constructor)[ ]*)?[(`][^)`]{0,20}(?:\\$[{]|alert|eval|prompt|confirm|function)',
  },
  {
    id: 'script_import',
    points: 75,
    pattern: 'import[ ]*[(][ ]*[\'"`/](?:/|data:|https?:)|@import[ ]*[\'"`(u]',
  },
  {
    id: 'script_css',
    points: 70,
    pattern:
      '(?:^|[;:{ "\'(=])(?:expression[ ]*[(][^)]*[(=]|-moz-binding[ ]*:|behaviou?r[ ]*:[ ]*url|url[ ]*[(][ "\']*(?:java|vb)script)',
  },
  { id: 'script_utf7', points: 80, pattern: '\\xbc/?script|[+]ad[wx]-[^+]{0,200}[+]ad[4w]-' },
  {
    id: 'script_obfuscated',
    points: 75,
    pattern: '(?:\\[\\]|!\\[\\]|\\+\\[|\\(!)[\\[\\]()!+ ]{12,}|[$_]=~\\[\\]|(?:\\\\[ux][0-9a-f{}]{2,6}){5,}',
  },
];

/** What a text must contain before script without tags is looked for. */
export const SCRIPT_GATE =
  'script|[^a-z]on[a-z]|^on[a-z]|alert|confirm|prompt|document|window|self|top|parent|frames|this|eval|settime|setint|fromcharcode|unescape|atob|reflect|\\]|import|expression|binding|behavio|url|~\\[|\\\\[ux]|globalthis|function|[+]ad';

/** A short tag in the middle of a word. */
export const SPLIT_WORD = '[a-z]</?[a-z]{1,2}>[a-z(]';
