import type { Rule } from './finding.ts';

const BLANK = '[ \\t\\r\\n\\v]';

/** Programs that an injected command starts with, on Unix. Words that prose uses too come separately. */
const UNIX =
  '(?:[a-z/.~]*/)?(?:ansible[a-z-]*|apt(?:-get)?|aria2c|arp|awk|base64|bash|busybox|bzip2|cat|chgrp|chmod|chown|chroot|crontab|csh|curl|dash|dd|dig|dirname|' +
  'dmesg|docker|dpkg|echo|ed|egrep|emacs|env|ex|expr|fgrep|fping|ftp|gawk|gcc|gdb|getent|git|gpg|grep|gunzip|gzip|head|hexdump|host(?:name)?|htop|iconv|id|' +
  'ifconfig|ip|iptables|jq|kill(?:all)?|ksh|lastlog|ldd|less|ln|locate|ls(?:attr|cpu|of|usb|b_release)?|lua|lwp-[a-z]+|make|mawk|mkdir|mkfifo|mknod|more|mount|mv|mysql(?:dump)?|nano|nawk|nc(?:at)?|netcat|netstat|nice|nl|nmap|node|nohup|nslookup|' +
  'od|openssl|passwd|paste|perf|perl|pgrep|php[0-9.]*|ping6?|pip[0-9]*|pkill|printenv|printf|ps|psql|pwd|python[0-9.]*|rcp|reboot|rev|rm|rmdir|route|rpm|rsync|ruby|' +
  'scp|sed|service|sftp|sh|shred|sleep|socat|ssh(?:-[a-z-]+)?|stat|strace|strings|su|sudo|sysctl|systemctl|tac|tail|tar|tclsh|tcpdump|tee|telnet|tftp|top|touch|traceroute6?|tshark|uname|uniq|unlink|unzip|uptime|useradd|usermod|' +
  'vi|vim|wc|wget|whereis|which|who|whoami|xargs|xxd|yum|zcat|zip|zsh)';

/** And on Windows. */
const WINDOWS =
  '(?:assoc|attrib|bitsadmin|cacls|certutil|cmd(?:[.]exe)?|cmdkey|copy|cscript|del|dir|dsquery|erase|findstr|ftype|gpresult|icacls|ipconfig|md|mshta|msiexec|nbtstat|net1?(?:[.]exe)?|' +
  'netsh|powershell(?:[.]exe)?|pwsh|qprocess|query|rd|reg(?:edit|svr32)?|ren|robocopy|rundll32|runas|sc|schtasks|set|shutdown|start|systeminfo|takeown|taskkill|tasklist|time|tracert|tree|type|ver|vol|vssadmin|wevtutil|whoami|wmic|wscript|xcopy)(?:[.]exe)?';

/** What ends a command's name when more of the command follows. */
const END = `(?:${BLANK}*$|${BLANK}*[;|&<>)\`]|${BLANK}+(?:-|/|[~$.'"\`*]|[a-z]:|[0-9]+[.]|https?:|[a-z0-9_.-]+[/.@:=][a-z0-9_/]|[a-z0-9_.-]+${BLANK}*(?:$|[;|&<>)\`]))|$)`;

/** Over text from which shells' ways to hide a word (quotes and backslashes inside it) are removed. */
export const COMMAND_RULES: readonly Rule[] = [
  {
    id: 'command_chained',
    points: 80,
    pattern: `(?:[;|\`\\r\\n]|&&|[|]&|[$<>=][(]|[$][(][(]?|(?:^|[^a-z0-9=&?])&|[(]{2}|[{])${BLANK}*[(!]?${BLANK}*(?:(?:sudo|nohup|time|command|exec|eval|env|busybox|xargs)${BLANK}+)?${UNIX}${END}`,
  },
  {
    id: 'command_chained',
    points: 75,
    pattern: `(?:[;|\`\\r\\n]|&&|(?:^|[^a-z0-9=&?])&|[$][(])${BLANK}*@?${WINDOWS}(?:${BLANK}*$|${BLANK}+(?:/[a-z]|[a-z]:|%|[\\\\"'])|${BLANK}*[;|&<>])`,
  },
  {
    id: 'command_start',
    points: 75,
    pattern: `^${BLANK}*(?:sudo${BLANK}+)?(?:/(?:usr/)?(?:local/)?s?bin/)?${UNIX}${BLANK}+(?:--?[a-z][a-z0-9-]*|/(?:etc|bin|usr|tmp|dev|proc|var|home|root|opt)(?:/|$|${BLANK})|[$]|https?://[^ ]+${BLANK}*(?:$|[;|&>-])|[^;|&]{0,60}[|>;]${BLANK}*[a-z/])`,
  },
  {
    id: 'command_start',
    points: 75,
    pattern: `^${BLANK}*(?:cmd(?:[.]exe)?${BLANK}*/[ckqsd]|powershell(?:[.]exe)?${BLANK}+-|net${BLANK}+(?:user|localgroup|view|share|use|start|stop)(?:$|[^a-z])|wmic${BLANK}+[a-z]+${BLANK}|certutil${BLANK}+-|rundll32${BLANK}|regsvr32${BLANK}|reg${BLANK}+(?:add|query|delete|save)${BLANK})`,
  },
  {
    id: 'command_binary',
    points: 80,
    pattern:
      '/(?:usr/)?(?:local/)?s?bin/(?:[a-z]*sh|cat|nc|ncat|netcat|id|ls|perl|python[0-9.]*|php|ruby|wget|curl|ping|uname|whoami|env|echo|ps|telnet|rm|cp|chmod|socat|nslookup|sleep)(?:[^a-z0-9_/.-]|$)',
  },
  { id: 'command_device', points: 85, pattern: '/dev/(?:tcp|udp)/' },
  { id: 'command_shellshock', points: 95, pattern: '[(][ ]*[)][ ]*[{][^}]{0,20}(?:;|}|=>)' },
  { id: 'command_field_separator', points: 80, pattern: '[$][{]?ifs(?:[^a-z]|$)' },
  {
    id: 'command_substitution',
    points: 75,
    pattern:
      '[$][(](?:[(][^)]*[)]|[<]?[a-z/._-]{2,}(?:[ )]|$))|[$][{](?:ifs|path|home|shell|pwd|env)[^a-z]|`[ ]*(?:[a-z/._-]{2,12})(?:[ ][^`]{1,60})?`',
  },
  {
    id: 'command_wildcard',
    points: 75,
    pattern:
      '(?:^|[^a-z0-9])/(?:[a-z*]*[?\\[][a-z?*\\]\\[]*|[a-z]{1,3}[*])/[a-z?*\\[\\]]{2,}|/(?:etc|bin|usr|proc)/[a-z]*(?:[?*]|\\[[a-z]\\])[a-z?*\\[\\]]*',
  },
  {
    id: 'command_variable',
    points: 75,
    pattern:
      '%(?:comspec|systemroot|windir|programfiles|commonprogram[a-z]*|appdata|userprofile|path|os)(?:%|:~)|[$][{][a-z_]+(?::[0-9-]|//?[^}]*/|[#%@^,]|:-)',
  },
  {
    id: 'command_redirect',
    points: 70,
    pattern:
      '(?:^|[^=<-])>{1,2}[ ]*(?:/(?:dev|tmp|var|etc|home)/|[&][0-9]|[a-z0-9_./-]+[.](?:php|sh|txt|jsp|aspx?|py|pl)(?:[^a-z]|$))|[0-9]>&[0-9]|<<<',
  },
  {
    id: 'command_loop',
    points: 75,
    pattern:
      '(?:^|[;& ])for[ ]+(?:/[dflr][^%]{0,40})?%+[a-z]+[ ]+in[ ]*[(]|(?:^|[;&|][ ]*)if[ ]+(?:/i[ ]+)?(?:not[ ]+)?(?:exist|defined|errorlevel|cmdextversion)[ ]+[^ ]|if[ ]+(?:/i[ ]+)?["\'%(\\[][^ ]*[ ]*(?:==|[ ](?:equ|neq|lss|leq|gtr|geq)[ ])',
  },
  { id: 'command_history', points: 60, pattern: '^[ ]*!(?:-?[0-9]+|[?!$*])(?:[^a-z0-9]|$)' },
  {
    id: 'command_encoded',
    points: 80,
    pattern:
      'powershell[^a-z][^\\n]{0,60}-e(?:nc|ncodedcommand)?[ ]|frombase64string|base64[ ]+-+d|downloadstring[ ]*[(]|invoke-(?:expression|webrequest|command)|iex[ ]*[(]|new-object[ ]+(?:system|net)[.]',
  },
  {
    id: 'command_arguments',
    points: 70,
    pattern:
      '(?:^|[ ])(?:-{1,2}(?:exec|checkpoint-action|use-compress-program|wrapper|open-files-in-pager|to-command|rsh|upload-pack|output-document)[= ])',
  },
];

export const COMMAND_GATE =
  '[;|&`$\\r\\n(<>%!?*~{]|/(?:bin|usr|dev)/|^[ ]*[a-z/.]+[ ]+[^ ]|--|cmd|powershell|iex|invoke|frombase64';
