import { type Static, Type } from '@sinclair/typebox';
import { HostName } from './identifier.ts';

/** Largest PEM text APISIX takes. */
export const PEM_MAX = 65_536;

export const CertificateUpload = Type.Object(
  {
    domain: HostName,
    cert: Type.String({
      minLength: 1,
      maxLength: PEM_MAX,
      description: 'PEM: the certificate, then its chain.',
    }),
    key: Type.String({
      minLength: 1,
      maxLength: PEM_MAX,
      writeOnly: true,
      description:
        'PEM: the private key, not encrypted. Sealed before it is stored; no answer ever holds it.',
    }),
    expires_at: Type.Optional(
      Type.String({
        maxLength: 40,
        format: 'date-time',
        description: 'Must agree with the certificate’s own end to the second; derived from it when absent.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type CertificateUpload = Static<typeof CertificateUpload>;

/** What is known of a certificate from reading it. Times are ISO 8601. */
export const CertificateFacts = Type.Object({
  subject: Type.String(),
  issuer: Type.String(),
  serial_number: Type.String(),
  sans: Type.Array(Type.String()),
  not_before: Type.String(),
  not_after: Type.String(),
  fingerprint_sha256: Type.String({ description: 'Lower-case hex.' }),
  key_type: Type.String({ examples: ['rsa', 'ec', 'ed25519'] }),
});
export type CertificateFacts = Static<typeof CertificateFacts>;
