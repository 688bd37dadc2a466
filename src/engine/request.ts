export interface Header {
  /** Lower-case. */
  readonly name: string;
  readonly value: string;
}

/** What a gateway knows of a request before its body. All strings are the bytes that were sent. */
export interface RequestHead {
  readonly method: string;
  /** The request target as sent: path and query, nothing decoded or merged. */
  readonly target: string;
  /** The host the client asked for, as sent (a port may follow). */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** The address of the connection, as text. */
  readonly remote_ip: string;
  /** Every header, duplicates included, in any order: no verdict depends on it. */
  readonly headers: readonly Header[];
}

/** The headers that decisions name, gathered in one pass. Absent ones are empty. */
export interface HeaderFacts {
  accept: string;
  accept_encoding: string;
  accept_language: string;
  content_length: string;
  content_type: string;
  cookie: string;
  fetch_mode: string;
  forwarded_for: string;
  referer: string;
  transfer_encoding: string;
  ua_platform: string;
  user_agent: string;
  has_user_agent: boolean;
  has_accept: boolean;
  /** Headers that are none of the above and carry free text. */
  readonly others: Header[];
}

/** Headers with a grammar of their own, written by clients and proxies: never a place of free text. */
const STRUCTURED: Record<string, 1 | undefined> = {
  'cache-control': 1,
  connection: 1,
  date: 1,
  dnt: 1,
  host: 1,
  'if-modified-since': 1,
  'if-none-match': 1,
  'keep-alive': 1,
  origin: 1,
  pragma: 1,
  priority: 1,
  'sec-ch-ua': 1,
  'sec-ch-ua-mobile': 1,
  'sec-fetch-dest': 1,
  'sec-fetch-site': 1,
  'sec-fetch-user': 1,
  'sec-gpc': 1,
  te: 1,
  'upgrade-insecure-requests': 1,
};

/** @param host as the client named it */
function place(facts: HeaderFacts, header: Header, host: string): void {
  const value = header.value;
  switch (header.name) {
    case 'user-agent':
      facts.user_agent = value;
      facts.has_user_agent = true;
      return;
    case 'accept':
      facts.accept = value;
      facts.has_accept = true;
      return;
    case 'cookie':
      facts.cookie = facts.cookie === '' ? value : `${facts.cookie}; ${value}`;
      return;
    case 'x-forwarded-for':
      facts.forwarded_for = facts.forwarded_for === '' ? value : `${facts.forwarded_for},${value}`;
      return;
    case 'accept-language':
      facts.accept_language = value;
      return;
    case 'accept-encoding':
      facts.accept_encoding = value;
      return;
    case 'referer':
      facts.referer = value;
      return;
    case 'content-type':
      facts.content_type = value;
      return;
    case 'content-length':
      facts.content_length = value;
      return;
    case 'transfer-encoding':
      facts.transfer_encoding = value;
      return;
    case 'sec-ch-ua-platform':
      facts.ua_platform = value;
      return;
    case 'sec-fetch-mode':
      facts.fetch_mode = value;
      return;
    default:
      if (STRUCTURED[header.name] === 1) return;
      // A proxy repeats the host so: APISIX does before the defense is asked. Anything else in there was sent.
      if (header.name === 'x-forwarded-host' && value === host) return;
      facts.others.push(header);
  }
}

/** One pass over the headers. */
export function gatherHeaders(headers: readonly Header[]): HeaderFacts {
  const facts: HeaderFacts = {
    accept: '',
    accept_encoding: '',
    accept_language: '',
    content_length: '',
    content_type: '',
    cookie: '',
    fetch_mode: '',
    forwarded_for: '',
    referer: '',
    transfer_encoding: '',
    ua_platform: '',
    user_agent: '',
    has_user_agent: false,
    has_accept: false,
    others: [],
  };
  let host = '';
  for (const header of headers) if (header.name === 'host') host = header.value;
  for (const header of headers) place(facts, header, host);
  return facts;
}
