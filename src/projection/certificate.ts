import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CertificateRecord } from '../contract/record.ts';
import { MANAGED_BY, type Projection } from './object.ts';

/** APISIX's ids end at 64 characters. */
const ID_MAX = 64;

/**
 * The id of a certificate in APISIX: its domain, which belongs to one tenant only. `_` stands for the `*` that
 * ids can't hold and that no domain contains; a domain too long is cut and told apart by its hash.
 */
export const sslIdOf = (domain: string): string => {
  const id = domain.replace('*', '_');
  if (id.length <= ID_MAX) return id;
  const hash = bytesToHex(sha256(utf8ToBytes(domain))).slice(0, 24);
  return `${id.slice(0, ID_MAX - hash.length - 1)}-${hash}`;
};

/** @param key the private key as APISIX reads it: PEM, or encrypted with its keyring */
export const projectCertificate = (record: CertificateRecord, key: string): Projection[] => [
  {
    directory: 'ssls',
    id: sslIdOf(record.domain),
    body: {
      id: sslIdOf(record.domain),
      labels: { ...MANAGED_BY, tenant: record.tenant_id },
      snis: [record.domain],
      cert: record.cert,
      key,
      status: 1,
    },
  },
];
