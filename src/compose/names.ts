import { NODATA, NOTFOUND, BADNAME } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** All of a request's names together: a slow or broken resolver must not hold a write up for long. */
const DEADLINE_MS = 2_000;
/** How long one name server may take before it, or the next one, is asked again. */
const ATTEMPT_MS = 600;
const ATTEMPTS = 2;
/** Names looked up at once by this node, and of these for one tenant, so that one alone can't take them all. */
const UNDER_WAY_MAX = 512;
const UNDER_WAY_OF_TENANT_MAX = 128;

export interface NamesOptions {
  /** Name servers, `address:port`; none: nothing is asked. Default: what `resolvFile` says. */
  readonly servers?: readonly string[] | undefined;
  readonly hostsFile: string;
  readonly resolvFile: string;
  readonly deadline_ms: number;
}

const DEFAULTS: NamesOptions = {
  hostsFile: '/etc/hosts',
  resolvFile: '/etc/resolv.conf',
  deadline_ms: DEADLINE_MS,
};

/**
 * Finds the addresses of names as seen from this machine: in the hosts file, else by DNS with its search list. Not by
 * `getaddrinfo`, which holds one of Node's few threads for as long as a name server is silent and can't be stopped:
 * a few dead names would keep everything waiting that needs one, JWT logins and file reads among it.
 */
export class Names {
  private readonly options: NamesOptions;
  private readonly underWay = new Map<string, number>();
  private total = 0;

  constructor(options: Partial<NamesOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
  }

  /**
   * @param tenant_id whose request it is
   * @returns the addresses of each name, none for one that is not there. Of which it can't be told now are not in it.
   */
  async resolve(
    tenant_id: string,
    hosts: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const asked = [...new Set(hosts)];
    if (asked.length === 0) return new Map();
    const [known, dns] = await Promise.all([this.hosts(), this.dns()]);
    const found = new Map<string, readonly string[]>();
    for (const host of asked) {
      const addresses = known.get(host) ?? (dns.servers.length === 0 ? [] : undefined);
      if (addresses) found.set(host, addresses);
    }
    const rest = asked.filter((host) => !found.has(host));
    if (!this.take(tenant_id, rest.length)) return found;
    try {
      await this.ask(rest, dns, found);
    } finally {
      this.take(tenant_id, -rest.length);
    }
    return found;
  }

  /** Counts names that begin, or end, to be looked up; not if there are too many. */
  private take(tenant_id: string, count: number): boolean {
    const own = (this.underWay.get(tenant_id) ?? 0) + count;
    const full = this.total + count > UNDER_WAY_MAX || own > UNDER_WAY_OF_TENANT_MAX;
    if (count > 0 && full) return false;
    this.total += count;
    if (own > 0) this.underWay.set(tenant_id, own);
    else this.underWay.delete(tenant_id);
    return true;
  }

  private async ask(
    hosts: readonly string[],
    dns: Dns,
    found: Map<string, readonly string[]>,
  ): Promise<void> {
    const resolver = new Resolver({ timeout: ATTEMPT_MS, tries: ATTEMPTS });
    if (this.options.servers) resolver.setServers(this.options.servers);
    const late = new AbortController();
    const deadline = setTimeout(() => {
      late.abort();
      resolver.cancel();
    }, this.options.deadline_ms);
    const look = async (host: string): Promise<void> => {
      const addresses = await addressesOf(resolver, candidates(host, dns), late.signal);
      if (addresses) found.set(host, addresses);
    };
    await Promise.all(hosts.map(look));
    clearTimeout(deadline);
  }

  private async hosts(): Promise<Map<string, string[]>> {
    const known = new Map<string, string[]>();
    for (const [address = '', ...names] of wordsOf(await textOf(this.options.hostsFile), /#/)) {
      if (isIP(address) === 0) continue;
      for (const name of names.map((each) => each.toLowerCase())) {
        known.set(name, [...(known.get(name) ?? []), address]);
      }
    }
    return known;
  }

  private async dns(): Promise<Dns> {
    const dns = { servers: [...(this.options.servers ?? [])], search: [] as string[], ndots: 1 };
    for (const [keyword, ...values] of wordsOf(await textOf(this.options.resolvFile), /[#;]/)) {
      if (keyword === 'nameserver' && !this.options.servers) dns.servers.push(...values);
      if (keyword === 'search' || keyword === 'domain') dns.search = values;
      const ndots = values.map((value) => /^ndots:(\d{1,2})$/.exec(value)?.[1]).find(Boolean);
      if (keyword === 'options' && ndots !== undefined) dns.ndots = Number(ndots);
    }
    return dns;
  }
}

interface Dns {
  readonly servers: readonly string[];
  /** Domains in which names are looked for. */
  readonly search: readonly string[];
  /** Names with fewer dots are looked for there before they are taken as they are. */
  readonly ndots: number;
}

/** The names that stand for one, in the order in which libc asks for them. */
const candidates = (host: string, { search, ndots }: Dns): string[] => {
  const within = search.map((domain) => (domain === '.' ? host : `${host}.${domain.replace(/\.$/, '')}`));
  return host.split('.').length > ndots ? [host, ...within] : [...within, host];
};

/** There is no such name, or it has no address of this kind. */
const ABSENT: readonly string[] = [NOTFOUND, NODATA, BADNAME];

const noneIfAbsent = (error: NodeJS.ErrnoException): string[] => {
  if (ABSENT.includes(error.code ?? '')) return [];
  throw error;
};

/** What the first of these names has; `undefined` when none has any, and of one it can't be told. */
const addressesOf = async (
  resolver: Resolver,
  names: readonly string[],
  late: AbortSignal,
): Promise<string[] | undefined> => {
  let told = true;
  for (const name of names) {
    if (late.aborted) return undefined;
    try {
      const kinds = [resolver.resolve4(name), resolver.resolve6(name)];
      const found = (await Promise.all(kinds.map((kind) => kind.catch(noneIfAbsent)))).flat();
      if (found.length > 0) return found;
    } catch {
      told = false;
    }
  }
  return told ? [] : undefined;
};

/** Empty for a file that is not there. */
const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

const wordsOf = (text: string, comment: RegExp): string[][] =>
  text.split('\n').map((line) => (line.split(comment)[0] ?? '').split(/\s+/).filter((word) => word !== ''));
