import { X509Certificate, constants, createPrivateKey } from 'node:crypto';
import { type SecureContext, createSecureContext } from 'node:tls';
import { type Static, Type } from '@sinclair/typebox';
import { CERTIFICATE_LENGTH, HostPattern, PRIVATE_KEY_LENGTH } from '../../contract/apisix.ts';
import { compile } from '../../contract/validator.ts';
import type { SslKeyring } from '../../shared/ssl-keyring.ts';
import { type Reading, readObject } from '../stored/reading.ts';
import { Status, described } from '../stored/route-schema.ts';

const CertificateText = Type.String(CERTIFICATE_LENGTH);
const KeyText = Type.String(PRIVATE_KEY_LENGTH);

const Ssl = Type.Object(
  {
    ...described,
    sni: Type.Optional(HostPattern),
    snis: Type.Optional(Type.Array(HostPattern, { minItems: 1 })),
    cert: CertificateText,
    key: KeyText,
    certs: Type.Optional(Type.Array(CertificateText)),
    keys: Type.Optional(Type.Array(KeyText)),
    status: Status,
    type: Type.Optional(Type.Union([Type.Literal('server'), Type.Literal('client')])),
    ssl_protocols: Type.Optional(
      Type.Array(Type.Union(['TLSv1.1', 'TLSv1.2', 'TLSv1.3'].map((name) => Type.Literal(name))), {
        maxItems: 3,
        uniqueItems: true,
      }),
    ),
    client: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);
type SslObject = Static<typeof Ssl>;

const validateSsl = compile(Ssl);

/** A certificate as it is served. Never changed once it is loaded. */
export interface Certificate {
  readonly id: string;
  /** Lower case, without trailing dot; `*` alone is a single label in `snis` and any name in `sni`. */
  readonly snis: readonly string[];
  readonly anyName: boolean;
  /** Off, or a client certificate: never offered. */
  readonly enabled: boolean;
  /** What the handshake uses; `undefined` = the name is known and the handshake fails. */
  context(): SecureContext | undefined;
}

/** Tickets would let a client resume a session under a certificate that is gone; Node asks for none then. */
export const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;

/** A reason never quotes what it is about: it may be a key. */
const faultOf = (object: SslObject, key: string | undefined): { rejected?: string; refused?: string } => {
  if (object.key.startsWith('$') || object.cert.startsWith('$'))
    return { refused: 'secret references are not served' };
  if (key === undefined) return { rejected: 'key is not PEM, and no entry of the keyring decrypts it' };
  if (!key.startsWith('---'))
    return { refused: 'the key is not PEM; without a keyring encrypted keys are not served' };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(object.cert);
  } catch {
    return { rejected: 'cert is not a PEM certificate' };
  }
  try {
    // APISIX takes a pair that does not match and fails every handshake with it.
    return certificate.checkPrivateKey(createPrivateKey(key))
      ? {}
      : { refused: 'the key does not belong to the certificate' };
  } catch {
    return { rejected: 'key is not a PEM private key' };
  }
};

const foreignPart = (object: SslObject): string | undefined => {
  if (object.client !== undefined) return 'client certificates (mTLS) are not served by the embedded gateway';
  if (object.certs?.length || object.keys?.length) return 'several certificates in one object are not served';
  const protocols = object.ssl_protocols;
  if (protocols && !(protocols.includes('TLSv1.2') && protocols.includes('TLSv1.3'))) {
    return 'ssl_protocols other than TLSv1.2 and TLSv1.3 together are not served';
  }
  return undefined;
};

/** Made at the first handshake that needs it: a listing of many certificates must not stall. */
const lazily = (cert: string, key: string | undefined): (() => SecureContext | undefined) => {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext({
      cert,
      key,
      minVersion: 'TLSv1.2',
      secureOptions: SECURE_OPTIONS,
    });
    return context;
  };
};

/** Reads an ssl object. @param keyring what its key may be encrypted with */
export const readCertificate = (id: string, text: string, keyring?: SslKeyring): Reading<Certificate> =>
  readObject<SslObject, Certificate>(text, validateSsl, (object) => {
    const isServer = object.type !== 'client';
    if (isServer && (object.sni === undefined) === (object.snis === undefined)) {
      return { kind: 'rejected', reason: 'it has either sni or snis' };
    }
    const key = keyring ? keyring.decrypt(object.key) : object.key;
    const fault = faultOf(object, key);
    if (fault.rejected !== undefined) return { kind: 'rejected', reason: fault.rejected };
    const refusal = isServer ? (fault.refused ?? foreignPart(object)) : undefined;
    const names = object.snis ?? (object.sni === undefined ? [] : [object.sni]);
    const value: Certificate = {
      id,
      snis: names.map((name) => name.replace(/\.$/, '').toLowerCase()),
      anyName: object.sni === '*',
      enabled: isServer && object.status !== 0,
      context: refusal === undefined ? lazily(object.cert, key) : () => undefined,
    };
    return { kind: 'loaded', value, refusal };
  });
