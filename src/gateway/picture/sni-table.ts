import type { Certificate } from './certificate.ts';

/** Of two certificates for one name the first id wins, as in an APISIX that has just started. */
const byId = (a: Certificate, b: Certificate): number => (a.id < b.id ? -1 : 1);

/**
 * Which certificate a name gets, as APISIX's `radixtree_sni`: the exact name, else the longest wildcard that
 * covers it, and that one only if the `*` stands for a single label. A longer wildcard that covers too little
 * hides a shorter one: the handshake fails, as it does there.
 */
export class SniTable {
  private readonly exact = new Map<string, Certificate[]>();
  /** By what stands behind the `*`. */
  private readonly wildcards = new Map<string, Certificate[]>();

  add(certificate: Certificate): void {
    for (const sni of certificate.snis) {
      const [map, key] = this.place(sni);
      map.set(key, [...(map.get(key) ?? []), certificate].sort(byId));
    }
  }

  remove(certificate: Certificate): void {
    for (const sni of certificate.snis) {
      const [map, key] = this.place(sni);
      const rest = (map.get(key) ?? []).filter((other) => other !== certificate);
      if (rest.length > 0) map.set(key, rest);
      else map.delete(key);
    }
  }

  /** @param serverName as in the client's hello */
  find(serverName: string): Certificate | undefined {
    const name = serverName.replace(/\.$/, '').toLowerCase();
    const exact = this.exact.get(name)?.[0];
    if (exact) return exact;
    for (let from = 0; from <= name.length; from += 1) {
      const certificate = this.wildcards.get(name.slice(from))?.[0];
      if (certificate)
        return certificate.anyName || !name.slice(0, from).includes('.') ? certificate : undefined;
    }
    return undefined;
  }

  private place(sni: string) {
    return sni.startsWith('*') ? ([this.wildcards, sni.slice(1)] as const) : ([this.exact, sni] as const);
  }
}
