/** Patterns over one lower-case header. All patterns keep to the linted common subset of PCRE and RegExp. */

/** Tools whose only use is to look for holes, by the names they give themselves. */
export const SCANNER_AGENT =
  '(?:^|[^a-z])(?:acunetix|arachni|burp(?:suite| collaborator)|dirbuster|dirsearch|feroxbuster|ffuf|fuzz faster|gobuster|' +
  'havij|hydra|jaeles|jorgee|masscan|morfeus|nessus|netsparker|nikto|nmap|nuclei|openvas|paros|pangolin|' +
  'qualys|skipfish|sqlmap|sqlninja|w3af|wapiti|webinspect|webshag|wfuzz|whatweb|wpscan|xsser|xspider|zaproxy|zgrab|zmeu)(?:[^a-z]|$)' +
  '|(?:interact[.]sh|oast(?:ify)?[.](?:com|fun|live|me|online|pro|site)|burpcollaborator[.]net|interactsh[.]com)';

/** Libraries and tools that say honestly what they are. */
export const DECLARED_TOOL =
  '^(?:curl|wget|python|go-http-client|java|okhttp|libwww-perl|lwp|ruby|php|axios|node|scrapy|httpie|aiohttp)[/ -]|headlesschrome|phantomjs|selenium|puppeteer|playwright';
