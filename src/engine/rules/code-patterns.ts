import type { Rule } from './finding.ts';

const BLANK = '[ \\t\\r\\n\\x0b]';

/** Code of the languages servers run, lower-case. */
export const CODE_RULES: readonly Rule[] = [
  // Java
  {
    id: 'java_lookup',
    points: 95,
    pattern:
      '[$]\\\\?[{][^}]{0,80}(?:jndi|[:-]{1,60}j|lower:|upper:|::-)[^}]{0,80}[:}]|jndi[ ]{0,8}:[ ]{0,8}(?:ldaps?|rmi|dns|iiop|corba|nds|nis|https?|\\$)',
  },
  {
    id: 'java_runtime',
    points: 85,
    pattern:
      'java(?:x|fx)?[.][a-z.]{0,60}(?:runtime|processbuilder|scriptengine|classloader|filewriter|filereader|xmldecoder|objectinputstream|methodutil|unsafe)|getruntime[ ]{0,8}[(]|processbuilder[ ]{0,8}[(]|runtime[.]exec|[.]getclass[ ]{0,8}[(]|class[.]forname[ ]{0,8}[(]|[.]newinstance[ ]{0,8}[(]',
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
      '[%$#][{][^{}]{0,200}(?:#[a-z_]{1,60}[.\\[=]|@java|t[(]java|getclass|\\.class\\.|runtime|new java|memberaccess|context\\[)|#_memberaccess|@java[.]lang|allowstaticmethodaccess|ognl[.]|xwork[.]|opensymphony',
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
      '(?:^|[^a-z0-9 ])(?:org[.](?:omg[.]corba|apache[.]commons)(?:[^a-z]|$)|com[.](?:opensymphony|sun[.]org)[.a-z]|java[.](?:lang|io|util|nio|net|beans|rmi|security)[.][a-z0-9.]{1,60}(?:[^a-z0-9. :]|$)|javax[.](?:script|naming|management|el)[.]|org[.](?:springframework|apache[.](?:commons|struts|xalan|catalina|wicket))[.]|com[.](?:sun|bea)[.][a-z.]|sun[.](?:misc|reflect)[.])',
  },
  // PHP
  {
    id: 'php_tag',
    points: 80,
    pattern:
      '<[?](?:php|=)|<[?][ \\t\\r\\n]{1,8}[$a-z@]|\\[/?php\\]|<script[^>]{1,300}language[ ]{0,8}=[ "\']{0,8}php',
  },
  {
    id: 'php_superglobal',
    points: 80,
    pattern:
      '[$][{\'"]{0,60}_[ ]{0,8}(?:get|post|request|cookie|server|files|session|env)(?:[^a-z]|$)|[$]globals|[$]http_(?:raw_post_data|get_vars|post_vars|cookie_vars|server_vars)|[$]_s[ ]{0,8}erver',
  },
  {
    id: 'php_stream',
    points: 80,
    pattern:
      '(?:^|[^a-z])(?:php|phar|expect|zip|glob|ogg|rar|ssh2[.a-z0-9]{0,60}|compress[.](?:zlib|bzip2))://|(?:^|[=(\'"])data:[a-z/]{0,60};base64,pd9waha|data://text',
  },
  {
    id: 'php_object',
    points: 80,
    pattern: '(?:^|[;{:"\'= ])[oc]:[+]?[0-9]{1,60}:"[a-z0-9_\\\\]{1,60}":[+]?[0-9]{1,60}:[{]',
  },
  {
    id: 'php_variable_call',
    points: 75,
    pattern: `(?:^|[^a-z0-9_$/(&])[$]{1,60}[{]?[@]?[a-z_][a-z0-9_]{0,60}[}]?(?:${BLANK}|/[*][^*]{0,60}[*]/|(?:#|//)[^\\n]{0,60}\\n|[\\[{][^\\]}]{0,60}[\\]}]|->[a-z_]{1,60}|::[$]?[a-z_]{1,60}){0,6}[(][^)]{0,60}(?:[)]|$)`,
  },
  {
    id: 'php_string_call',
    points: 75,
    pattern: `^${BLANK}{0,8}(?:[(]${BLANK}{0,8})?["'](?:[a-z_]|\\\\x[0-9a-f]{2}){4,40}["'](?:${BLANK}{0,8}[.]${BLANK}{0,8}["'][a-z_]{1,60}["']){0,6}${BLANK}{0,8}[)]?${BLANK}{0,8}[(][^)]{0,60}[)]|[(][a-z.() ]{0,60}[)]${BLANK}{0,8}[(]['"@$][^)]{0,60}[)]${BLANK}{0,8}(?:;|$)`,
  },
  {
    id: 'php_function',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9_>.-])(?:passthru|shell_exec|proc_open|pcntl_exec|popen|phpinfo|phpversion|php_uname|php_sapi_name|create_function|call_user_func(?:_array)?|preg_replace(?:_callback)?|' +
      'base64_decode|str_rot13|gzinflate|gzuncompress|unserialize|file_get_contents|file_put_contents|fopen|fwrite|fputs|readfile|show_source|highlight_file|move_uploaded_file|parse_ini_file|' +
      'array_(?:map|filter|walk|reduce|diff_uassoc|udiff|diff_ukey|uintersect)|usort|uasort|uksort|register_shutdown_function|set_error_handler|ob_start|escapeshell[a-z]{1,60}|getenv|putenv|ini_set|ini_get|' +
      'mb_ereg_replace|simplexml_load_(?:file|string)|posix_[a-z]{1,60}|apache_(?:child_terminate|setenv)|opendir|scandir|parse_str|ftp_(?:connect|get|put)|curl_(?:exec|init)|var_dump|print_r|' +
      'get_(?:defined_vars|cfg_var|current_user)|zend_version|wp_remote_fopen|is_callable|function_exists|zend_[a-z_]{1,60}|sodium_[a-z0-9_]{1,60}|tidy_[a-z_]{1,60}|gethostby[a-z]{1,60}|array_[a-z_]{1,60})' +
      `${BLANK}{0,8}[(]${BLANK}{0,8}(?:[)'"$@\`/a-z_0-9\\[]|$)`,
  },
  {
    id: 'php_setting',
    points: 75,
    pattern: `(?:^|[^a-z0-9_])(?:allow_url_(?:fopen|include)|auto_(?:prepend|append)_file|disable_functions|open_basedir|safe_mode|extension_dir|display_errors|log_errors|error_log|magic_quotes_gpc|memory_limit|session[.][a-z_]{1,60}|suhosin[.][a-z._]{1,60}|zend_extension|mail[.]log|include_path|upload_tmp_dir|user_ini[.][a-z_]{1,60}|opcache[.][a-z_]{1,60})${BLANK}{0,8}=`,
  },
  // Names that prose puts before a parenthesis too: with an argument of code, or with nothing before them.
  {
    id: 'php_function',
    points: 75,
    pattern: `(?:^|[^a-z0-9_>.-])(?:(?:system|exec|assert|die|chr|extract|eval|dl)[(]${BLANK}{0,8}(?:['"][a-z/.$]|[$@\`]|[0-9]{2,3}[)]|base64|gzinflate|str_rot|id[)]|ls[)]|whoami[)]|pwd[)])|(?:include|require(?:_once)?|include_once|file)[(]${BLANK}{0,8}(?:['"](?:[.]{2}/|/[a-z]|https?:|php:|data:)|[$@\`]))`,
  },
  {
    id: 'php_grouped_call',
    points: 75,
    pattern: `(?:[(]|\\[)${BLANK}{0,8}(?:[(]?string[)]?)?${BLANK}{0,8}["'\\[{]{0,60}${BLANK}{0,8}(?:/[*][^*]{0,40}[*]/)?(?:system|exec|passthru|shell_exec|phpinfo|eval|assert)${BLANK}{0,8}["'\\]]{0,60}${BLANK}{0,8}(?:[)]|\\])|(?:"[a-z]{1,8}"[ ]{0,8}[.][ ]{0,8}){1,6}"[a-z]{1,8}"[ ]{0,8}[(]|'[a-z]{1,8}'[ ]{0,8}[.][ ]{0,8}'[a-z]{1,8}'[^a-z]{1,6}[(;]|(?:[)]|\\]|[}])[ ]{0,8}[(]['"](?:uname|id|ls|whoami|cat )`,
  },
  {
    id: 'php_variable',
    points: 75,
    pattern: `[$][{]${BLANK}{0,8}['"@$]|[$]${BLANK}{1,8}[{]|[$]_{1,6}[\\[({]`,
  },
  // JavaScript on servers
  {
    id: 'node_module',
    points: 85,
    pattern:
      'require[ ]{0,8}[(]?[ ]{0,8}[\'"`]child_process[\'"`]|require[ ]{0,8}[(]?[ ]{0,8}[\'"`](?:fs|vm|os|net|http|cluster|process)[\'"`][ )]{0,4}[.\\[]|^child_process|[\'"(=;]child_process[\'")]|process[.](?:mainmodule|binding|dlopen)|^process[.](?:env|exit|kill)|require[.]main|mainmodule[.]|_\\$\\$nd_func\\$\\$|global[.]process|this[.]constructor[.]constructor|execsync[ ]{0,8}[(]|spawnsync[ ]{0,8}[(]',
  },
  {
    id: 'node_prototype',
    points: 80,
    pattern:
      '__proto__|(?:^|[^a-z])constructor[ \\]\'"]{0,60}(?:[.\\[]|%5b)[ \'"]{0,8}(?:prototype|constructor)|prototype[ ]{0,8}(?:\\[|[.])[ \'"]{0,8}[a-z_]{1,60}[\'"\\]]{0,60}[ ]{0,8}=',
  },
  {
    id: 'node_loop',
    points: 70,
    pattern:
      '(?:while|for)[ ]{0,8}[(][ (]{0,60}(?:;;|true|this|string|!?nan|!?[-+]?[0-9]{1,60}|!+[^a-z)]{0,60}|[-+]?infinity|!(?:false|null|undefined)|new [a-z]{1,60}[( )]{0,60})[ ]{0,8}[)]',
  },
  {
    id: 'node_delay',
    points: 75,
    pattern: 'do[ ]{0,8}[{][^}]{0,80}new date[ ]{0,8}[(][ ]{0,8}[)][^}]{0,80}[}][ ]{0,8}while[ ]{0,8}[(]',
  },
  // Templates and expression languages
  {
    id: 'template_arithmetic',
    points: 80,
    pattern:
      '(?:[$#@*%]?[{]{1,3}|<%=?|\\[\\[|[{]%)[ ]{0,8}[(]?[\'"]?[0-9]{1,60}[\'"]?[ ]{0,8}[*+/-][ ]{0,8}[\'"]?[0-9]{1,60}[\'"]?[ )]{0,60}(?:[}]{1,3}|%>|\\]\\]|%[}])',
  },
  {
    id: 'template_object',
    points: 85,
    pattern:
      '__(?:class|mro|subclasses|globals|builtins|import|base|bases|init|getitem|reduce)__|[{][{%][^{}]{0,200}(?:config[.]|self[.]_|request[.](?:application|environ)|lipsum|cycler|joiner|namespace[(]|[|]attr|[.]constructor|_self|dump[(]|include |range[.]|[|]filter|[|]map[(]|getenv|popen|system)',
  },
  {
    id: 'template_code',
    points: 80,
    pattern:
      '<%[=@]?[ ]{0,8}(?:(?:system|exec|eval|require|import|response|request|runtime|new|class|file|dir|io|open|page|%x|foreach|out)[^a-z]|`)|<#assign|[#$][{](?:[^{}]{0,80}(?:exec|system|eval|new |[.]class|constructor|require|process|import|file[.]|io[.]|%x[({\\[]|`[a-z/]{2}))|<#(?:import|include|list)|[?]new[(][)]|[#]set[ ]{0,8}[(][ ]{0,8}[$]|[#]evaluate|freemarker[.]template',
  },
  {
    id: 'template_tag',
    points: 75,
    pattern:
      '[{]%[ ]{0,8}(?:if|for|set|import|include|extends|block|raw|debug|load|call|macro|with)[^a-z]|<%=?[ ]{0,8}(?:if|for|unless|while)[ (]',
  },
  {
    id: 'template_probe',
    points: 75,
    pattern:
      '[{][{][ ]{0,3}(?:config|_?self|settings)[ ]{0,3}[}][}]|[{][{]=?[ ]{0,3}[\'"]?[a-z0-9]{1,20}[\'"][ ]{0,3}[*][ ]{0,3}[0-9]{1,9}|[{][{]=[ ]{0,3}[0-9]{1,9}[*+-][0-9]{1,9}|[{][{%][^{}]{0,80}[.](?:class|subclasses|mro|getclass)[.(]|[{]php[}][^{]{1,80}[{]/php[}]|^@[(][0-9]{1,9}[*+/-][0-9]{1,9}[)]|[$][{](?:script|url|dns|const|base64decoder):[a-z0-9]|[{][$]smarty[.]|[{][{][ ]{0,3}[\'"][^\'"{}]{0,40}[\'"][.][a-z]{2,20}[(]|[{][{][0-9]{1,9}[|][a-z]{2,12}:|[{][{][ ]{0,3}app[.]request|[$*#][{](?:class|request|application|session|pagecontext|facescontext)[.][a-z]{2,30}[(]|<%=?[^%]{0,40}system[.](?:shell|cmd)',
  },
  {
    id: 'serial_stream',
    points: 85,
    pattern:
      'aaeaaad/{4}|^gasv[a-z0-9+/]{1,4}a{6}|(?:^|[^a-z])c(?:os|posix|nt|subprocess|builtins|__builtin__|commands)\\n[a-z_]{3,20}\\n|!ruby/(?:object|hash|struct|array|class|regexp)',
  },
  {
    id: 'call_commented',
    points: 75,
    pattern: `[a-z0-9_]/[*][^*]{0,40}[*]/[ ]{0,3}[(]|(?:^|[^a-z0-9_])(?:system|exec|passthru|shell_exec|eval|assert|popen)${BLANK}{0,4}(?:/[*][^*]{0,40}[*]/|(?:#|//)[^\\n]{0,60}\\n)${BLANK}{0,4}[(]|['"][ ]?[.][ ]?(?:system|exec|passthru|shell_exec|eval|phpinfo|popen)[(]|^${BLANK}{0,3}[(]string[)]${BLANK}{0,3}['"][a-z_]{3,30}['"]${BLANK}{0,3}[(]`,
  },
  {
    id: 'asp_code',
    points: 75,
    pattern:
      'server[.](?:scripttimeout|createobject|mappath)|createobject[ ]{0,3}[(]|wscript[.]shell|adodb[.]stream|response[.]binarywrite|eval[ ]{0,3}[(]?[ ]{0,3}request|(?:"[a-z]{1,8}"[ ]?&[ ]?){3}',
  },
  {
    id: 'sheet_command',
    points: 75,
    pattern: '^[=+@-][^|]{0,60}(?:cmd|powershell|mshta|rundll32|regsvr32|msexcel)[|][ ]{0,3}[\'"]',
  },
  { id: 'perl_interpolation', points: 80, pattern: '@[{][ \\t]{0,8}\\[' },
  {
    id: 'node_object',
    points: 70,
    pattern:
      '^[a-z0-9_;"\'}){ ]{0,3}(?:console[ ]{0,8}(?:[.](?:log|info|error|warn|dir|debug|trace)[ ]{0,8}[(.]|\\[)|process[ ]{0,8}\\[|require[ ]{0,8}\\[|module[.]exports[ ]{0,8}=)|__js_function|:constructor:constructor',
  },
  {
    id: 'call_alone',
    points: 70,
    pattern:
      '^[a-z0-9]{2,20}(?:_[a-z0-9]{1,20}){1,8}[ ]?[(](?![+])[^)]{0,60}[)]?;?$|^[$][a-z_]{1,60}[-]>[a-z_]{1,60}[(]',
  },
  // Python, Ruby, Perl, .NET
  {
    id: 'script_runtime',
    points: 80,
    pattern:
      '__import__|(?:^|[^a-z])(?:os|subprocess|commands|posix|pty|shutil|importlib)[.](?:system|popen|exec[a-z]{0,60}|spawn[a-z]{0,60}|call|run|check_output|getoutput|import_module)[ ]{0,8}[(]|!!(?:python|ruby|javax?|php)/|(?:compile|exec|eval)[ ]{0,8}[(][ ]{0,8}(?:compile|[\'"][ ]{0,8}(?:import|for|print))|kernel[.](?:exit|fork)[ (]|(?:kernel|process|open3|io)[.](?:exec|spawn|system|popen|capture[0-9]?|clock_gettime)[ (]|system[.](?:diagnostics|reflection|io[.]file)[.]|%x[(\\[{|]',
  },
];

/** Cheap presence test for any of the above. */
export const CODE_GATE =
  '[*]/|!ruby|aaeaaad|^gasv|\\n|^[=+@-]|[${}<(]|[.:]|%x|__|=|closure|transformer|instantiate|prototype|templatesimpl|ysoserial|badattribute|ro0ab|aced0005|\\xac\\xed|h4sia|phpinfo|child_process';
