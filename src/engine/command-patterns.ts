import type { Rule } from './finding.ts';

const BLANK = '[ \\t\\r\\n\\v]';

/** Programs that an injected command starts with, on Unix, by names that are no words. */
const NAMES =
  '(?:ansible[a-z-]*|apt(?:-get|itude)?|aria2c|arp|awk|base(?:32|64)|bash|bsdtar|busybox|bzip2' +
  '|chef[a-z-]*|chgrp|chmod|chown|chroot|cpulimit|crontab|cscli|csh|csplit|curl|dd|df|dirname|dmesg' +
  '|dnf|dpkg|egrep|emacs|expr|fgrep|flock|fmt|fping|ftp|gawk|gcc|gdb|getent|gpg|grep|gunzip|gzip' +
  '|hexdump|htop|iconv|ifconfig|ionice|iptables|journalctl|jq|ksh|kubectl|ldd|logname' +
  '|ls(?:attr|cpu|of|usb|b_release)?|lua|lwp-[a-z]+|mawk|mkdir|mkfifo|mknod|mtr|mysql(?:dump)?|nano' +
  '|nawk|nc(?:at)?|netcat|netstat|nl|nmap|nohup|nslookup|openssl|passwd|perf|pgrep|php[0-9.]*' +
  '|pip[0-9x]*|pkill|printenv|printf|psql|pwd|rcp|readelf|readlink|rm|rmdir|rmt(?:-[a-z]+)?|rpm|rsync' +
  '|run-parts|scp|sed|setsid|sftp|shuf|socat|ssh(?:-[a-z-]+)?|stdbuf|strace|sudo|sysctl|systemctl' +
  '|tclsh|tcpdump|telnet|tftp|tmux|traceroute6?|tshark|uname|unexpand|uniq|unlink|unshare|unzip' +
  '|uptime|useradd|usermod|vim(?:diff)?|visudo|wc|wget|whereis|whoami|xargs|xxd|zcat|zsh)';

/** And by names that prose uses too: these count with arguments that prose does not have. */
const WORDS =
  '(?:ab|ash|at|bridge|cat|cd|column|comm|cp|cut|dash|date|diff|dig|docker|du|echo|ed|env|ex|expand' +
  '|find|fold|git|head|host(?:name(?:ctl)?)?|id|install|ip|join|kill(?:all)?|last(?:log(?:in)?)?' +
  '|less|ll|ln|locate|mail|make|more|mount|mv|nice|node|od|paste|perl|pico|ping6?|ps|python[0-9.]*' +
  '|reboot|rev|route|ruby|screen|script|service|sh|shred|shutdown|sleep|sort|split|ss|stat|strings' +
  '|su|tac|tail|tar|tasks(?:et)?|tee|timeout|top|touch|trap|vi|view|w|watch|which|who|yum|zip)';

/** And on Windows. */
const WINDOWS =
  '(?:assoc|attrib|bitsadmin|cacls|certutil|cmd|cmdkey|copy|cscript|del|dir|dsquery|erase|findstr|ftype|gpresult|icacls|ipconfig|md|mshta|msiexec|nbtstat|net1?|' +
  'netsh|ping|powershell|pwsh|qprocess|query|rd|reg(?:edit|svr32)?|ren|robocopy|rundll32|runas|sc|schtasks|set|start|systeminfo|takeown|taskkill|tasklist|time|tracert|tree|type|ver|vol|vssadmin|wevtutil|whoami|wmic|wscript|xcopy)(?:[.]exe)?';

const FOLDER = '(?:[a-z/.~]{0,40}/)?';

/** An argument that no sentence has: an option, a path, a variable, an address, a redirection. */
const ARGUMENT = `${BLANK}+(?:[-+][a-z0-9-]|/|[~$.'"\`*]|[a-z]:[\\\\/]|[0-9]+[.][0-9]|https?:|[a-z0-9_.-]+(?:[/@:=][a-z0-9_/]|[.](?:php|sh|txt|py|pl|conf|log|gz|zip|c|html?)(?:[^a-z]|$)))`;

/** What may follow a name that is no word. */
const AFTER_NAME = `(?:${BLANK}*$|${BLANK}*[;|&<>)\`]|${ARGUMENT}|${BLANK}+[a-z0-9_.-]+${BLANK}*(?:$|[;|&<>)\`]))`;
const PROGRAM = `${FOLDER}(?:${NAMES}${AFTER_NAME}|${WORDS}${ARGUMENT})`;
/** After a line break even a program's name may be the first word of a sentence. */
const LINE_PROGRAM = `${FOLDER}(?:${NAMES}(?:$|${BLANK}*[;|&>)\`]|${ARGUMENT})|${WORDS}${ARGUMENT})`;
const WRAPPER = `(?:(?:sudo|doas|nohup|setsid|strace|ltrace|time|command|exec|eval|env|busybox|xargs|watch|timeout|nice|ionice)${BLANK}+(?:-[a-z0-9]+${BLANK}+)?){0,2}`;

/** What ends one command and begins another. */
const SEPARATOR = '(?:[;|`]|&&|[|]&|[$<>][(]|[$][(]{2}|(?:^|[^a-z0-9=&?])&|[(]{2})';

/** Over text from which shells' ways to hide a word (quotes and backslashes inside it) are removed. */
export const COMMAND_RULES: readonly Rule[] = [
  {
    id: 'command_chained',
    points: 80,
    pattern: `${SEPARATOR}(?:${BLANK}*[(!@]?${BLANK}*${WRAPPER}${PROGRAM}|${WORDS}(?:[;|&>)\`]|$))`,
  },
  { id: 'command_line', points: 75, pattern: `[\\r\\n]${BLANK}*${WRAPPER}${LINE_PROGRAM}` },
  {
    id: 'command_windows',
    points: 75,
    pattern: `(?:[;|\`\\r\\n]|&&|(?:^|[^a-z0-9=&?])&|[$][(])${BLANK}*@?${WINDOWS}(?:${BLANK}*$|${BLANK}+(?:/[a-z]|[a-z]:|%|[\\\\"']|-)|${BLANK}*[;|&<>])`,
  },
  {
    id: 'command_start',
    points: 75,
    pattern: `^${BLANK}*${WRAPPER}(?:/(?:usr/)?(?:local/)?s?bin/)?(?:${NAMES}|${WORDS})${BLANK}+(?:--?[a-z][a-z0-9-]*(?:$|[^a-z0-9-])|/(?:etc|bin|usr|tmp|dev|proc|var|home|root|opt)(?:/|$|${BLANK})|[$]|https?://[^ ]{1,200}${BLANK}*(?:$|[;|&>-])|[a-z0-9_./-]{1,40}${BLANK}*[|>;]${BLANK}*[a-z/])`,
  },
  {
    id: 'command_start',
    points: 75,
    pattern: `^${BLANK}*(?:cmd(?:[.]exe)?${BLANK}*/[ckqsd]|powershell(?:[.]exe)?${BLANK}+-|net${BLANK}+(?:user|localgroup|view|share|use|start|stop)(?:$|[^a-z])|wmic${BLANK}+[a-z]+${BLANK}|certutil${BLANK}+-|rundll32${BLANK}|regsvr32${BLANK}|reg${BLANK}+(?:add|query|delete|save)${BLANK}|(?:ping|tracert|nslookup)[.]exe${BLANK})`,
  },
  {
    id: 'command_wrapped',
    points: 75,
    pattern: `^${BLANK}*(?:sudo|doas|nohup|setsid|strace|ltrace|time)${BLANK}+(?:-[a-z0-9]+${BLANK}+)?(?:${NAMES}(?:${BLANK}|$)|(?:who|id|ls|ps)${BLANK}*$)`,
  },
  {
    id: 'command_install',
    points: 70,
    pattern: `^${BLANK}*(?:sudo${BLANK}+)?(?:pip[0-9x]*|apt(?:-get)?|yum|dnf|npm|gem|brew|apk)${BLANK}+(?:install|add|remove)${BLANK}+[a-z0-9_.@/-]+${BLANK}*$`,
  },
  {
    id: 'command_binary',
    points: 80,
    pattern:
      '(?:^|[^a-z0-9_./-])(?:/usr(?:/local)?)?/s?bin/[a-z\\[][a-z0-9_.-]*|/(?:usr/)?(?:local/)?s?bin/(?:[a-z]*sh|cat|nc|ncat|netcat|id|ls|perl|python[0-9.]*|php|ruby|wget|curl|ping|uname|whoami|env|echo|ps|telnet|rm|cp|chmod|socat|nslookup|sleep)(?:[^a-z0-9_/.-]|$)',
  },
  { id: 'command_device', points: 85, pattern: '/dev/(?:tcp|udp)/' },
  {
    id: 'command_shellshock',
    points: 95,
    pattern: '^[ ]*[(][ ]*[)][ ]*[{]|[(][ ]*[)][ ]*[{][ ]*(?:[:_a-z]?[ ]*;|_[ ]*;)',
  },
  { id: 'command_field_separator', points: 80, pattern: '[$][{]?ifs(?:[^a-z]|$)' },
  {
    id: 'command_substitution',
    points: 75,
    pattern:
      '[$][(](?:[(][^)]*[)]|<?[a-z/._-]{2,40}(?:[ )(]|$))|[$][{](?:ifs|path|home|shell|pwd|env)[^a-z]|(?:^|[^a-z])[$](?:shell|path|home|pwd)(?:[^a-z]|$)|[$]\\[[0-9+*/ -]*\\]',
  },
  {
    id: 'command_wildcard',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9])/(?:[a-z]{0,12}[?*][a-z?*]{0,12}/[a-z?*\\[\\]]{2,}|[a-z]{0,12}\\[[a-z!/-]{1,12}\\][a-z/?*\\[]{1,20})|/(?:etc|bin|usr|proc)/[a-z]{0,20}(?:[?*]|\\[[!a-z-]{1,6}\\])[a-z?*\\[\\]]*',
  },
  {
    id: 'command_variable',
    points: 75,
    pattern:
      '%(?:comspec|systemroot|windir|programfiles|commonprogram[a-z]*|appdata|userprofile|path|os)(?:%|:~)|[$][{][a-z_]{1,40}(?::[0-9-]|//?[^}]{0,60}/|[#%@^,]|:-)|(?:;|&&|[|])[ ]*[$][a-z0-9_]{1,20}(?:[$]|[ ]+[$/-])',
  },
  {
    id: 'command_redirect',
    points: 70,
    pattern:
      '(?:^|[^=<-])>{1,2}[ ]*(?:/(?:dev|tmp|var|etc|home)/|[&][0-9]|[a-z0-9_./-]{1,60}[.](?:php|sh|jsp|aspx?|py|pl)(?:[^a-z]|$))|[0-9]>&[0-9]|<<<',
  },
  {
    id: 'command_loop',
    points: 75,
    pattern:
      '(?:^|[;& ])for[ ]+(?:/[dflr][^%]{0,60})?%+[^ ]{1,3}[ ]+in[ ]*[(]|(?:^|[;&|][ ]*)if(?:[ ]+|/)(?:/?i[ ]+)?(?:not[ ]+)?(?:(?:exist|defined|errorlevel|cmdextversion)[ ]+[^ ]+[ ]+[a-z(@]|["\'%{\\[]?[a-z0-9% _.-]{1,40}["\'%)}\\]]?[ ]*(?:===?|[ ](?:equ|neq|lss|leq|gtr|geq)[ ])[ ]*[^ ]+[ ]+(?:[(@]|echo|goto|cmd|call |set |exit|start |del |type ))',
  },
  {
    id: 'command_encoded',
    points: 80,
    pattern:
      'powershell[^a-z][^\\n]{0,60}-e(?:nc|ncodedcommand)?[ ]|frombase64string|base64[ ]+-+d|downloadstring[ ]*[(]|invoke-(?:expression|webrequest|command)|(?:^|[^a-z])iex[ ]*[(]|new-object[ ]+(?:system|net)[.]',
  },
  {
    id: 'command_alias',
    points: 75,
    pattern: '(?:^|[;&| ])alias[ ]+(?:[-+][a-z]+[ ]+)?[\'"]?[a-z0-9_-]{1,30}[\'"]?=',
  },
  { id: 'command_split', points: 75, pattern: '[a-z](?:``|[$<>][(][)])[a-z ]' },
  {
    id: 'command_bomb',
    points: 80,
    pattern: '[(][)][ ]*[{][^}]{0,40}[|&][^}]{0,40}[}][ ]*;?[ ]*[a-z:.]{1,12}$',
  },
  {
    id: 'command_arguments',
    points: 70,
    pattern:
      '(?:^|[ ])--?(?:exec|checkpoint-action|use-compress-program|wrapper|open-files-in-pager|to-command|rsh|upload-pack|output-document)[= ]',
  },
];

export const COMMAND_GATE =
  '[;|&`$\\r\\n(<>%!?*~{\\[]|/(?:bin|usr|dev|sbin)/|^[ ]*[a-z0-9/._]+[ ]+(?:[^a-z]|if|install)| -|^if|nohup|strace|sudo|time |alias|cmd|powershell|iex|invoke|frombase64|install ';
