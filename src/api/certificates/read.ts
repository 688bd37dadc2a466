import { Type } from '@sinclair/typebox';
import { CertificateAnswer, CertificateList } from '../../contract/answer.ts';
import { Refusal } from '../../contract/errors.ts';
import { CertificateId } from '../../contract/identifier.ts';
import type { CertificateRecord } from '../../contract/record.ts';
import { etagOf } from '../../domain/version.ts';
import type { Cached } from '../../reflector/cache.ts';
import { endpoint } from '../endpoint.ts';
import { PagedQuery, ReadQuery, freshness, paged, snapshotFor, tagged } from '../reading.ts';

/** Field by field, so that nothing sealed can slip through. */
const certificateView = ({ value, revision }: Cached<CertificateRecord>) => ({
  cert_id: value.id,
  tenant_id: value.tenant_id,
  domain: value.domain,
  cert: value.cert,
  expires_at: value.expires_at,
  facts: value.facts,
  version: value.version,
  revision,
  created_at: value.created_at,
  updated_at: value.updated_at,
  updated_by: value.updated_by,
});

export const listCertificates = endpoint({
  method: 'GET',
  url: '/global-ssl',
  access: 'tenant',
  tag: 'ssl',
  summary: 'The tenant’s certificates',
  schemas: {
    query: PagedQuery,
    response: { 200: CertificateList },
  },
  handle: async ({ node, query, tenant_id }) => {
    const snapshot = await snapshotFor(node, query);
    const own = [...snapshot.ssl.values()].filter(({ value }) => value.tenant_id === tenant_id);
    const { page, ...rest } = paged(own, ({ value }) => value.id, query);
    const certificates = page.map(certificateView);
    return {
      status: 200,
      body: { tenant_id, ...rest, certificates, revision: snapshot.stamp.revision, ...freshness(node) },
    };
  },
});

export const getCertificate = endpoint({
  method: 'GET',
  url: '/global-ssl/:id',
  access: 'tenant',
  tag: 'ssl',
  summary: 'One certificate, without its key',
  schemas: {
    params: Type.Object({ id: CertificateId }),
    query: ReadQuery,
    response: { 200: CertificateAnswer },
  },
  handle: async (call) => {
    const { node, tenant_id } = call;
    const { id } = call.params;
    const snapshot = await snapshotFor(node, call.query);
    const cached = snapshot.ssl.get(id);
    if (cached?.value.tenant_id !== tenant_id) {
      const about = { in: 'path', pointer: '/id', params: { id } } as const;
      throw new Refusal('certificate_not_found', { ...about, extra: freshness(node) });
    }
    const body = { tenant_id, certificate: certificateView(cached), ...freshness(node) };
    return tagged(call, etagOf(cached.value.version, cached.revision), body);
  },
});
