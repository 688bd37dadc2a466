import type { Rule } from './finding.ts';

/** Files and places of the server that no client names in earnest. */
export const FILE_RULES: readonly Rule[] = [
  {
    id: 'path_traversal',
    points: 75,
    pattern:
      '(?:^|[/\\\\=:;,])[.]{2,3}[;]?[/\\\\]{1,8}(?:[^/\\\\]{0,64}[/\\\\])?[.]{2,3}[;]?(?:[/\\\\]|$)|(?:^|[^"\'(])(?:[.]{2}(?:/|\\\\|%2f|%5c|0x2f|0x5c|%c0%af)){2}|[.]{2}[/\\\\]{1,2}[.]{0,2}[/\\\\]{0,8}(?:etc|windows|winnt|boot|proc|var|usr|home|root|web-inf|meta-inf|[.][a-z])|(?:[.]{2}2f){2}|(?:[/\\\\][.]{2}[^a-z0-9/\\\\. ]{1,2}){2}|0x2e0x2e|0x5c0x2e|[.]{2}[/\\\\]{1,8}[^ ]{1,80}(?:\\x00|%00)|[.]{2};/|[.]{4}//|[.]\\\\[.]\\\\|^/*[.]{2}[/\\\\{]|^/{3,64}[^/ ]|^/{1,2}[.]{1,2}/{1,2}|^/[.]{3}(?:[./\\\\{]|$)|(?:[/\\\\]{1,3}[.]{1,4}){2}[/\\\\]|[.]{3,60}[/\\\\]?etc[/\\\\]?passwd|^[.]{2}(?:[/\\\\]|$)',
  },
  {
    id: 'path_system_file',
    points: 80,
    pattern:
      '(?:^|[^a-z0-9])(?:/|\\\\|file:){1,8}(?:private/)?etc[/\\\\.]{1,60}(?:passwd|shadow|group|gshadow|hosts|issue|motd|fstab|crontab|sudoers|ssh|hostname|resolv|profile|services|mysql|my[.]cnf|apache2?|nginx|httpd|php|init[.]d|rc|security|master|release|os-release|[a-z]{1,60}-release|ppp|samba|cron)',
  },
  {
    id: 'path_system_file',
    points: 80,
    pattern:
      '/proc/(?:self|[0-9]{1,60}|net|version|cpuinfo|mounts|meminfo|sys|cmdline|sched_debug|kcore|interrupts|modules|loadavg|uptime|filesystems)(?:/|$|[^a-z])|/sys/(?:class|kernel|devices|fs|block|bus)(?:/|$)|/var/(?:log|lib|mail|spool|run|cron|backups|adm|cpanel)/[a-z]|/(?:root|home/[a-z0-9_-]{1,60})/[.][a-z]|/dev/(?:null|random|urandom|mem|sd[a-z]|shm)(?:[^a-z]|$)|/usr/local/(?:etc|apache|app/apache|php)',
  },
  {
    id: 'path_windows_file',
    points: 80,
    pattern:
      '(?:windows|winnt)[/\\\\]{1,8}(?:win[.]ini|system|repair|explorer|php[.]ini|debug|temp|panther|[a-z]{1,60}[.]log)|[/\\\\=]?boot[.]ini|win[.]ini(?:[^a-z]|$)|[a-z]:[/\\\\]{1,8}(?:windows|winnt|boot|inetpub|users|documents and settings|program ?files|xampp|wamp|autoexec)|\\\\\\\\[^\\\\/ ]{1,64}\\\\[a-z]{1,20}[$]|ntuser[.]dat|[a-z]:[/\\\\]?inetpub|inetpub[/\\\\]|system32[/\\\\]',
  },
  {
    id: 'path_secret_file',
    points: 75,
    pattern:
      '[/\\\\][.](?:git|svn|hg|bzr)[/\\\\]|(?:web|meta)-?inf[/\\\\. ]{0,3}web[.]xml|^/(?:var/www|usr/(?:share|local|lib|src)|srv/www)/[a-z0-9_./-]{1,100}[.](?:php|conf|xml|ini|log|sh|py|properties|ya?ml|env|cfg|key|pem)$|[/\\\\][.](?:ssh|aws|kube|docker|gnupg|bash_history|bashrc|netrc|npmrc|pgpass|my[.]cnf|htpasswd|htaccess|git/|svn/|env)(?:[^a-z]|$)|id_[rd]sa(?:[^a-z]|$)|web-inf[/\\\\]|meta-inf[/\\\\]|wp-config[.]php|web[.]config(?:[^a-z]|$)|[.]htpasswd',
  },
  // A server's own logs and settings, when nothing but their path is said.
  {
    id: 'path_server_file',
    points: 75,
    pattern:
      '^(?:[a-z]:)?[/\\\\][^ ?"\']{0,100}(?:[/\\\\](?:access|error|httpd)[._]log(?:[.][0-9]{1,3})?|[/\\\\](?:httpd(?:-[a-z]{1,12})?|apache2?|nginx|php|my|lighttpd|proftpd|vsftpd|smb)[.](?:conf|ini|cnf))$',
  },
  // A script that is called a picture behind a sign at which servers stop to read.
  {
    id: 'path_two_names',
    points: 75,
    pattern:
      '[.](?:php[0-9]?|phtml|jspx?|aspx?|cgi)(?:[;#\\x00\\r\\n]|%00|%0a|%23|%3b)[^/]{0,20}[.](?:png|jpe?g|gif|css|js|ico|svg)$',
  },
  {
    id: 'path_nul',
    points: 70,
    pattern: '\\x00[^ ]{0,4}(?:[.][a-z]{2,4})?$|[.](?:php|asp|jsp|cgi|pl|conf|ini)[0-9]?(?:%00|\\x00)',
  },
  {
    id: 'path_scheme',
    points: 75,
    pattern:
      '^(?:url:){0,3}(?:file|gopher|dict|ldaps?|tftp|netdoc|jar|jnlp|local_file|smb|nfs|rmi|telnet|sftp|ssh|svn[+a-z]{0,60}|xri|afp|cvs|rsync|res|mailto:[^@]{0,60}%0|view-source|about:)(?:://|:/|:[a-z]{1,60}:)|^url:(?:file|https?|ftp)|^ftps?://[a-z0-9]|^https?:/?(?:0x[0-9a-f]|[0-9]{8,10}(?:$|/)|0[0-7]{2,20}[.]|\\[)|(?:^|[=\'"(])(?:gopher|dict|netdoc|jar:(?:file|https?)|file)://',
  },
  {
    id: 'path_internal_address',
    points: 75,
    pattern:
      '^[a-z0-9+]{2,12}://(?:[^/@]{0,60}@)?(?:localhost|127[.][0-9.]{1,60}|0[0-9]{0,60}(?:[.]0*[0-9]{1,60}){1,3}|0x[0-9a-f.x]{1,60}|[0-9]{8,10}|169[.]254[.]|10[.][0-9]{1,60}[.]|192[.]168[.]|172[.](?:1[6-9]|2[0-9]|3[01])[.]|metadata[./]|\\[[0-9a-f:.%a-z]{0,60}\\]|[^/]{0,60}(?:[.]nip[.]io|[.]sslip[.]io|[.]xip[.]io|localtest[.]me|[.]svc|[.]cluster[.]local|[.]internal)|instance-data|[0-9]{1,60}[.][0-9]{4,20}|[^/]{0,60}(?:\\xe2[\\x91-\\x93][\\x80-\\xbf]|\\xe3\\x80\\x82)|\\\\|[^/]{0,60}&@|0/)(?:$|[:/?#]|[0-9])',
  },
  {
    id: 'path_local_host',
    points: 70,
    pattern:
      '^(?:[a-z0-9-]{1,40}[.]){0,3}(?:[a-z0-9-]{0,20}localhost|localdomain|lvh[.]me|docker[.]internal|containers[.]internal)(?::[0-9]{1,60})?(?:/|$)|://[^ ]{1,60}/(?:latest/(?:user-data|meta-data|dynamic)|computemetadata/|metadata/(?:instance|identity))|^(?:https?|ftp)://(?:[0-9]{1,3}[.]){3}[0-9]{1,3}(?::[0-9]{1,60})?/[^ ]{0,100}[.](?:php|txt|sh|jsp|asp)',
  },
  {
    id: 'path_confused_url',
    points: 75,
    pattern:
      '^https?://[^/?#]{0,60}(?:[ \\\\]|%2f|%5c|%23|#)[^/?]{0,60}@|^https?://[^/]{1,60}/:[^/?#@]{0,60}@[^/]{1,60}|^https?:[/\\\\]{0,4}\\\\|^https?://[^/?# ]{0,60}\\\\|^\\\\\\\\(?:[a-z0-9-]{1,40}[.]){1,5}[a-z0-9-]{1,40}\\\\[a-z0-9]',
  },
  {
    id: 'path_include',
    points: 70,
    pattern:
      '^(?:https?|ftps?)://[^ ]{1,200}(?:[.](?:txt|php[0-9]?|inc|gif|jpe?g|dat|sh)[?]{1,60}$|[^/][?]{1,3}$|[?]?(?:%00|\\x00))',
  },
];

export const FILE_GATE =
  '[.]{2}|^//|/[.]|0x2e|0x5c|etc|proc|sys|var|root|home|dev|usr|_log|[.](?:log|conf|cnf|ini|png|jpe?g|gif|css|js)|win|boot|:[/\\\\]|:\\\\|\\\\\\\\|ntuser|inetpub|[.](?:ssh|aws|kube|docker|gnupg|bash|netrc|npmrc|pgpass|my|ht|git|svn|env)|id_|-inf|config|localhost|localdomain|[.]me|internal|\\x00|%00|^[a-z_]{1,60}:|[?]$|://';

/** Over the decoded, lower-case path of the request: what only scanners ask for. */
export const PROBE_RULES: readonly Rule[] = [
  {
    id: 'probe_hidden',
    points: 75,
    pattern: '/[.](?!well-known(?:/|$)|netlify/|auth/|vite/|github/|[.]|/)[a-z0-9_]',
  },
  {
    id: 'probe_file',
    points: 75,
    pattern:
      '/(?:wp-config[.]php|phpinfo[.]php|(?:debug|error|access|laravel|install|npm-debug|yarn-error)[.]log|web[.]config|composer[.](?:json|lock)|docker-compose[.]ya?ml|dockerfile|id_rsa|dump[.]sql|database[.]sql|(?:backups?|db|database|dump|site|www|wwwroot|htdocs|public_html|web)[.](?:zip|sql|tar|gz|tgz|tar[.]gz|rar|7z|bz2)|config[.](?:php|inc|ya?ml|json|ini)[.~][a-z0-9]{0,60}|credentials(?:[.]json|$)|secrets?[.](?:ya?ml|json|env))$|[.](?:bak|old|orig|save|swp|swo|bkp|backup)$|[.](?:php|aspx?|jsp|conf|config|inc|ini|ya?ml|env)~$',
  },
  {
    id: 'probe_admin',
    points: 70,
    pattern:
      '^/(?:cgi-bin/(?:test|printenv|[.])|server-(?:status|info)$|actuator/(?:env|heapdump|gateway|jolokia|logfile|mappings|beans|autoconfig|configprops|dump|threaddump|httptrace|trace|auditevents|loggers|sessions|shutdown|restart|refresh|conditions|scheduledtasks|integrationgraph|flyway|liquibase)|phpmyadmin|pma/|myadmin|manager/html|jmx-console|invoker/|hnap1|boaform|solr/admin|_ignition/execute|vendor/phpunit|autodiscover/autodiscover[.]json[?]?@|struts2?-showcase|console/login|wls-wsat|_cluster|api/jsonws/invoke|@fs/|[.]/)',
  },
];

/** The name of an uploaded file that a server might run. */
export const UPLOAD_NAME =
  '[.][ ]{0,8}(?:php[0-9s]?|pht(?:ml)?|phar|jspx?|jspf|aspx?|ashx|asmx|asa|cer|cgi|htaccess|htpasswd|user[.]ini|shtml)(?:[ .:/\\x00]|[.][a-z]{2,4}){0,20}$|(?:^|[/\\\\])sess_[a-z0-9,-]{16,64}$';

/** A page that a server would run, whatever its name. */
export const SERVER_PAGE =
  '<[?]php[ \\t\\r\\n]|<%@[ ]{0,8}page|<%[=!]?[ ]{0,8}(?:runtime|system|eval|execute|request|server)|<jsp:';
