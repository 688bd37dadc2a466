import type { CertificateFacts } from '../contract/certificate.ts';
import { Refusal } from '../contract/errors.ts';

/** RFC 6125: an exact name, or a wildcard that stands for exactly one label. */
const covers = (san: string, domain: string): boolean => {
  const name = san.toLowerCase();
  if (name === domain) return true;
  if (!name.startsWith('*.') || domain.startsWith('*.')) return false;
  return domain.slice(domain.indexOf('.') + 1) === name.slice(2) && domain.includes('.');
};

const seconds = (iso: string): number => Math.floor(Date.parse(iso) / 1000);

/**
 * Checks what a certificate says of itself against what it is uploaded for.
 * @param now_ms wall time
 * @throws Refusal certificate_domain_mismatch, certificate_expired, certificate_not_yet_valid, expires_at_mismatch
 */
export const checkCertificate = (
  facts: CertificateFacts,
  upload: { readonly domain: string; readonly expires_at?: string | undefined },
  now_ms: number,
): void => {
  const { not_after, not_before } = facts;
  if (!facts.sans.some((san) => covers(san, upload.domain))) {
    throw new Refusal('certificate_domain_mismatch', {
      pointer: '/domain',
      params: { domain: upload.domain },
    });
  }
  if (Date.parse(not_after) <= now_ms) {
    throw new Refusal('certificate_expired', { pointer: '/cert', params: { not_after } });
  }
  // A clock a few minutes behind the issuer's must not refuse a certificate made just now.
  if (Date.parse(not_before) > now_ms + 300_000) {
    throw new Refusal('certificate_not_yet_valid', { pointer: '/cert', params: { not_before } });
  }
  if (upload.expires_at !== undefined && seconds(upload.expires_at) !== seconds(not_after)) {
    throw new Refusal('expires_at_mismatch', { pointer: '/expires_at', params: { not_after } });
  }
};

export const certificateId = (tenant_id: string, domain: string): string => `${tenant_id}:${domain}`;

/** What a certificate's id is made of; of an id without a tenant, all is the domain. */
export const parseCertificateId = (id: string): { readonly tenant_id: string; readonly domain: string } => {
  const colon = id.indexOf(':');
  return { tenant_id: id.slice(0, Math.max(colon, 0)), domain: id.slice(colon + 1) };
};
