import type { Rule } from './finding.ts';

/** Over tokens (see sql-tokens.ts). */
export const SQL_SHAPES: readonly Rule[] = [
  // A union whose select goes on as one: a list, a call, a literal, or anything with its source.
  {
    id: 'sql_union',
    points: 90,
    pattern: '^[^U]*[nsvuc)mo.,;C(]A*U[A(]*S|U[A(]*S[A(]*(?:[nsvuxXfVm(]|o[,F)cu]?|w[,.(c)]|ww?F)',
  },
  // select list from name, at a start or inside parentheses; two names in a row are prose.
  {
    id: 'sql_select',
    points: 80,
    pattern: '(?:^|[(;LCmoc])[(]*S[A(]*(?:o|[nsvx]|[fX][(][^SF]*[)]|w[,.omC(L][^wF]?)[^S;]*F[(A]*[w(sv]',
  },
  {
    id: 'sql_select_call',
    points: 75,
    pattern: '(?:^|[(;LCmo,])[(]+[A(]*S[A(]*(?:X[(]|f[(]|[nsv]|AC|w[mo])',
  },
  { id: 'sql_attack_call', points: 70, pattern: '(?:^|[^wAf.?])[(]*X[(][)nsvwXf(]' },
  { id: 'sql_case', points: 60, pattern: 'AA[w(]?[nsvw(fX][^;]*[nsvw)]A[nsvw(fX][^;]*A' },
];

/** Over text: statements that make sense wherever they stand. One space stands for any blank. */
export const SQL_STATEMENTS: readonly Rule[] = [
  {
    id: 'sql_statement',
    points: 80,
    pattern:
      '(?:^|[;\'")\\]/0-9])[ \\t\\r\\n(]*(?:' +
      'drop[ \\t\\r\\n]+(?:table|database|view|function|procedure|schema|user|index|column)[ \\t\\r\\n]+[a-z_`"\\[]' +
      '|truncate[ \\t\\r\\n]+table[ \\t\\r\\n]+[a-z_`]' +
      '|insert[ \\t\\r\\n]+into[ \\t\\r\\n]+[a-z_`."\\[\\]]+[ \\t\\r\\n]*(?:[(]|values|select)' +
      '|delete[ \\t\\r\\n]+from[ \\t\\r\\n]+[a-z_`."\\[\\]]+[ \\t\\r\\n]*(?:where[ \\t\\r\\n]|;|--|#|$)' +
      '|update[ \\t\\r\\n]+[a-z_`."\\[\\]]+[ \\t\\r\\n]+set[ \\t\\r\\n]+[a-z_`."\\[\\]]+[ \\t\\r\\n]*=' +
      '|alter[ \\t\\r\\n]+(?:table|user|database|login)[ \\t\\r\\n]+[a-z_`"\\[]' +
      '|create[ \\t\\r\\n]+(?:or[ \\t\\r\\n]+replace[ \\t\\r\\n]+)?(?:table|user|login|function|procedure|trigger|database)[ \\t\\r\\n]+[a-z_`"\\[]+[ \\t\\r\\n]*[(;]' +
      '|declare[ \\t\\r\\n]+@' +
      "|exec(?:ute)?[ \\t\\r\\n(]+(?:immediate|master|xp_|sp_|@|')" +
      '|shutdown[ \\t\\r\\n]*(?:;|--|with[ \\t\\r\\n])' +
      '|copy[ \\t\\r\\n]+[a-z_(][^;]*[ \\t\\r\\n](?:from|to)[ \\t\\r\\n]+program' +
      '|load[ \\t\\r\\n]+data[ \\t\\r\\n]+(?:local[ \\t\\r\\n]+)?infile' +
      '|grant[ \\t\\r\\n]+[a-z, ]+[ \\t\\r\\n]on[ \\t\\r\\n]+[a-z_*.]+[ \\t\\r\\n]+to[ \\t\\r\\n])',
  },
  { id: 'sql_delay', points: 85, pattern: 'waitfor[ \\t\\r\\n+]+(?:delay|time)[ \\t\\r\\n+]*[\'"(@0-9]' },
  {
    id: 'sql_file',
    points: 85,
    pattern: '[ \\t\\r\\n)\'"]into[ \\t\\r\\n]+(?:outfile|dumpfile)[ \\t\\r\\n(\'"]',
  },
  { id: 'sql_analyse', points: 85, pattern: 'procedure[ \\t\\r\\n]+analyse[ \\t\\r\\n]*[(]' },
  {
    id: 'sql_clause',
    points: 75,
    pattern:
      '(?:[\'")]|^-?[0-9]+)[ \\t\\r\\n)]*(?:order[ \\t\\r\\n]+by[ \\t\\r\\n]+[0-9]+|having[ \\t\\r\\n]+[0-9\'"]+[ \\t\\r\\n]*[=<>]|' +
      'group[ \\t\\r\\n]+by[ \\t\\r\\n]+[a-z0-9_.,]+[ \\t\\r\\n]+having|limit[ \\t\\r\\n]+[0-9]+(?:,[0-9]+)?[ \\t\\r\\n]*(?:--|#|/\\*|;))',
  },
];

/** Over text: names of system tables and variables. */
export const SQL_CATALOGUE: readonly Rule[] = [
  {
    id: 'sql_catalogue',
    points: 80,
    pattern:
      '(?:information_schema|performance_schema)[`"\\] \\t]*[.]|[^a-z_.](?:pg_catalog|pg_shadow|pg_user|sys[.](?:databases|tables|schemas|user)|' +
      'mysql[.](?:user|db)|sqlite_(?:master|schema)|sysobjects|syscolumns|all_tables|all_users|user_tables|msysobjects|sysibm|rdb[$])(?:[^a-z]|$)',
  },
  {
    id: 'sql_variable',
    points: 70,
    pattern:
      '@@(?:global[.]|session[.])?(?:version|datadir|basedir|hostname|servername|tmpdir|innodb|secure_file|plugin_dir|language|user)',
  },
  {
    id: 'sql_extended',
    points: 80,
    pattern:
      '(?:^|[^a-z])(?:xp_(?:cmdshell|dirtree|regread|regwrite|fileexist|subdirs|servicecontrol|loginconfig)|sp_(?:executesql|oacreate|oamethod|addsrvrolemember|configure|password)|utl_(?:http|inaddr|file|smtp)[.]|dbms_[a-z]+[.])',
  },
  { id: 'sql_mysql_comment', points: 60, pattern: '/[*]![0-9]{0,6}[ ]*[a-z(]' },
];
