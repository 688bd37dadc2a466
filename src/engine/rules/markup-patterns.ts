import type { Rule } from './finding.ts';

/** Events that a browser fires by itself or by a touch; their attributes run script. */
const EVENTS =
  'on(?:abort|activate|after[a-z]{1,60}|animation[a-z]{1,60}|auxclick|before[a-z]{1,60}|begin|blur|bounce|cancel|canplay[a-z]{0,60}|change|click|' +
  'close|contextmenu|copy|cuechange|cut|dblclick|drag[a-z]{0,60}|drop|durationchange|end|ended|error|finish|focus[a-z]{0,60}|' +
  'formdata|fullscreen[a-z]{0,60}|gotpointercapture|hashchange|input|invalid|key(?:down|press|up)|load[a-z]{0,60}|lostpointercapture|' +
  'message[a-z]{0,60}|mouse[a-z]{1,60}|mozfullscreen[a-z]{0,60}|offline|pag(?:ehide|eshow)|paste|pause|play[a-z]{0,60}|pointer[a-z]{1,60}|popstate|' +
  'progress|propertychange|ratechange|readystatechange|repeat|reset|resize|scroll[a-z]{0,60}|search|securitypolicyviolation|' +
  'seek[a-z]{1,60}|select[a-z]{0,60}|show|slotchange|stalled|start|storage|submit|suspend|timeupdate|toggle|touch[a-z]{1,60}|' +
  'transition[a-z]{1,60}|unhandledrejection|unload|volumechange|waiting|webkit[a-z]{1,60}|wheel)';

const BLANK = '[ \\t\\r\\n\\f\\x0b\\x00/]';

/** Over the inside of one tag: `name attributes`, lower-case, entities decoded. */
export const TAG_RULES: readonly Rule[] = [
  { id: 'markup_script', points: 90, pattern: '^(?:[a-z0-9]{1,60}:)?script(?:[^a-z0-9]|$)' },
  { id: 'markup_event', points: 90, pattern: `[^a-z0-9_-]${EVENTS}${BLANK}{0,8}=` },
  {
    id: 'markup_event',
    points: 80,
    pattern: `^[a-z0-9:-]{1,60}[ \\t\\r\\n\\f/"'\`]{1,8}on[a-z]{3,24}${BLANK}{0,8}=${BLANK}{0,8}["'\`]?(?:[a-z_$.\\[({]{1,60}[a-z0-9_$.\\])}]{0,60}[(\`=\\[.]|[0-9]{1,3}["'\`]?${BLANK}{0,8}$)`,
  },
  {
    id: 'markup_script_url',
    points: 90,
    pattern: '[a-z:="\'` \\t\\r\\n][=(][ \\t\\r\\n"\'`]{0,8}(?:java|vb|live)script[\\x00-\\x20]{0,60}:',
  },
  {
    id: 'markup_data_url',
    points: 80,
    pattern:
      '[=(;][ \\t\\r\\n"\'`]{0,8}(?:url=)?[ "\'`]{0,8}data[\\x00-\\x20]{0,60}:[^ >]{0,40}(?:text/html|image/svg|xml|base64|script|,)[^>]{0,300}',
  },
  {
    id: 'markup_embed',
    points: 75,
    pattern:
      '^(?:applet|base|bgsound|embed|frame|frameset|iframe|ilayer|import|isindex|layer|object|portal|xss|xml|[a-z]{0,60}:vmlframe|noscript)(?:[^a-z0-9_-]|$)',
  },
  { id: 'markup_meta', points: 75, pattern: '^meta[^a-z0-9][^>]{0,300}(?:http-equiv|charset[ =])' },
  { id: 'markup_link', points: 75, pattern: '^link[^a-z0-9][^>]{0,300}(?:rel|href)[ \\t\\r\\n/]{0,8}=' },
  { id: 'markup_style', points: 75, pattern: '^style(?:[^a-z0-9]|$)' },
  {
    id: 'markup_css',
    points: 75,
    pattern:
      'style[ \\t\\r\\n/]{0,8}=[^>]{0,300}(?:expression[ \\t/*]{0,60}[(]|behaviou?r[ \\t/*]{0,60}:|-moz-binding|@import|filter[ ]{0,8}:[ ]{0,8}url|\\\\[0-9a-f]{2,6}|font-family[ ]{0,8}:[^"\']{0,60}[}\\[])',
  },
  {
    id: 'markup_active',
    points: 75,
    pattern:
      '^(?:(?:[a-z0-9]{1,60}:)?(?:svg|math|set|animate[a-z]{0,60}|handler|foreignobject|feimage)|event-source|keygen|marquee|menuitem|command)[^a-z0-9][^>]{0,300}(?:href|action|attributename|formaction|handler|src|to|from|values|dynsrc|xlink)[a-z:]{0,60}[ \\t/]{0,8}=',
  },
  {
    id: 'markup_form',
    points: 70,
    pattern: '^(?:form|button|input|isindex)[^a-z0-9][^>]{0,300}(?:formaction|action)[ \\t/]{0,8}=',
  },
  {
    id: 'markup_binding',
    points: 75,
    pattern:
      '[^a-z]datasrc[ ]{0,8}=[ "\']{0,4}#|[^a-z](?:href|src|action)[ ]{0,8}=[ "\']{0,4}(?:mocha:|https?://(?:[0-9]{8,10}|0x[0-9a-f]{2,8}|0[0-7]{2,4}[.])(?:[/:.?"\' ]|$))|style[ ]{0,8}=[^>]{0,300}binding[ ]{0,8}:[ ]{0,8}url',
  },
  { id: 'markup_srcdoc', points: 85, pattern: '[^a-z]srcdoc[ \\t\\r\\n/]{0,8}=' },
  {
    id: 'markup_namespace',
    points: 70,
    pattern:
      'xmlns(?::[a-z]{1,60})?[ ]{0,8}=[ "\']{0,8}(?:http://www[.]w3[.]org/(?:2001/(?:xml-events|xinclude)|1999/xhtml|1999/xsl))',
  },
  {
    id: 'markup_instruction',
    points: 70,
    pattern: '^[?]xml-stylesheet|^[?]xml:namespace|^[?]import|^!--[ \\t]{0,8}\\[if|^!\\[cdata\\[[^>]{0,300}<',
  },
];

/** Over the whole text, lower-case, entities decoded: script without a tag, or out of an attribute. */
export const SCRIPT_RULES: readonly Rule[] = [
  {
    id: 'script_attribute',
    points: 80,
    pattern: `(?:^|["'\`][ \\t\\r\\n\\f/"'\`]{0,8}|["'\`][^<>"'\`]{0,80}[ \\t\\r\\n/])${EVENTS}[ \\t\\r\\n]{0,8}=[ \\t\\r\\n"'\`]{0,8}[a-z_$({\\[!+/\`]|^[ ]{0,8}${EVENTS}[ ]{0,8}=[ ]{0,8}$|["'\`]${EVENTS}[ ]{0,8}=$`,
  },
  {
    id: 'script_url',
    points: 80,
    pattern:
      '(?:^|[=("\'` ,])(?:javascript|vbscript|livescript)[\\x00-\\x20]{0,60}:(?![ ]{0,3}(?:void[(][ ]?0?[ ]?[)])?;?$)[\\x00-\\x20]{0,60}[^ \\t\\r\\n]{0,200}[(`=\\[;/]',
  },
  {
    id: 'script_dialog',
    points: 75,
    pattern:
      '[(](?:alert|confirm|prompt|eval)[)][ ]{0,8}[(\`]|(?:^|[^a-z0-9_`])(?:alert|confirm|prompt)(?:[?][.])?(?:[ \\t\\r\\n]{0,8}[(][ \\t]{0,8}(?:[0-9\'"`/)\\\\]|document|window|string|location|self|this|top|xss|cookie)|[(][a-z]{1,8}[)]|`[0-9a-z\'"$\\\\/`]|[.](?:call|apply|bind)[ (`])',
  },
  {
    id: 'script_dom',
    points: 80,
    pattern:
      'document[?]?[ ]{0,8}(?:[.][ ]{0,8}(?:cookie|domain|write(?:ln)?[ (]|body[.]|documentelement|location|getelement|createelement|execcommand|queryselector|defaultview|forms|scripts)|\\[["\'`a-z])',
  },
  {
    id: 'script_window',
    points: 75,
    pattern:
      '(?:window|self|top|parent|frames|globalthis|this)[ ]{0,8}(?:\\[[ ]{0,8}["\'`/(+!]|[.](?:location[ ]{0,8}=|open[(]|alert|name[^a-z]|eval|onerror[ ]{0,8}=|atob|settimeout[(]))',
  },
  {
    id: 'script_location',
    points: 75,
    pattern:
      '(?:^|[;\'"`}\\])=(,])[ ]{0,3}location(?:[.](?:href|hash|search|pathname))?[ ]{0,4}=[ ]{0,4}(?:[\'"`](?://|https?:|java)|name|atob|document|window|top)',
  },
  {
    id: 'script_reference',
    points: 75,
    pattern:
      '(?:^|[;\'"(])[a-z_$]{1,8}=(?:alert|confirm|prompt|eval),[a-z_$]{1,8}[(]|[$][.](?:getscript|globaleval)[(]|(?:^|[=\'"( ])data:text/html[;,]',
  },
  {
    id: 'script_eval',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9_.])(?:eval|settimeout|setinterval|execscript|atob|unescape|decodeuri(?:component)?)[ ]{0,8}[(`][ ]{0,8}(?:["\'`]|string|atob|unescape|location|name[)]|window|document|this|self|\\[|/)|string[.]fromcharcode|set(?:timeout|interval)[(][a-z_.]{1,60}[ ]{0,8},[ ]{0,8}[0-9]{1,60}[ ]{0,8}[)]|new[ ]{1,8}function[(][\'"`]|(?:^|[^a-z])function[(][\'"`]',
  },
  {
    id: 'script_call',
    points: 75,
    pattern:
      '(?:reflect|\\])[ ]{0,8}[.][ ]{0,8}(?:apply|construct|get|map|sort|find|filter|foreach|reduce|some|every|constructor|with|at|flatmap|concat)[ ]{0,8}(?:[.][ ]{0,8}(?:call|apply|constructor)[ ]{0,8})?[(`][^)`]{0,20}(?:\\$[{]|alert|eval|prompt|confirm|function)',
  },
  // A tag closed that this value did not open, and another opened; pasted pieces of pages go on with what they show.
  {
    id: 'markup_breakout',
    points: 75,
    pattern: '^[^<>]{0,40}["\'][ ]?/?>{1,3}[ ]{0,3}<(?!(?:img|br|p|span|div|li|td)[ />])/?[a-z!]',
  },
  {
    id: 'script_alias',
    points: 75,
    pattern:
      '(?:^|[;={,(])[a-z_$]{1,12}=(?:eval|alert|confirm|prompt)[;,)]|new function`|[a-z)\\]][.]constructor[ ]{0,3}(?:[(][ ]{0,3}[\'"`]|`)|new xmlhttprequest[^a-z][^\\n]{0,80}[.]open|(?:\\\\[01]?[0-7]{2}){5,40}|window\\[\\[|import[(][\'"`][^\'"`]{1,80}[\'"`][)]$',
  },
  {
    id: 'script_import',
    points: 75,
    pattern: 'import[ ]{0,8}[(][ ]{0,8}[\'"`/](?:/|data:|https?:)|@import[ ]{0,8}[\'"`(u]',
  },
  {
    id: 'script_css',
    points: 70,
    pattern:
      '(?:^|[;:{ "\'(=])(?:expression[ ]{0,8}[(][^)]{0,60}[(=]|-moz-binding[ ]{0,8}:|behaviou?r[ ]{0,8}:[ ]{0,8}url|url[ ]{0,8}[(][ "\']{0,8}(?:java|vb)script)',
  },
  { id: 'script_utf7', points: 80, pattern: '\\xbc/?script|[+]ad[wx]-[^+]{0,200}[+]ad[4w]-' },
  {
    id: 'script_obfuscated',
    points: 75,
    pattern:
      '(?:\\[\\]|!\\[\\]|\\+\\[|\\(!)[\\[\\]()!+ ]{12,200}|[$_]=~\\[\\]|(?:\\\\[ux][0-9a-f{}]{2,6}){5,40}',
  },
];

/** What a text must contain before script without tags is looked for. */
export const SCRIPT_GATE =
  'script|location|globaleval|text/html|[^a-z]on[a-z]|^on[a-z]|alert|confirm|prompt|document|window|self|top|parent|frames|this|eval|settime|setint|fromcharcode|unescape|atob|reflect|\\]|import|expression|binding|behavio|url|~\\[|\\\\[ux]|globalthis|function|[+]ad|["\'][ ]?/?>|\\\\[01]?[0-7]{2}|constructor|xmlhttp';

/** A short tag in the middle of a word. */
export const SPLIT_WORD = '[a-z]</?[a-z]{1,2}>[a-z(]';

/** A script's scheme that is whole only without the tabs and line breaks that browsers drop. */
export const SCRIPT_SCHEME = '(?:java|vb|live)script:';
