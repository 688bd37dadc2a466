/** Certificates for a test cluster, made in this process: a CA, one server certificate, one client certificate. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface TestPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface TestCertificates {
  readonly ca: Buffer;
  readonly server: TestPair;
  readonly client: TestPair;
  /** One more certificate for 127.0.0.1 and localhost. @param name its common name, which etcd takes for the user */
  readonly issue: (name: string) => Promise<TestPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

const generate = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const keyPem = async (key: webcrypto.CryptoKey): Promise<Buffer> => {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return Buffer.from(x509.PemConverter.encode(der, 'PRIVATE KEY'));
};

const validity = () => ({
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + DAY_MS),
});

export const makeCertificates = async (): Promise<TestCertificates> => {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const caKeys = await generate();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: 'CN=lockstep test CA',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (name: string): Promise<TestPair> => {
    const keys = await generate();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'ip', value: '127.0.0.1' },
          { type: 'dns', value: 'localhost' },
        ]),
      ],
    });
    return { cert: Buffer.from(certificate.toString('pem')), key: await keyPem(keys.privateKey) };
  };
  return {
    ca: Buffer.from(ca.toString('pem')),
    server: await issue('etcd'),
    client: await issue('lockstep'),
    issue,
  };
};
