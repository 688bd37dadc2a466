import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto';
import type { CertificateFacts } from '../contract/certificate.ts';
import { Refusal } from '../contract/errors.ts';

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
const CHAIN_MAX = 10;

const invalid = (reason: string): Refusal =>
  new Refusal('certificate_invalid', { pointer: '/cert', params: { reason } });

const parseOne = (pem: string): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Refusal('certificate_invalid', {
      pointer: '/cert',
      params: { reason: 'a PEM block is not an X.509 certificate' },
      cause,
    });
  }
};

const parseChain = (cert: string): X509Certificate => {
  const blocks = [...cert.matchAll(PEM_BLOCK)];
  if (blocks.some(([, label]) => label !== 'CERTIFICATE'))
    throw invalid('it holds something else than certificates');
  if (cert.replace(PEM_BLOCK, '').trim() !== '') throw invalid('there is text outside the PEM blocks');
  if (blocks.length > CHAIN_MAX) throw invalid(`the chain is longer than ${CHAIN_MAX}`);
  const [leaf] = blocks.map(([block]) => parseOne(block));
  if (!leaf) throw invalid('there is no PEM certificate in it');
  return leaf;
};

const parseKey = (key: string): KeyObject => {
  // OpenSSL's own messages may quote the input, so none is passed on.
  const refuse = (reason: string) =>
    new Refusal('private_key_invalid', { pointer: '/key', params: { reason } });
  if (/ENCRYPTED/.test(key.slice(0, 200))) throw refuse('it is encrypted');
  try {
    return createPrivateKey({ key, format: 'pem' });
  } catch {
    throw refuse('it is not a PEM private key');
  }
};

/** Host names in the certificate; the subject's common name where it has no alternative names at all. */
const namesOf = (leaf: X509Certificate): string[] => {
  const sans = (leaf.subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice(4).toLowerCase());
  if (leaf.subjectAltName !== undefined) return sans;
  const common = leaf.subject.split('\n').find((part) => part.startsWith('CN='));
  return common ? [common.slice(3).toLowerCase()] : [];
};

const RSA_BITS_MIN = 2048;

/**
 * Reads a certificate and its key, and checks that they belong together.
 * @throws Refusal certificate_invalid, private_key_invalid, certificate_key_mismatch
 */
export const readCertificate = (cert: string, key: string): CertificateFacts => {
  const leaf = parseChain(cert);
  const privateKey = parseKey(key);
  if (!leaf.checkPrivateKey(privateKey)) throw new Refusal('certificate_key_mismatch', { pointer: '/key' });
  const bits = privateKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < RSA_BITS_MIN)
    throw invalid(`its RSA key has fewer than ${RSA_BITS_MIN} bits`);
  return {
    subject: leaf.subject,
    issuer: leaf.issuer,
    serial_number: leaf.serialNumber.toLowerCase(),
    sans: namesOf(leaf),
    not_before: new Date(leaf.validFrom).toISOString(),
    not_after: new Date(leaf.validTo).toISOString(),
    fingerprint_sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    key_type: privateKey.asymmetricKeyType ?? 'unknown',
  };
};
