import type { Rule } from './finding.ts';

const BLANK = '[ \\t\\r\\n\\v]';

/** Code of the languages servers run, lower-case. */
export const CODE_RULES: readonly Rule[] = [
  // Java
  {
    id: 'java_lookup',
    points: 95,
    pattern:
      '[$][{][^}]{0,80}(?:jndi|[:-]+j|lower:|upper:|::-)[^}]{0,80}[:}]|jndi[ ]*:[ ]*(?:ldaps?|rmi|dns|iiop|corba|nds|nis|https?|\\$)',
  },
  {
    id: 'java_runtime',
    points: 85,
    pattern:
      'java(?:x|fx)?[.][a-z.]{0,60}(?:runtime|processbuilder|scriptengine|classloader|filewriter|filereader|xmldecoder|objectinputstream|methodutil|unsafe)|getruntime[ ]*[(]|processbuilder[ ]*[(]|runtime[.]exec|[.]getclass[ ]*[(]|class[.]forname[ ]*[(]|[.]newinstance[ ]*[(]',
  },
  {
    id: 'java_gadget',
    points: 85,
    pattern:
      'clonetransformer|forclosure|whileclosure|instantiatefactory|instantiatetransformer|invokertransformer|prototypeclonefactory|prototypeserializationfactory|constanttransformer|chainedtransformer|templatesimpl|badattributevalueexp|ysoserial|jdbcrowsetimpl|annotationinvocationhandler|com[.]sun[.]rowset',
  },
  {
    id: 'java_stream',
    points: 85,
    pattern: 'ro0ab[a-z0-9]|aced0005|\\xac\\xed\\x00\\x05|h4siaaaaaaaa[a-z0-9+/]{20}',
  },
  {
    id: 'java_expression',
    points: 85,
    pattern:
      '[%$#][{][^}]{0,200}(?:#[a-z_]+[.\\[=]|@java|t[(]java|getclass|\\.class\\.|runtime|new java|memberaccess|context\\[)|#_memberaccess|@java[.]lang|allowstaticmethodaccess|ognl[.]|xwork[.]|opensymphony',
  },
  {
    id: 'java_binding',
    points: 80,
    pattern:
      'class[.]module[.]classloader|(?:^|[.\\[])class(?:\\[[\'"]?|[.])classloader|class[.](?:protectiondomain|module[.])',
  },
  {
    id: 'java_package',
    points: 70,
    pattern:
      '(?:^|[^a-z0-9 ])(?:org[.](?:omg[.]corba|apache[.]commons)(?:[^a-z]|$)|com[.](?:opensymphony|sun[.]org)[.a-z]|java[.](?:lang|io|util|nio|net|beans|rmi|security)[.][a-z.]{1,60}(?:[^a-z0-9. :]|$)|javax[.](?:script|naming|management|el)[.]|org[.](?:springframework|apache[.](?:commons|struts|xalan|catalina|wicket))[.]|com[.](?:sun|bea)[.][a-z.]|sun[.](?:misc|reflect)[.])',
  },
  // PHP
  {
    id: 'php_tag',
    points: 80,
    pattern: '<[?](?:php|=)|<[?][ \\t\\r\\n]+[$a-z@]|\\[/?php\\]|<script[^>]+language[ ]*=[ "\']*php',
  },
  {
    id: 'php_superglobal',
    points: 80,
    pattern:
      '[$][{\'"]*_[ ]*(?:get|post|request|cookie|server|files|session|env)(?:[^a-z]|$)|[$]globals|[$]http_(?:raw_post_data|get_vars|post_vars|cookie_vars|server_vars)|[$]_s[ ]*erver',
  },
  {
    id: 'php_stream',
    points: 80,
    pattern:
      '(?:^|[^a-z])(?:php|phar|expect|zip|glob|ogg|rar|ssh2[.a-z0-9]*|compress[.](?:zlib|bzip2))://|(?:^|[=(\'"])data:[a-z/]*;base64,pd9waha|data://text',
  },
  {
    id: 'php_object',
    points: 80,
    pattern: '(?:^|[;{:"\'= ])[oc]:[+]?[0-9]+:"[a-z0-9_\\\\]+":[+]?[0-9]+:[{]',
  },
  {
    id: 'php_variable_call',
    points: 75,
    pattern: `(?:^|[^a-z0-9_$/(&])[$]+[{]?[@]?[a-z_][a-z0-9_]{0,60}[}]?(?:${BLANK}|/[*][^*]*[*]/|(?:#|//)[^\\n]*\\n|[\\[{][^\\]}]*[\\]}]|->[a-z_]+|::[$]?[a-z_]+)*[(][^)]*(?:[)]|$)`,
  },
  {
    id: 'php_string_call',
    points: 75,
    pattern: `(?:[(]${BLANK}*)?["'](?:[a-z_]|\\\\x[0-9a-f]{2}){4,}["'](?:${BLANK}*[.]${BLANK}*["'][a-z_]+["'])*${BLANK}*[)]?${BLANK}*[(][^)]*[)]|[(][a-z.() ]*[)]${BLANK}*[(]['"@$][^)]*[)]${BLANK}*(?:;|$)`,
  },
  {
    id: 'php_function',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9_>.-])(?:passthru|shell_exec|proc_open|pcntl_exec|popen|phpinfo|phpversion|php_uname|php_sapi_name|create_function|call_user_func(?:_array)?|preg_replace(?:_callback)?|' +
      'base64_decode|str_rot13|gzinflate|gzuncompress|unserialize|file_get_contents|file_put_contents|fopen|fwrite|fputs|readfile|show_source|highlight_file|move_uploaded_file|parse_ini_file|' +
      'array_(?:map|filter|walk|reduce|diff_uassoc|udiff|diff_ukey|uintersect)|usort|uasort|uksort|register_shutdown_function|set_error_handler|ob_start|escapeshell[a-z]+|getenv|putenv|ini_set|ini_get|' +
      'mb_ereg_replace|simplexml_load_(?:file|string)|posix_[a-z]+|apache_(?:child_terminate|setenv)|opendir|scandir|parse_str|ftp_(?:connect|get|put)|curl_(?:exec|init)|var_dump|print_r|' +
      'get_(?:defined_vars|cfg_var|current_user)|zend_version|wp_remote_fopen|is_callable|function_exists|zend_[a-z_]+|sodium_[a-z0-9_]+|tidy_[a-z_]+|gethostby[a-z]+|array_[a-z_]+)' +
      `${BLANK}*[(]${BLANK}*(?:[)'"$@\`/a-z_0-9\\[]|$)`,
  },
  {
    id: 'php_setting',
    points: 75,
    pattern: `(?:^|[^a-z0-9_])(?:allow_url_(?:fopen|include)|auto_(?:prepend|append)_file|disable_functions|open_basedir|safe_mode|extension_dir|display_errors|log_errors|error_log|magic_quotes_gpc|memory_limit|session[.][a-z_]+|suhosin[.][a-z._]+|zend_extension|mail[.]log|include_path|upload_tmp_dir|user_ini[.][a-z_]+|opcache[.][a-z_]+)${BLANK}*=`,
  },
  // Names that prose puts before a parenthesis too: with an argument of code, or with nothing before them.
  {
    id: 'php_function',
    points: 75,
    pattern: `(?:^|[^a-z0-9_>.-])(?:system|exec|assert|include|require(?:_once)?|include_once|die|chr|extract|eval|dl|file)[(]${BLANK}*(?:['"][a-z/.$]|[$@\`]|[0-9]{2,3}[)]|base64|gzinflate|str_rot|id[)]|ls[)]|whoami[)]|pwd[)])`,
  },
  {
    id: 'php_grouped_call',
    points: 75,
    pattern: `(?:[(]|\\[)${BLANK}*(?:[(]?string[)]?)?${BLANK}*["'\\[{]*${BLANK}*(?:/[*][^*]{0,40}[*]/)?(?:system|exec|passthru|shell_exec|phpinfo|eval|assert)${BLANK}*["'\\]]*${BLANK}*(?:[)]|\\])|(?:"[a-z]{1,8}"[ ]*[.][ ]*){1,6}"[a-z]{1,8}"[ ]*[(]|'[a-z]{1,8}'[ ]*[.][ ]*'[a-z]{1,8}'[^a-z]{1,6}[(;]|(?:[)]|\\]|[}])[ ]*[(]['"](?:uname|id|ls|whoami|cat )`,
  },
  { id: 'php_variable', points: 75, pattern: `[$][{]${BLANK}*['"@$]|[$]${BLANK}+[{]|[$]_{1,6}[\\[({]` },
  // JavaScript on servers
  {
    id: 'node_module',
    points: 85,
    pattern:
      'require[ ]*[(]?[ ]*[\'"`]?(?:child_process|fs|vm|os|net|http|cluster|process)[\'"`]|child_process|process[.](?:mainmodule|binding|env|exit|kill|dlopen)|require[.]main|mainmodule[.]|_\\$\\$nd_func\\$\\$|global[.]process|this[.]constructor[.]constructor|execsync[ ]*[(]|spawnsync[ ]*[(]',
  },
  {
    id: 'node_prototype',
    points: 80,
    pattern:
      '__proto__|(?:^|[^a-z])constructor[ \\]\'"]*(?:[.\\[]|%5b)[ \'"]*(?:prototype|constructor)|prototype[ ]*(?:\\[|[.])[ \'"]*[a-z_]+[\'"\\]]*[ ]*=',
  },
  {
    id: 'node_loop',
    points: 70,
    pattern:
      '(?:while|for)[ ]*[(][ (]*(?:;;|true|this|string|!?nan|!?[-+]?[0-9]+|!+[^a-z)]*|[-+]?infinity|!(?:false|null|undefined)|new [a-z]+[( )]*)[ ]*[)]',
  },
  {
    id: 'node_delay',
    points: 75,
    pattern: 'do[ ]*[{][^}]{0,80}new date[ ]*[(][ ]*[)][^}]{0,80}[}][ ]*while[ ]*[(]',
  },
  // Templates and expression languages
  {
    id: 'template_arithmetic',
    points: 80,
    pattern:
      '(?:[$#@*%]?[{]{1,3}|<%=?|\\[\\[|[{]%)[ ]*[(]?[\'"]?[0-9]+[\'"]?[ ]*[*+/-][ ]*[\'"]?[0-9]+[\'"]?[ )]*(?:[}]{1,3}|%>|\\]\\]|%[}])',
  },
  {
    id: 'template_object',
    points: 85,
    pattern:
      '__(?:class|mro|subclasses|globals|builtins|import|base|bases|init|getitem|reduce)__|[{][{%][^}]{0,200}(?:config[.]|self[.]_|request[.](?:application|environ)|lipsum|cycler|joiner|namespace[(]|[|]attr|[.]constructor|_self|dump[(]|include |range[.]|[|]filter|[|]map[(]|getenv|popen|system)',
  },
  {
    id: 'template_code',
    points: 80,
    pattern:
      '<%[=@]?[ ]*(?:(?:system|exec|eval|require|import|response|request|runtime|new|class|file|dir|io|open|page|%x|foreach|out)[^a-z]|`)|<#assign|[#$][{](?:[^}]{0,80}(?:exec|system|eval|new |[.]class|constructor|require|process|import|file[.]|io[.]|%x|`))|<#(?:import|include|list)|[?]new[(][)]|[#]set[ ]*[(][ ]*[$]|[#]evaluate|freemarker[.]template',
  },
  {
    id: 'template_tag',
    points: 75,
    pattern:
      '[{]%[ ]*(?:if|for|set|import|include|extends|block|raw|debug|load|call|macro|with)[^a-z]|<%=?[ ]*(?:if|for|unless|while)[ (]',
  },
  { id: 'perl_interpolation', points: 80, pattern: '@[{][ \\t]*\\[' },
  {
    id: 'node_object',
    points: 70,
    pattern:
      '(?:^|[^a-z])(?:console[ ]*(?:[.](?:log|info|error|warn|dir|debug|trace)|\\[)|process[ ]*\\[|require[ ]*\\[|module[.]exports[ ]*=)|__js_function|:constructor:constructor',
  },
  {
    id: 'call_alone',
    points: 70,
    pattern: '^[a-z0-9]{2,20}(?:_[a-z0-9]{1,20}){1,8}[ ]?[(][^)]{0,60}[)]?;?$|^[$][a-z_]+[-]>[a-z_]+[(]',
  },
  // Python, Ruby, Perl, .NET
  {
    id: 'script_runtime',
    points: 80,
    pattern:
      '__import__|(?:^|[^a-z])(?:os|subprocess|commands|posix|pty|shutil|importlib)[.](?:system|popen|exec[a-z]*|spawn[a-z]*|call|run|check_output|getoutput|import_module)[ ]*[(]|!!(?:python|ruby|javax?|php)/|(?:compile|exec|eval)[ ]*[(][ ]*(?:compile|[\'"][ ]*(?:import|for|print))|(?:kernel|process|open3|io)[.](?:exec|spawn|system|popen|capture[0-9]?|clock_gettime)[ (]|system[.](?:diagnostics|reflection|io[.]file)[.]|%x[(\\[{|]',
  },
];

/** Cheap presence test for any of the above. */
export const CODE_GATE =
  '[${}<(]|[.:]|%x|__|=|closure|transformer|instantiate|prototype|templatesimpl|ysoserial|badattribute|ro0ab|aced0005|\\xac\\xed|h4sia|phpinfo|child_process';
