import { contains } from './text/text.ts';

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
  /** A body may follow that no header tells of, as HTTP/2 allows. */
  readonly unannounced_body?: boolean;
}

/** The headers that decisions name, gathered in one pass. Absent ones are empty. */
export interface HeaderFacts {
  accept: string;
  accept_encoding: string;
  accept_language: string;
  authorization: string;
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
  /** A page's script says that it sent this. */
  by_script: boolean;
  /** A header came more than once that has one value: programs differ in which they take. */
  repeated: boolean;
  /** Each value of a user agent or referer that came more than once. */
  readonly repeats: Header[];
  /** Headers with a grammar of their own. */
  readonly structured: Header[];
  /** Headers that are none of the above and carry free text. */
  readonly others: Header[];
}

/** Headers with a grammar of their own, written by clients and proxies: free text in them is not theirs. */
const STRUCTURED: Record<string, 1 | undefined> = {
  'cache-control': 1,
  connection: 1,
  date: 1,
  dnt: 1,
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

/** Two values of one header as one, whichever came first. */
function inOrder(a: string, b: string, between: string): string {
  return a < b ? `${a}${between}${b}` : `${b}${between}${a}`;
}

/** Another value of a header that has one: programs differ in which they take, so each is judged alone. */
function repeat(facts: HeaderFacts, header: Header, before: string): void {
  facts.repeated = true;
  facts.repeats.push({ name: header.name, value: before });
  facts.repeats.push(header);
}

/** @param host as the client named it */
function place(facts: HeaderFacts, header: Header, host: string): void {
  const value = header.value;
  switch (header.name) {
    case 'host':
      facts.structured.push(header);
      return;
    case 'user-agent':
      if (facts.has_user_agent) repeat(facts, header, facts.user_agent);
      facts.user_agent = facts.has_user_agent ? inOrder(facts.user_agent, value, ' ') : value;
      facts.has_user_agent = true;
      return;
    case 'accept':
      facts.accept = value;
      facts.has_accept = true;
      facts.structured.push(header);
      return;
    case 'cookie':
      facts.cookie = facts.cookie === '' ? value : `${facts.cookie}; ${value}`;
      return;
    case 'x-forwarded-for':
      facts.forwarded_for = facts.forwarded_for === '' ? value : `${facts.forwarded_for},${value}`;
      facts.structured.push(header);
      return;
    case 'accept-language':
      facts.accept_language = value;
      facts.structured.push(header);
      return;
    case 'accept-encoding':
      facts.accept_encoding = value;
      facts.structured.push(header);
      return;
    case 'referer':
      if (facts.referer === '') facts.referer = value;
      else repeat(facts, header, facts.referer);
      return;
    case 'content-type':
      facts.repeated = facts.repeated || facts.content_type !== '';
      facts.content_type = facts.content_type === '' ? value : inOrder(facts.content_type, value, '\n');
      facts.structured.push(header);
      return;
    case 'content-length':
      facts.repeated = facts.repeated || facts.content_length !== '';
      facts.content_length = value;
      return;
    case 'transfer-encoding':
      facts.transfer_encoding = value;
      return;
    case 'sec-ch-ua-platform':
      facts.ua_platform = value;
      facts.structured.push(header);
      return;
    case 'sec-fetch-mode':
      facts.fetch_mode = value;
      facts.structured.push(header);
      return;
    case 'authorization':
      facts.repeated = facts.repeated || facts.authorization !== '';
      facts.authorization = value;
      facts.others.push(header);
      return;
    case 'x-requested-with':
      // Android's WebView puts the name of its app here when it opens a page.
      facts.by_script = facts.by_script || contains(value, 'XMLHttpRequest');
      facts.others.push(header);
      return;
    default:
      if (STRUCTURED[header.name] === 1) facts.structured.push(header);
      // A proxy repeats the host so: APISIX does before the defense is asked. Anything else in there was sent.
      else if (header.name !== 'x-forwarded-host' || value !== host) facts.others.push(header);
  }
}

/** One pass over the headers. */
export function gatherHeaders(headers: readonly Header[]): HeaderFacts {
  const facts: HeaderFacts = {
    accept: '',
    accept_encoding: '',
    accept_language: '',
    authorization: '',
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
    by_script: false,
    repeated: false,
    repeats: [],
    structured: [],
    others: [],
  };
  let host = '';
  for (const header of headers) {
    if (header.name !== 'host') continue;
    facts.repeated = facts.repeated || host !== '';
    host = header.value;
  }
  for (const header of headers) place(facts, header, host);
  return facts;
}
