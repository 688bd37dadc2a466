import { Type } from '@sinclair/typebox';
import { deleteCertificate, uploadCertificate } from '../../change/certificate.ts';
import { CertificateChanged } from '../../contract/answer.ts';
import { CertificateUpload } from '../../contract/certificate.ts';
import { CertificateId } from '../../contract/identifier.ts';
import { endpoint } from '../endpoint.ts';
import { WriteQuery, type Wording, answerChange, changeRequest } from '../writing.ts';

const wording = (message: Wording['message']): Wording => ({ message, underway: 'syncing_to_all_nodes' });

export const postCertificate = endpoint({
  method: 'POST',
  url: '/global-ssl',
  access: 'tenant',
  tag: 'ssl',
  summary: 'Upload a certificate, or replace the one for the same domain',
  writes: true,
  schemas: {
    query: WriteQuery,
    body: CertificateUpload,
    response: { 200: CertificateChanged, 201: CertificateChanged, 202: CertificateChanged },
  },
  handle: async (call) => {
    const { tenant_id, body } = call;
    const uploaded = await uploadCertificate(call.node.changes, changeRequest(call), tenant_id, body);
    const { id: cert_id, expires_at } = uploaded;
    const fields = { cert_id, expires_at };
    const location = `/global-ssl/${cert_id}`;
    return answerChange(call, uploaded.receipt, wording('certificate_uploaded'), fields, location);
  },
});

export const deleteCertificateEndpoint = endpoint({
  method: 'DELETE',
  url: '/global-ssl/:id',
  access: 'tenant',
  tag: 'ssl',
  summary: 'Delete a certificate',
  writes: true,
  schemas: {
    params: Type.Object({ id: CertificateId }),
    query: WriteQuery,
    response: { 200: CertificateChanged, 202: CertificateChanged },
  },
  handle: async (call) => {
    const { id } = call.params;
    const receipt = await deleteCertificate(call.node.changes, changeRequest(call), call.tenant_id, id);
    return answerChange(call, receipt, wording('certificate_deleted'), { cert_id: id });
  },
});
