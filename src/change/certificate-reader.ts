import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto';
import type { CertificateFacts } from '../contract/certificate.ts';
import { Refusal, type Text } from '../contract/errors.ts';

const CHAIN_MAX = 10;

interface PemBlock {
  readonly label: string;
  readonly text: string;
}

/** The PEM blocks that a text consists of, read in one pass; `undefined` when there is anything else in it. */
const pemBlocks = (text: string): PemBlock[] | undefined => {
  const blocks: PemBlock[] = [];
  for (let rest = text.trim(); rest !== ''; ) {
    const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(rest)?.[1];
    if (label === undefined) return undefined;
    const closing = `-----END ${label}-----`;
    const end = rest.indexOf(closing);
    if (end === -1) return undefined;
    blocks.push({ label, text: rest.slice(0, end + closing.length) });
    rest = rest.slice(end + closing.length).trim();
  }
  return blocks;
};

const said = (zh: string, en: string): Text => ({ zh, en });

const invalid = (reason: Text): Refusal =>
  new Refusal('certificate_invalid', { pointer: '/cert', params: { reason } });

const parseOne = (pem: string): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Refusal('certificate_invalid', {
      pointer: '/cert',
      params: { reason: said('有 PEM 块不是 X.509 证书', 'a PEM block is not an X.509 certificate') },
      cause,
    });
  }
};

const parseChain = (cert: string): X509Certificate => {
  const blocks = pemBlocks(cert);
  if (!blocks)
    throw invalid(
      said('不是 PEM，或 PEM 块之外还有其他文字', 'it is not PEM, or there is text outside the PEM blocks'),
    );
  if (blocks.some(({ label }) => label !== 'CERTIFICATE'))
    throw invalid(said('其中包含证书以外的内容', 'it holds something else than certificates'));
  if (blocks.length > CHAIN_MAX)
    throw invalid(said(`证书链长于 ${CHAIN_MAX}`, `the chain is longer than ${CHAIN_MAX}`));
  const chain = blocks.map(({ text }) => parseOne(text));
  const [leaf] = chain;
  if (!leaf) throw invalid(said('其中没有证书', 'there is no certificate in it'));
  const stray = chain.slice(1).find((issuer, i) => !chain[i]?.checkIssued(issuer));
  if (stray)
    throw invalid(
      said(
        '证书链顺序有误，或其中有未签发任何其他证书的证书',
        'the chain is out of order, or holds a certificate that issued none of the others',
      ),
    );
  return leaf;
};

const parseKey = (key: string): KeyObject => {
  // OpenSSL's own messages may quote the input, so none is passed on.
  const refuse = (reason: Text) =>
    new Refusal('private_key_invalid', { pointer: '/key', params: { reason } });
  const blocks = pemBlocks(key);
  if (!blocks)
    throw refuse(
      said('不是 PEM，或 PEM 块之外还有其他文字', 'it is not PEM, or there is text outside the PEM block'),
    );
  // `openssl ecparam -genkey` writes the curve in front of the key.
  const [block, ...more] = blocks.filter(({ label }) => label !== 'EC PARAMETERS');
  if (!block?.label.endsWith('PRIVATE KEY') || more.length > 0)
    throw refuse(said('须恰好是一个私钥', 'it is not one private key'));
  if (/ENCRYPTED/.test(block.text.slice(0, 200))) throw refuse(said('私钥已加密', 'it is encrypted'));
  try {
    return createPrivateKey({ key: block.text, format: 'pem' });
  } catch {
    throw refuse(said('不是 PEM 格式的私钥', 'it is not a PEM private key'));
  }
};

/** Host names in the certificate. Browsers ignore the common name, so it does not count. */
const namesOf = (leaf: X509Certificate): string[] =>
  (leaf.subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice(4).toLowerCase());

const RSA_BITS_MIN = 2048;

const isoTime = (text: string): string => {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw invalid(said('无法读取其有效期', 'its validity can not be read'));
  return time.toISOString();
};

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
    throw invalid(
      said(`其 RSA 密钥不足 ${RSA_BITS_MIN} 位`, `its RSA key has fewer than ${RSA_BITS_MIN} bits`),
    );
  return {
    subject: leaf.subject,
    issuer: leaf.issuer,
    serial_number: leaf.serialNumber.toLowerCase(),
    sans: namesOf(leaf),
    not_before: isoTime(leaf.validFrom),
    not_after: isoTime(leaf.validTo),
    fingerprint_sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    key_type: privateKey.asymmetricKeyType ?? 'unknown',
  };
};
