import { type CertificateUpload, PEM_MAX } from '../contract/certificate.ts';
import { Refusal } from '../contract/errors.ts';
import { certificateId, checkCertificate } from '../domain/certificate.ts';
import { storedHost } from '../domain/host.ts';
import { readCertificate } from './certificate-reader.ts';
import { type Receipt, commitChange } from './commit.ts';
import type { ChangeRequest, ChangeRoom } from './context.ts';
import { keyBinding } from './keys/sealer.ts';

const lockKey = (id: string): string => `ssl/${id}`;

/** PEM ends in a line end; some readers of the projection insist. */
const pem = (text: string): string => `${text.trim()}\n`;

/**
 * Stores a certificate, or replaces the one the tenant has for the domain.
 * @throws Refusal master_key_missing, certificate_*, private_key_invalid, expires_at_mismatch, domain_taken,
 * hostless_conflict, wildcard_too_wide
 */
export const uploadCertificate = async (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  given: CertificateUpload,
): Promise<{ receipt: Receipt; id: string; expires_at: string }> => {
  const upload = { ...given, domain: storedHost(given.domain) };
  const { sealer } = room;
  if (!sealer) throw new Refusal('master_key_missing');
  // Encrypted for APISIX a key is a third longer, and APISIX's bound is the same.
  if ((room.sslKeyring?.encrypt(pem(upload.key)).length ?? 0) > PEM_MAX)
    throw new Refusal('record_too_large');
  const now = room.clock.now();
  const facts = readCertificate(upload.cert, upload.key);
  checkCertificate(facts, upload, now);
  const id = certificateId(tenant_id, upload.domain);
  const receipt = await commitChange(room, request, lockKey(id), async (reader) => {
    const before = await reader.record('ssl', id);
    const draft = (version: number) => ({
      id,
      tenant_id,
      domain: upload.domain,
      cert: pem(upload.cert),
      sealed_key: sealer.seal(pem(upload.key), keyBinding({ tenant_id, id, version })),
      expires_at: facts.not_after,
      facts,
      created_at: before?.record.created_at ?? new Date(now).toISOString(),
    });
    return [{ kind: 'ssl', id, before, draft }];
  });
  return { receipt, id, expires_at: facts.not_after };
};

/** @throws Refusal certificate_not_found, also for another tenant's */
export const deleteCertificate = (
  room: ChangeRoom,
  request: ChangeRequest,
  tenant_id: string,
  id: string,
): Promise<Receipt> =>
  commitChange(room, request, lockKey(id), async (reader) => {
    const before = await reader.record('ssl', id);
    if (before?.record.tenant_id !== tenant_id) {
      throw new Refusal('certificate_not_found', { in: 'path', pointer: '/id', params: { id } });
    }
    return [{ kind: 'ssl', id, before, draft: null }];
  });
