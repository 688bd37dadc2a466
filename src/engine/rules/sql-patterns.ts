import type { Rule } from './finding.ts';

/** Over tokens (see sql-tokens.ts). */
export const SQL_SHAPES: readonly Rule[] = [
  // A union whose select goes on as one: a list, a call, a literal, or anything with its source.
  {
    id: 'sql_union',
    points: 90,
    pattern:
      '^[^U]{0,60}[nsvuc)mod.,;CKh(]A*U[A(]{0,20}S|U[A(]{0,20}S[A(]{0,20}(?:[nsvuxXfVm(]|o[,F)cu]?|w[,.(c)]|ww?F)',
  },
  // select list from name, at a start or inside parentheses; two names in a row are prose.
  {
    id: 'sql_select',
    points: 80,
    pattern:
      '(?:^|[(;LCKmodch])[(]{0,20}S[A(]{0,20}(?:o(?![ow])|[nsvx]|[fX][(][^SF]{0,60}[)]|w[,.odmC(L][^wF]?)[^S;]{0,60}F[(A]{0,60}[w(sv]|[(]S(?:w|A|[.]){0,20}F(?:w|[.]){0,20}[GL]',
  },
  {
    id: 'sql_select_call',
    points: 75,
    pattern:
      '(?:^|[(;LCKmod,])[(]{1,20}[A(]{0,20}S[A(]{0,20}(?:X[(]|f[(]|[nsv]|AA|w[mod])|^[(]{0,20}S[(]{0,20}(?:AA|X[(]|[sf][^w;]{0,40}[oLm,][(]{0,20}[nsfXS]|n,[nsfX])|;[(]{0,20}S(?:AA|[(nosvfX][^w])|[CK][(]{1,3}S[A(]{0,3}w[^SF]{0,20}F[wn]|^Sf[(]s[)];?$',
  },
  { id: 'sql_attack_call', points: 70, pattern: '(?:^|[^wA.?])[(]{0,20}X[(][)nsvXf(]' },
  { id: 'sql_filter', points: 75, pattern: 'F[w.]{1,5}w?Lw(?:[.]w)?C[nsvwx(]' },
  // A condition that goes on where a value stood: and x = …
  {
    id: 'sql_condition_tail',
    points: 70,
    pattern:
      '^[);]{0,60}L[(]{0,20}N?[nwv](?:[.]w){0,2}[)]?C|^[);]{0,9}L[(]{0,9}sC[sux]|^K[(]n(?:,[mn]{1,3}){1,40}[)]$|^[)]A[ws]?F',
  },
  {
    id: 'sql_variable_end',
    points: 70,
    pattern:
      '^[(]{0,20}vc$|^n(?:[mod]n){1,3}c$|^mn(?:[mod]n){0,20}U[hc]?$|^n(?:[mod]n){1,20}U[hc]?$|^[mn]{1,60}U[hc]$',
  },
  // Two literals compared after a value or a closed parenthesis, whatever stands around them.
  {
    id: 'sql_tautology',
    points: 80,
    pattern:
      '^m?[ns][)]{0,9}L[(]{0,9}N?(?:nCn|sC[sxu])|[)]L[(]{0,9}N?nCn[)]{0,9}[chL]|[)]L[(]{2,9}nCn|LnCn[)]{0,9}L[(]{0,9}nCn|L[(]{0,9}nCn[)]{0,9}c$|^nCn[)][modL]|^nCn(?:,[nmod]{1,6}){1,3}[)]$',
  },
  { id: 'sql_condition_name', points: 70, pattern: '^m?n[)]{0,9}L[(]{0,9}N?w(?:[.]w)?C[sux]' },
  {
    id: 'sql_if',
    points: 80,
    pattern: '[modCLK,(]D[(]{1,4}[nsfv][C(]|^D[(]{1,4}[ns]C[ns][)]{0,3},|[);]D[(]{1,4}nCn[)]',
  },
  { id: 'sql_list_call', points: 70, pattern: '^,[fX][(][nsv]' },
  { id: 'sql_case', points: 75, pattern: 'AA[^A;]{0,20}[CKn(s][^A;]{0,20}A[(nsvwfXm][^;]{0,30}A' },
];

/** Over tokens after a closed quote: a condition cut off, or a literal that is always true. */
export const SQL_DANGLING =
  '^s[mod]n[mod]{1,2}u$|^so[(]{0,9}n[hc]$|^s[)]{0,60}L[(]{0,20}(?:n|s|w(?:[.]w)?)C[(]?$|^s[)]{0,60}Ln$';

/** Over tokens: two literals compared, a whole value by itself. */
export const SQL_LITERALS = '^(?:nC[ns]|n[KN]{1,60}n|sN?[CK]N?s|nKA?N?n)$';

/** Over text: statements that make sense wherever they stand. One space stands for any blank. */
export const SQL_STATEMENTS: readonly Rule[] = [
  {
    id: 'sql_statement',
    points: 80,
    pattern:
      '(?:^|[;\'")\\]/0-9])[ \\t\\r\\n(]{0,60}(?:' +
      'drop[ \\t\\r\\n]{1,8}(?:table|database|view|function|procedure|schema|user|index|column)[ \\t\\r\\n]{1,8}[a-z_`"\\[]' +
      '|truncate[ \\t\\r\\n]{1,8}table[ \\t\\r\\n]{1,8}[a-z_`]' +
      '|insert[ \\t\\r\\n]{1,8}into[ \\t\\r\\n]{1,8}[a-z_`."\\[\\]]{1,60}[ \\t\\r\\n]{0,8}(?:[(]|values|select)' +
      '|delete[ \\t\\r\\n]{1,8}(?:(?:ignore|low_priority|quick)[ ]{1,8})?from[ \\t\\r\\n]{1,8}[a-z_`."\\[\\]]{1,60}[ \\t\\r\\n]{0,8}(?:where[ \\t\\r\\n]|;|--|#)' +
      '|update[ \\t\\r\\n]{1,8}[a-z_`."\\[\\]]{1,60}[ \\t\\r\\n]{1,8}set[ \\t\\r\\n]{1,8}[a-z_`."\\[\\]]{1,60}[ \\t\\r\\n]{0,8}=' +
      '|alter[ \\t\\r\\n]{1,8}(?:table|user|database|login)[ \\t\\r\\n]{1,8}[a-z_`"\\[]' +
      '|create[ \\t\\r\\n]{1,8}(?:or[ \\t\\r\\n]{1,8}replace[ \\t\\r\\n]{1,8})?(?:table|user|login|function|procedure|trigger|database)[ \\t\\r\\n]{1,8}[a-z_`"\\[]{1,60}[ \\t\\r\\n]{0,8}[(;]' +
      '|declare[ \\t\\r\\n]{1,8}@' +
      '|set[ \\t\\r\\n]{1,8}@[a-z_]{1,60}[ ]{0,8}:?=' +
      "|exec(?:ute)?[ \\t\\r\\n(]{1,60}(?:immediate|master|xp_|sp_|@|')" +
      '|create[ ]{1,8}(?:user|login)[ ]{1,8}[a-z0-9_`"@.]{1,60}[ ]{1,8}(?:identified|with[ ]{1,8}password)' +
      '|shutdown[ \\t\\r\\n]{0,8}(?:;|--|with[ \\t\\r\\n])' +
      '|copy[ \\t\\r\\n]{1,8}[a-z_(][^;]{0,60}[ \\t\\r\\n](?:from|to)[ \\t\\r\\n]{1,8}program' +
      '|load[ \\t\\r\\n]{1,8}(?:data|xml)[ \\t\\r\\n]{1,8}(?:[a-z_]{1,20}[ \\t\\r\\n]{1,8}){0,2}infile' +
      '|drop[ ]{1,8}[a-z_]{1,60}[ ]{0,8}(?:;[ ]{0,8}--|--[ ]{0,3}$)' +
      '|(?:backup|restore)[ ]{1,8}(?:database|log|verifyonly)[ ][^;]{0,60}[ ]disk[ ]{0,3}=' +
      '|grant[ \\t\\r\\n]{1,8}[a-z, ]{1,60}[ \\t\\r\\n]on[ \\t\\r\\n]{1,8}[a-z_*.]{1,60}[ \\t\\r\\n]{1,8}to[ \\t\\r\\n])',
  },
  {
    id: 'sql_statement',
    points: 80,
    pattern:
      '[0-9\'")][ ]{0,8};[ ]{0,8}(?:delete[ ]{1,8}(?:(?:ignore|low_priority|quick)[ ]{1,8})?from|truncate|drop[ ]{1,8}table)[ ]{1,8}[a-z_`."\\[\\]]{1,60}[ ]{0,8}$|(?:union|except|intersect)[ ]{1,8}(?:all[ ]{1,8}|distinct[ ]{1,8})?values[ ]{0,8}(?:row[ ]{0,8})?[(][ ]{0,8}(?:[0-9\'"]|null|row)',
  },
  {
    id: 'sql_constant',
    points: 75,
    pattern:
      '^[0-9.\'") -]{1,20}(?:or|and|xor|[|]{2}|&&)(?:[ \\t\\r\\n(]|/[*][^*]{0,40}[*]/){1,8}(?:not[ ]{1,8})?(?:true|false|null)[ )]{0,8}(?:$|--|#|;)',
  },
  {
    id: 'sql_delay',
    points: 85,
    pattern: 'waitfor[ \\t\\r\\n+]{1,60}(?:delay|time)[ \\t\\r\\n+]{0,60}[\'"(@0-9]',
  },
  {
    id: 'sql_file',
    points: 85,
    pattern: '[ \\t\\r\\n)\'"]into[ \\t\\r\\n]{1,8}(?:outfile|dumpfile)[ \\t\\r\\n(\'"]',
  },
  { id: 'sql_analyse', points: 85, pattern: 'procedure[ \\t\\r\\n]{1,8}analyse[ \\t\\r\\n]{0,8}[(]' },
  {
    id: 'sql_clause',
    points: 75,
    pattern:
      '(?:[\'")]|^-?[0-9]{1,60})[ \\t\\r\\n)]{0,60}(?:order[ \\t\\r\\n]{1,8}by[ \\t\\r\\n]{1,8}(?:[0-9]{1,60}|[a-z_]{1,30}[ ]{0,3}[(])|having[ \\t\\r\\n]{1,8}[0-9\'"]{1,60}[ \\t\\r\\n]{0,8}[=<>]|' +
      'group[ \\t\\r\\n]{1,8}by[ \\t\\r\\n]{1,8}[a-z0-9_.,]{1,60}[ \\t\\r\\n]{1,8}having|limit[ \\t\\r\\n]{1,8}[0-9]{1,60}(?:,[0-9]{1,60})?[ \\t\\r\\n]{0,8}(?:--|#|/\\*|;))|^[ ]{0,3}order by [0-9]{1,4}[ ]{0,3}(?:--|#|,[0-9])|[\'")0-9][ ]{1,3}group by [0-9]{1,3}(?:,[0-9]{1,3}){0,20},?[ ]{0,3}(?:--|#)|^[^\'"]{0,20}[\'"][ ]?(?:or|and|xor|[|]{2}|&&)[ ]?[\'"][0-9]{1,4}(?:[\'"]?=|$)',
  },
];

/** Over text: names of system tables and variables. */
export const SQL_CATALOGUE: readonly Rule[] = [
  {
    id: 'sql_catalogue',
    points: 80,
    pattern:
      '[.]{2}sys(?:objects|columns|databases|users)(?:[^a-z]|$)|(?:information_schema|performance_schema)[`"\\] \\t]{0,60}[.]|[^a-z_.](?:pg_catalog|pg_shadow|pg_user|sys[.](?:databases|tables|schemas|user)|' +
      'mysql[.](?:user|db)|syscat[.][a-z]{3,20}|sys[.](?:all|user|dba)_[a-z_]{1,30}|(?:all|user|dba)_tab_columns|sqlite_(?:master|schema)|sysobjects|syscolumns|all_tables|all_users|user_tables|msysobjects|sysibm|rdb[$])(?:[^a-z]|$)',
  },
  {
    id: 'sql_variable',
    points: 70,
    pattern:
      '@@(?:global[.]|session[.])?(?:version|datadir|basedir|hostname|servername|tmpdir|innodb|secure_file|plugin_dir|language|user)|select[ ]{1,8}@@[a-z]',
  },
  {
    id: 'sql_extended',
    points: 80,
    pattern:
      '(?:^|[^a-z])(?:xp_(?:cmdshell|dirtree|regread|regwrite|fileexist|subdirs|servicecontrol|loginconfig)|sp_(?:executesql|oacreate|oamethod|addsrvrolemember|configure|password)|utl_(?:http|inaddr|file|smtp)[.]|dbms_[a-z]{1,60}[.])',
  },
  { id: 'sql_mysql_comment', points: 60, pattern: '/[*]![0-9]{0,6}[ ]{0,8}[a-z(]' },
  { id: 'sql_exponent', points: 75, pattern: '[0-9][.]e[(]|[0-9][.]e[.][a-z]' },
  {
    id: 'sql_comment',
    points: 75,
    pattern: '[\'"][)]{0,5}[ ;]{0,3}(?:--[ +-]{0,3}[a-z0-9]{0,6}$|/[*][^*\'"]{0,20}$)',
  },
  { id: 'sql_hash', points: 70, pattern: '(?:^|[^ ])[\'"][)]{0,60}[ ]?#$' },
  {
    id: 'sql_having',
    points: 75,
    pattern:
      '(?:^|[^a-z])having[ \\t\\r\\n]{1,8}(?:count|sum|avg|min|max)[ ]{0,8}[(]|group[ ]{1,8}by[ ]{1,8}[a-z0-9_.,() ]{1,60}having[ ]',
  },
  {
    id: 'sql_glued_comment',
    points: 75,
    pattern:
      '[a-z0-9\'")]/[*][^*]{0,40}[*]/(?:or|and|union|select|from|where|order|having|like|into)(?:/[*]|[^a-z0-9_]|$)|(?:^|[^a-z])(?:union|select|where|having)/[*][^*]{0,40}[*]/[a-z0-9(\'"]',
  },
  {
    id: 'sql_comment_tail',
    points: 75,
    pattern:
      '^[^\'"]{0,60}[\'"][ )]{0,5}(?:(?:is|not|like|glob|collate|sounds|in|between|regexp|rlike|or|and)[^a-z]|/[a-z])[^\'"\\n]{0,60}--[ +-]{0,3}$',
  },
  {
    id: 'sql_like_open',
    points: 75,
    pattern: "^(?:[^'\"]{0,60}[^'\" ])?'[ ]{0,4}(?:r?like|ilike|glob|regexp)[ ]{0,4}'[^']{0,40}$",
  },
  {
    id: 'sql_closed_statement',
    points: 70,
    pattern: "^[^'\" ]{0,60}[0-9@][^'\" ]{0,60}'[)]{0,5}[ ]{0,2}(?:/[*][^*]{0,40}[*]/)?;[ ]{0,3}$",
  },
  {
    id: 'sql_characters',
    points: 75,
    pattern: '(?:^|[^a-z])(?:n?char|chr)[(][0-9x]{1,6}[)][ ]{0,3}(?:[+]|[|]{2})[ ]{0,3}(?:n?char|chr)[(]',
  },
  {
    id: 'sql_json',
    points: 75,
    pattern:
      "'[{\\[][^']{0,80}[}\\]]'[ ]{0,2}(?:::jsonb?[ ]{0,2})?(?:[?][|&]?|@>|<@|->>?|#>>?|<|>|=)[ ]{0,2}(?:'|array\\[)",
  },

  {
    id: 'sql_cast',
    points: 70,
    pattern:
      '[a-z0-9_)\'"\\]]::(?:int(?:eger)?|text|bool(?:ean)?|jsonb?|double|numeric|varchar|bytea|regclass|name|date)(?:[^a-z]|$)',
  },
  {
    id: 'sql_attack_name',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9_])(?:user_lock[.]sleep|openrowset|opendatasource|pg_sleep|utl_http|utl_inaddr|lo_(?:get|import|export)|msdasql|dbms_lock|pg_read_file|pg_ls_dir|load_file)(?:[^a-z0-9_]|$)',
  },
  {
    id: 'sql_like',
    points: 75,
    pattern: '[a-z0-9][\'"](?:like|rlike|regexp|glob)[-+~!]?[\'"]|[\'"][ ]{0,3}r?like[ ]{0,3}[\'"]%',
  },
  {
    id: 'sql_hex',
    points: 75,
    pattern: '(?:^|[^a-z])select[ ]{1,8}(?:[a-z_]{1,30}[(])?0x[0-9a-f]{2}|^values[ ]{0,8}[(][\'"]',
  },
  {
    id: 'sql_open_call',
    points: 70,
    pattern:
      '(?:^|[^a-z0-9_.])(?:abs|ascii|avg|benchmark|bin|cast|ceil(?:ing)?|char(?:_length)?|coalesce|compress|concat(?:_ws)?|convert|cos|count|curdate|current_user|curtime|database|date(?:_add|_sub|diff)?|day|decode|elt|encode|exp|extractvalue|' +
      'field|find_in_set|floor|format|from_unixtime|greatest|group_concat|hex|hour|if|ifnull|in|insert|instr|isnull|left|length|ln|load_file|locate|log(?:10|2)?|lower|lpad|ltrim|make_set|max|md5|mid|min|minute|mod|month|name_const|now|nullif|oct|ord|' +
      'password|pg_sleep|pi|position|pow(?:er)?|quarter|quote|radians|rand|repeat|replace|reverse|right|round|row_count|rpad|rtrim|schema|second|sha1?|sign|sin|sleep|soundex|sqrt|strcmp|substr(?:ing(?:_index)?)?|sum|sysdate|tan|time|to_days|trim|truncate|' +
      'ucase|uncompress|unhex|updatexml|upper|user|utc_date|uuid|values?|version|week|weekday|xmltype|year)[^a-z0-9]{0,5}[(]$',
  },
];
