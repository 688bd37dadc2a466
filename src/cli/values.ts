/** Parsers of setting values. Each throws an Error whose message completes `--flag: …`. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { idPattern } from '../contract/identifier.ts';
import { parseCidr } from '../engine/engine.ts';
import type { HostPort } from '../shared/host-port.ts';
import type { RedisAddress } from '../shared/redis.ts';
import { parseUrl } from '../shared/url.ts';

export const text = (value: string): string => value;

export const identifier = (value: string): string => {
  if (!idPattern.test(value)) throw new Error('use 1–64 letters, digits, - _ or .');
  return value;
};

export const port = (value: string): number => {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw new Error(`${value} is not a port`);
  return number;
};

/** A whole number of milliseconds, at most a day. */
export const milliseconds = (value: string): number => {
  const number = Number(value);
  if (!/^\d{1,8}$/.test(value) || number > 86_400_000)
    throw new Error(`${value} is not a number of milliseconds`);
  return number;
};

export const ports = (value: string): number[] => value.split(',').map(port);

/** A whole number in these bounds. */
export const wholeNumber =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^\d{1,12}$/.test(value) || number < least || number > most)
      throw new Error(`use a whole number from ${least} to ${most}`);
    return number;
  };

/** `HOST:PORT`, IPv6 in brackets. */
export const address = (value: string): HostPort => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d+)$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  if (!match?.[3] || !host) throw new Error(`${value} is not HOST:PORT`);
  return { host, port: port(match[3]) };
};

export const httpUrl = (value: string): string => {
  const url = parseUrl(value);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`${value} is not an http:// or https:// URL`);
  if (url.pathname !== '/' || url.search || url.hash || url.username) {
    throw new Error(`${value} must be a scheme, a host and a port only`);
  }
  return url.origin;
};

export const httpUrls = (value: string): string[] => {
  const urls = value.split(',').map((part) => httpUrl(part.trim()));
  if (new Set(urls.map((url) => url.split(':')[0])).size > 1)
    throw new Error('use http:// or https:// for all of them');
  return [...new Set(urls)];
};

const decoded = (part: string): string | undefined => {
  try {
    return part === '' ? undefined : decodeURIComponent(part);
  } catch {
    throw new Error('its user or password is not percent-encoded');
  }
};

/** `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS. No message repeats the value: it may hold a password. */
export const redisUrl = (value: string): RedisAddress => {
  const url = parseUrl(value);
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    throw new Error('not a redis:// or rediss:// URL with a host');
  }
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (database === undefined || url.search || url.hash) {
    throw new Error('only the number of a database may follow the host');
  }
  const username = decoded(url.username);
  const password = decoded(url.password);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    database: Number(database),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
};

/** A key prefix: `/name`, deeper if need be, no slash at the end. */
export const prefix = (value: string): string => {
  if (!/^(?:\/[A-Za-z0-9._-]+)+$/.test(value))
    throw new Error(`${value} is not a prefix such as /cdn-defense`);
  return value;
};

export const cidrs = (value: string): string[] =>
  value.split(',').map((part) => {
    const cidr = part.trim();
    if (!ipaddr.isValidCIDR(cidr)) throw new Error(`${cidr} is not a CIDR such as 10.0.0.0/8`);
    return cidr;
  });

/** Addresses and CIDRs of proxies, as the defense reads them. */
export const proxies = (value: string): string[] =>
  value.split(',').map((part) => {
    const range = part.trim();
    if (!parseCidr(range)) throw new Error(`${range} is neither an address nor a CIDR such as 10.0.0.0/8`);
    return range;
  });

export const file = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path} can not be read (${code ?? 'unknown error'})`, { cause: error });
  }
};

/** A secret in a file, without the line end that editors leave. */
export const secretFile = (path: string): string => {
  const secret = file(path).toString('utf8').trim();
  if (secret === '') throw new Error(`${path} is empty`);
  return secret;
};

/** Of a secret that may be replaced while the command runs: reads the file, and again whenever it is called. */
export const secretInFile = (path: string): (() => string) => {
  secretFile(path);
  return () => secretFile(path);
};

export const oneOf =
  <const T extends string>(...choices: readonly T[]) =>
  (value: string): T => {
    const choice = choices.find((name) => name === value);
    if (choice === undefined) throw new Error(`use one of ${choices.join(', ')}`);
    return choice;
  };

/** Loopback by number or by name. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback');
