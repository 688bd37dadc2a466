/** Real certificates, made on the spot. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly not_after: string;
}

export interface CertificateOptions {
  readonly names?: readonly string[];
  /** Relative to now; default a day ago. */
  readonly from_s?: number;
  /** Relative to now; default in 90 days. */
  readonly to_s?: number;
  readonly kind?: 'ec' | 'rsa' | 'rsa-1024' | 'ed25519';
  /** No alternative names, only this common name. */
  readonly commonNameOnly?: string;
}

const DAY_S = 86_400;

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
  'rsa-1024': {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 1024,
  },
  ed25519: { name: 'Ed25519' },
};

const wholeSeconds = (offset_s: number): Date => new Date((Math.floor(Date.now() / 1000) + offset_s) * 1000);

const pemOf = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};

export const makeCertificate = async (options: CertificateOptions = {}): Promise<TestCertificate> => {
  const { names = ['api.example.com'], from_s = -DAY_S, to_s = 90 * DAY_S, kind = 'ec' } = options;
  const algorithm = ALGORITHMS[kind];
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const notAfter = wholeSeconds(to_s);
  const { commonNameOnly } = options;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    name: `CN=${commonNameOnly ?? 'Lockstep test'}`,
    notBefore: wholeSeconds(from_s),
    notAfter,
    keys,
    signingAlgorithm: algorithm,
    extensions:
      commonNameOnly === undefined
        ? [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))]
        : [],
  });
  const key = pemOf('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { cert: `${certificate.toString('pem')}\n`, key, not_after: notAfter.toISOString() };
};
