import type { Rule } from './finding.ts';

const BLANK = '[ \\t\\r\\n\\x0b]';

/** Programs that an injected command starts with, on Unix, by names that are no words. */
const NAMES =
  '(?:ansible[a-z-]{0,60}|apt(?:-get|itude)?|aria2c|arp|awk|base(?:32|64)|bash|bsdtar|busybox|bzip2' +
  '|chef[a-z-]{0,60}|chgrp|chmod|chown|chroot|cpulimit|crontab|cscli|csh|csplit|curl|dd|df|dirname|dmesg' +
  '|dnf|dpkg|egrep|emacs|expr|fgrep|flock|fmt|fping|ftp|gawk|gcc|gdb|getent|gpg|grep|gunzip|gzip' +
  '|hexdump|htop|iconv|ifconfig|ionice|iptables|journalctl|jq|ksh|kubectl|ldd|logname' +
  '|ls(?:attr|cpu|of|usb|b_release)?|lua|lwp-[a-z]{1,60}|mawk|mkdir|mkfifo|mknod|mtr|mysql(?:dump)?|nano' +
  '|nawk|nc(?:at)?|netcat|netstat|nl|nmap|nohup|nslookup|openssl|passwd|perf|pgrep|php[0-9.]{0,60}' +
  '|pip[0-9x]{0,60}|pkill|printenv|printf|psql|pwd|rcp|readelf|readlink|rm|rmdir|rmt(?:-[a-z]{1,60})?|rpm|rsync' +
  '|run-parts|scp|sed|setsid|sftp|shuf|socat|ssh(?:-[a-z-]{1,60})?|stdbuf|strace|sudo|sysctl|systemctl' +
  '|tclsh|tcpdump|telnet|tftp|tmux|traceroute6?|tshark|uname|unexpand|uniq|unlink|unshare|unzip' +
  '|uptime|useradd|usermod|vim(?:diff)?|visudo|wc|wget|whereis|whoami|xargs|xxd|zcat|zsh)';

/** And by names that prose uses too: these count with arguments that prose does not have. */
const WORDS =
  '(?:ab|ash|at|bridge|cat|cd|column|comm|cp|cut|dash|date|diff|dig|docker|du|echo|ed|env|ex|expand' +
  '|find|fold|git|head|host(?:name(?:ctl)?)?|id|install|ip|join|kill(?:all)?|last(?:log(?:in)?)?' +
  '|less|ll|ln|locate|mail|make|more|mount|mv|nice|node|od|paste|perl|pico|ping6?|ps|python[0-9.]{0,60}' +
  '|reboot|rev|route|ruby|screen|script|service|sh|shred|shutdown|sleep|sort|split|ss|stat|strings' +
  '|su|tac|tail|tar|tasks(?:et)?|tee|timeout|top|touch|trap|vi|view|w|watch|which|who|yum|zip)';

/** And on Windows, by names that are no words and by names that are. */
const WINDOWS_NAMES =
  '(?:attrib|bitsadmin|cacls|certutil|cmd|cmdkey|cscript|del|dir|dsquery|findstr|ftype|gpresult|icacls|ipconfig|mshta|msiexec|nbtstat|' +
  'netsh|powershell|pwsh|qprocess|reg(?:edit|svr32)|robocopy|rundll32|runas|schtasks|systeminfo|takeown|taskkill|tasklist|tracert|vssadmin|wevtutil|whoami|wmic|wscript|xcopy)(?:[.]exe)?';
const WINDOWS_WORDS =
  '(?:assoc|bcdboot|copy|erase|md|net1?|ping|query|rd|reg|ren|sc|set|start|time|tree|type|ver|vol)(?:[.]exe)?';

/** PowerShell's own, by verb and noun. */
const CMDLET =
  '(?:get|set|new|start|stop|invoke|remove|add|out|import|export|copy|move|write|select|where|foreach|test|resolve|convertto|convertfrom|enable|disable|restart|rename|clear)-' +
  '(?:item(?:property)?|process|content|childitem|object|service|wmi(?:object|method)|cim(?:instance|method)|expression|webrequest|restmethod|command|location|host|file|string|variable|computerinfo|' +
  'net[a-z]{2,20}|local(?:user|group|groupmember)|executionpolicy|scheduledtask|job|path|connection|clixml|acl|hotfix|psdrive|eventlog|winevent|mppreference|null|output|bitstransfer|ad(?:user|computer|domain|group)|credential)';
const CMDLET_START = '(?:[;|&({]|[$][(]|[\\r\\n])[ ]{0,3}';
const CMDLET_ARGUMENT =
  '[ ]{1,3}(?:-[a-z]|[a-z]:[\\\\/]|["\'$(]|[.]{0,2}[\\\\/]|[a-z0-9_-]{1,40}[.](?:exe|ps1|txt|bat|dll|vbs))';

const FOLDER = '(?:[/.~][a-z/.]{0,40}/|/)?';

/** An argument that no sentence has: an option, a path, a variable, an address, a redirection. */
const ARGUMENT = `${BLANK}{1,8}(?:[-+][a-z0-9-]|/|[~$.'"\`*]|[a-z]:[\\\\/]|[0-9]{1,60}[.][0-9]|https?:|[a-z0-9_.-]{1,60}(?:[/@:=][a-z0-9_/]|[.](?:php|sh|txt|py|pl|conf|log|gz|zip|c|html?)(?:[^a-z]|$)))`;

/** What may follow a name that is no word. */
const AFTER_NAME = `(?:${BLANK}{0,8}$|${BLANK}{0,8}[;|&<>)\`]|${ARGUMENT}|${BLANK}{1,8}[a-z0-9_.-]{1,60}${BLANK}{0,8}(?:$|[;|&<>)\`]))`;
/** Programs that read the file after `<`; a closing tag is none. */
const READ_FROM = '(?:cat|tac|nl|rev|od|wc|xxd|sh|bash|base(?:32|64))<(?!/[a-z0-9]{1,10}>)[a-z0-9./~$]';
const PROGRAM = `${FOLDER}(?:${NAMES}${AFTER_NAME}|${WORDS}${ARGUMENT}|${READ_FROM})`;
/** After a line break even a program's name may be the first word of a sentence; "at" begins the lines of a stack. */
const LINE_PROGRAM = `(?!at )${FOLDER}(?:${NAMES}(?:$|${BLANK}{0,8}[;|&>)\`]|${ARGUMENT})|${WORDS}${ARGUMENT})`;
const WRAPPER = `(?:[$][a-z0-9_]{1,10}${BLANK}{1,8}){0,2}(?:(?:sudo|doas|nohup|setsid|strace|ltrace|time|command|exec|eval|env|busybox|xargs|watch|timeout|nice|ionice)${BLANK}{1,8}(?:-[a-z0-9]{1,60}${BLANK}{1,8})?){0,2}`;

/** What ends one command and begins another. Backticks are apart: prose quotes code with them. */
const SEPARATOR = '(?:[;|]|&&|[|]&|[$<>][(]|[$][(]{2}|(?:^|[^a-z0-9=&?])&|&(?![^ ])|[(]{2})';

/** A value that a command is appended to where nothing but a value was meant: an address, a number, a file, a letter. */
const STUB =
  '(?:(?:[0-9]{1,3}[.]){3}[0-9]{1,3}|[0-9]{0,9}|[a-z]|[^ ;|&]{1,60}[.](?:html?|php|txt|aspx?|jsp|cgi|jpe?g|png|gif|pdf|csv|xml))';
const ADDRESS = '(?:[0-9]{1,3}[.]){3}[0-9]{1,3}';
/** Programs that need no argument to tell something. */
const BARE =
  '(?:id|ls|ps|w|who|env|set|dir|ver|pwd|sh|bash|date|history|mount|df|last|vol|whoami|uname|hostname|ifconfig|ipconfig)';
const BARE_SURE = '(?:id|ls|ps|who|env|dir|ver|pwd|sh|bash|df|whoami|uname|ifconfig|ipconfig)';
const BARE_END = '[ ]{0,3}[|;&#\'"`)]{0,3}[ \\r\\n]{0,4}$';
const REST = '[ ][^|;&\\r\\n]{1,80}';

/** Over text from which shells' ways to hide a word (quotes and backslashes inside it) are removed. */
export const COMMAND_RULES: readonly Rule[] = [
  {
    id: 'command_chained',
    points: 80,
    pattern: `${SEPARATOR}${BLANK}{0,8}[(!@]?${BLANK}{0,8}${WRAPPER}${PROGRAM}|(?:^|[^a-z_|])[;|&]{1,2}${WORDS}(?:[;&>)]|$)`,
  },
  {
    id: 'command_appended',
    points: 75,
    pattern: `^(?:${STUB}['"\`)]{0,3}(?:[;|]{1,2}|&&|&(?![ ]))${BARE_SURE}|(?:${ADDRESS}[ ]{0,3}(?:[;|]{1,2}|&{1,2}|[\\r\\n]{1,2})|[ ]{0,3}(?:[;|]{1,2}|&&)|[\\r\\n]{1,2})[ ]{0,3}${BARE})${BARE_END}`,
  },
  {
    id: 'command_appended',
    points: 75,
    pattern: `^(?:${STUB}['"\`)]{0,3}(?:[;|]{1,2}|&&|&(?![ ]))|${ADDRESS}[ ]{0,3}(?:[;|]{1,2}|&{1,2}|[\\r\\n]{1,2})[ ]{0,3}|(?:[;]|[|]{2}|&&)[ ]{0,3})(?:${NAMES}|${WORDS}|${WINDOWS_WORDS}|exec|eval|source|set)${REST}${BARE_END}`,
  },
  {
    id: 'command_braces',
    points: 75,
    pattern: `[{],?[$'"]{0,2}(?:${NAMES}|${WORDS})['"]?,(?:--?[a-z0-9]|[/~$#])[^} ]{0,80}[}]|(?:^|[;|&\`(])[{][a-z]{1,6},--?[a-z]{1,6}[}][a-z]{1,8}|[{],[$'"]{0,2}(?:${NAMES}|echo|cat|id|ls)['"]?,[^} ]{0,80}[}]`,
  },
  {
    id: 'command_assigned',
    points: 75,
    pattern:
      '(?:^|[;&|])[ ]{0,3}[a-z_][a-z0-9_]{0,12}=[^;&| ]{1,40}(?:;|&&)[^\\n]{0,40}[$][a-z_]{1,14}(?:$|[;/|&]|[$]|[ ]{1,3}[a-z/.-])',
  },
  {
    id: 'command_ansi_text',
    points: 75,
    pattern:
      "[$]'(?:[^' ]{0,12}\\\\(?:x[0-9a-f]{2}|[0-7]{2,3}|u[0-9a-f]{4})|[a-z]{2,12}'(?: |$))|(?:^|[;|&`( /])[a-z]{1,12}[$][@*!][a-z]{1,12}(?:$|[ ;|&)<`])",
  },
  {
    id: 'command_cmdlet',
    points: 75,
    pattern: `${CMDLET_START}${CMDLET}(?:$|[ ]{0,3}[;|&)]|${CMDLET_ARGUMENT}|[ ]{1,3}[a-z0-9_.-]{1,40}[ ]{0,3}(?:$|[;|&)]))|^${CMDLET}${CMDLET_ARGUMENT}`,
  },
  {
    id: 'command_cmdlet',
    points: 75,
    pattern:
      '(?:[;|&({]|&&)[ ]{0,3}(?:iwr|irm|iex|iwmi|gwmi|icm|gci|gps|saps|gcm|sal|gc)[ ]{1,3}(?:-[a-z]|https?:|[($"\'])',
  },
  {
    id: 'command_backtick',
    points: 80,
    pattern: `(?:^${BLANK}{0,8}|[a-z0-9=;|&'"])\`(?:${FOLDER}(?:${NAMES}|${WORDS})(?:${BLANK}[^\`]{0,80})?)\`${BLANK}{0,8}(?:$|[a-z0-9;|&'"-])`,
  },
  {
    id: 'command_substituted',
    points: 75,
    pattern: `[$<>][(]${BLANK}{0,8}${FOLDER}(?:${NAMES}|${WORDS})(?:${BLANK}[a-z0-9./_$-]|[$\`;|<>)])`,
  },
  {
    id: 'command_piped',
    points: 80,
    pattern: '[|][ ]{0,8}(?:/bin/|/usr/bin/)?(?:ba|z|k|c|da|a)?sh(?:[ ]{0,8}$|[ ]{1,8}-|[ ]{0,8}[;|&<>])',
  },
  { id: 'command_line', points: 75, pattern: `[\\r\\n]${BLANK}{0,8}${WRAPPER}${LINE_PROGRAM}` },
  {
    id: 'command_windows',
    points: 75,
    pattern: `(?:[;|\\r\\n]|&&|(?:^|[^a-z0-9=&?])&|[$][(])${BLANK}{0,8}@?(?:${WINDOWS_NAMES}(?:${BLANK}{0,8}$|${BLANK}{0,8}[;&<>]|${BLANK}{1,8}(?:/[a-z]|[a-z]:|%|[\\\\"']|-))|${WINDOWS_WORDS}${BLANK}{1,8}(?:/[a-z](?:[^a-z]|$)|[a-z]:[\\\\/]|%[a-z]|<)|net1?${BLANK}{1,8}(?:user|localgroup|group|view|share|use|accounts|session)(?:[^a-z]|$))`,
  },
  {
    id: 'command_start',
    points: 75,
    pattern: `^${BLANK}{0,8}${WRAPPER}(?:/(?:usr/)?(?:local/)?s?bin/)?(?:${NAMES}|${WORDS})${BLANK}{1,8}(?:--?[a-z][a-z0-9-]{0,60}(?:$|[^a-z0-9-])|/(?:etc|bin|usr|tmp|dev|proc|var|home|root|opt)(?:/|$|${BLANK})|[$]|https?://[^ ]{1,200}${BLANK}{0,8}(?:$|[;|&>-])|[a-z0-9_./-]{1,40}${BLANK}{0,8}[|>;]${BLANK}{0,8}[a-z/])`,
  },
  {
    id: 'command_start',
    points: 75,
    pattern: `^${BLANK}{0,8}(?:[;|&]{1,2}${BLANK}{0,8})?(?:cmd(?:[.]exe)?${BLANK}{0,8}/[ckqsd]|netsh${BLANK}{1,8}(?:adv)?(?:firewall|interface|wlan|winsock)(?:$|${BLANK})|powershell(?:[.]exe)?${BLANK}{1,8}-|net${BLANK}{1,8}(?:user|localgroup|view|share|use|start|stop)(?:$|[^a-z])|(?:dir|type|copy|del|attrib|tree)(?:${BLANK}{1,8}|[+])[a-z]:[\\\\/"]|(?:dir|del|reg|xcopy|bcdboot|net|tasklist|ipconfig|systeminfo)${BLANK}{1,8}/[a-z?](?:$|${BLANK})|wmic${BLANK}{1,8}[a-z]{1,60}${BLANK}|certutil${BLANK}{1,8}-|rundll32${BLANK}|regsvr32${BLANK}|reg${BLANK}{1,8}(?:add|query|delete|save)${BLANK}|(?:ping|tracert|nslookup)[.]exe${BLANK})`,
  },
  {
    id: 'command_wrapped',
    points: 75,
    pattern: `^${BLANK}{0,8}(?:sudo|doas|nohup|setsid|strace|ltrace|time)${BLANK}{1,8}(?:-[a-z0-9]{1,60}${BLANK}{1,8})?(?:${NAMES}(?:${BLANK}|$)|(?:who|id|ls|ps)${BLANK}{0,8}$)`,
  },
  {
    id: 'command_install',
    points: 70,
    pattern: `^${BLANK}{0,8}(?:sudo${BLANK}{1,8})?(?:pip[0-9x]{0,60}|apt(?:-get)?|yum|dnf|npm|gem|brew|apk)${BLANK}{1,8}(?:install|add|remove)${BLANK}{1,8}[a-z0-9_.@/-]{1,60}${BLANK}{0,8}$`,
  },
  {
    id: 'command_binary',
    points: 80,
    pattern:
      '(?:^|[^a-z0-9_./-])(?:/usr(?:/local)?)?/s?bin/[a-z\\[][a-z0-9_.-]{0,60}|/(?:usr/)?(?:local/)?s?bin/(?:[a-z]{0,60}sh|cat|nc|ncat|netcat|id|ls|perl|python[0-9.]{0,60}|php|ruby|wget|curl|ping|uname|whoami|env|echo|ps|telnet|rm|cp|chmod|socat|nslookup|sleep)(?:[^a-z0-9_/.-]|$)',
  },
  {
    id: 'command_delay',
    points: 75,
    pattern: `(?:[;|&]{1,2}|[$][(]|\`|^[\\r\\n]{1,4})${BLANK}{0,4}(?:sleep|timeout)${BLANK}{1,4}[0-9]{1,5}[smh]?${BLANK}{0,4}(?:$|[;|&#'"\`)])`,
  },
  { id: 'command_device', points: 85, pattern: '/dev/(?:tcp|udp)/' },
  {
    id: 'command_shellshock',
    points: 95,
    pattern:
      '^[ ]{0,8}[(][ ]{0,8}[)][ ]{0,8}[{]|[(][ ]{0,8}[)][ ]{0,8}[{][ ]{0,8}(?:[:_a-z]?[ ]{0,8};|_[ ]{0,8};)',
  },
  { id: 'command_field_separator', points: 80, pattern: '[$][{]?ifs(?:[^a-z]|$)' },
  {
    id: 'command_substitution',
    points: 75,
    pattern:
      '[$][(](?:[(][^)]{0,60}[)]|<?[a-z/._-]{2,40}(?:[ )(]|$))|[$][{](?:ifs|path|home|shell|pwd|env)[^a-z]|(?:^|[^a-z])[$](?:shell|path|home|pwd)(?:[^a-z]|$)|[$]\\[[0-9+*/ -]{0,60}\\]',
  },
  {
    id: 'command_wildcard',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9])/(?:(?:[a-z]{1,12}[?*]|[?][a-z?])[a-z?]{0,12}/[a-z?*\\[\\]]{2,40}|(?:[a-z]{1,12}\\[[?a-z!/-]{1,12}\\]/?|\\[[?a-z!/-]{1,12}\\])[a-z?*\\[][a-z/?*\\[]{0,19})|/(?:etc|bin|usr|proc)/[a-z]{0,20}(?:[?*]|\\[[!a-z-]{1,6}\\])[a-z?*\\[\\]]{0,60}',
  },
  {
    id: 'command_variable',
    points: 75,
    pattern:
      '%(?:comspec|systemroot|windir|programfiles|commonprogram[a-z]{0,60}|appdata|userprofile|path|os)(?:%|:~)|[$][{][a-z_]{1,40}(?::[0-9-]|//?[^}]{0,60}/|[#%@^,]|:-)|(?:;|&&|[|])[ ]{0,8}[$][a-z0-9_]{1,20}(?:[$]|[ ]{1,8}[$/-])',
  },
  {
    id: 'command_redirect',
    points: 70,
    pattern:
      '(?:^|[^=<-])>{1,2}[ ]{0,8}(?:/(?:dev|tmp|var|etc|home)/|[&][0-9]|[a-z0-9_./-]{1,60}[.](?:php|sh|jsp|aspx?|py|pl)(?:[^a-z]|$))|[0-9]>&[0-9]|<<<',
  },
  {
    id: 'command_loop',
    points: 75,
    pattern:
      '(?:^|[;&| ])for[ ]{1,8}(?:/[dflr][^%]{0,60})?%{1,3}[^ ]{1,24}[ ]{1,8}in[ ]{0,8}[(]|(?:^|[;&|][ ]{0,8})if(?:[ ]{1,8}|/)(?:/?i[ ]{1,8})?(?:not[ ]{1,8})?(?:(?:exist|defined|errorlevel|cmdextversion)[ ]{1,8}[^ ]{1,60}[ ]{1,8}[a-z(@]|[(]?["\'%{\\[]?[a-z0-9%~:!_. -]{1,40}["\'%})\\]]{0,2}[ ]{0,8}(?:===?|[ ](?:equ|neq|lss|leq|gtr|geq)[ ])[ ]{0,8}(?:"[^"]{0,40}"|[^ ]{1,40})[ ]{1,8}(?:[(@]|echo|goto|cmd|call |set |exit|start |del |type ))',
  },
  {
    id: 'command_encoded',
    points: 80,
    pattern:
      'powershell[^a-z][^\\n]{0,60}-e(?:nc|ncodedcommand)?[ ]|frombase64string|base64[ ]{1,8}-+d|downloadstring[ ]{0,8}[(]|invoke-(?:expression|webrequest|command)|(?:^|[^a-z])iex[ ]{0,8}[(]|new-object[ ]{1,8}(?:system|net)[.]',
  },
  {
    id: 'command_alias',
    points: 75,
    pattern: '(?:^|[;&| ])alias[ ]{1,8}(?:[-+][a-z]{1,60}[ ]{1,8})?[\'"]?[a-z0-9_-]{1,30}[\'"]?=',
  },
  { id: 'command_split', points: 75, pattern: '[a-z](?:``[a-z]|[$<>][(][)][a-z ])' },
  {
    id: 'command_bomb',
    points: 80,
    pattern: '[(][)][ ]{0,8}[{][^}]{0,40}[|&][^}]{0,40}[}][ ]{0,8};?[ ]{0,8}[a-z:.]{1,12}$',
  },
  {
    id: 'command_arguments',
    points: 70,
    pattern:
      '(?:^|[ ])(?:-o[ ]{0,2}(?:proxy|local)command|--?(?:use-askpass|exec|checkpoint-action|use-compress-program|wrapper|open-files-in-pager|to-command|rsh|upload-pack|output-document))[= ]',
  },
];

/** Quotes or escapes in the middle of the first word: one quote alone is an apostrophe. */
export const SPLIT_QUOTE =
  '^[ ]{0,8}(?:[\'"][a-z]{1,12}[\'"][a-z]|[a-z]{1,12}(?:[\'"]{2}|[\\\\^]|[\'"][a-z]{1,12}[\'"])[a-z]{0,12})';
/** The same in the first word after what ends a command, and what that word may spell. */
export const SPLIT_AFTER =
  '[;|&`][ ]{0,3}(?:[\'"][a-z]{1,12}[\'"][a-z]|[a-z]{1,12}(?:[\'"]{2}|[\\\\^]|[$][@*!]|[\'"][a-z]{1,12}[\'"])[a-z]{1,12})';
export const COMMAND_AFTER = `[;|&\`][ ]{0,3}(?:${NAMES}|${WORDS})(?:$|[ ;|&<>])`;
/** What that word may spell. */
export const COMMAND_WORD = `^${BLANK}{0,8}(?:${NAMES}|id|ip|ps|cat|time)(?:${BLANK}|$)`;

export const COMMAND_GATE =
  '^[ ]{0,8}[\'"]?[a-z]{1,12}[\'"\\\\^]|^--?[a-z]|^[a-z]{1,20}-[a-z]{1,20} |[;|&`$\\r\\n(<>%!?*~{\\[]|/(?:bin|usr|dev|sbin)/|^[ ]{0,8}[a-z0-9/._]{1,60}[ ]{1,8}(?:[^a-z]|if|install|https?:|[a-z]:|user|group|localgroup|adv)|^net| -|^if|nohup|strace|sudo|time |alias|cmd|powershell|iex|invoke|frombase64|install ';
