import { Refusal } from '../contract/errors.ts';
import { canonicalHost } from '../contract/host.ts';

/** A host that has passed its schema, as it is stored. */
export const storedHost = (given: string): string => canonicalHost(given) ?? given;

/**
 * A route's hosts as they are stored.
 * @param pointer where in the request they are
 * @throws Refusal invalid_value when two of them are the same host
 */
export const storedHosts = (given: readonly string[], pointer: string): string[] => {
  const hosts = given.map(storedHost);
  const j = hosts.findIndex((host, i) => hosts.indexOf(host) < i);
  if (j === -1) return hosts;
  const i = hosts.indexOf(hosts[j] ?? '');
  throw new Refusal('invalid_value', {
    pointer,
    params: {
      field: 'hosts',
      reason: {
        zh: `第 ${j} 项与第 ${i} 项是同一个域名（从 0 计）`,
        en: `items ${j} and ${i} (from 0) are the same host`,
      },
    },
  });
};
