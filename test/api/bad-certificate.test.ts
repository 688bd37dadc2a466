import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCertificate, makeCertificate } from '../support/certificates.ts';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { type BadRequest, describeRefusals } from '../support/refused.ts';

const DAY_S = 86_400;
const DOMAIN = 'api.example.com';

const good = await makeCertificate();
const other = await makeCertificate();
const wildcard = await makeCertificate({ names: ['*.example.com'] });
const expired = await makeCertificate({ from_s: -2 * DAY_S, to_s: -1 });
const future = await makeCertificate({ from_s: DAY_S });
const weak = await makeCertificate({ kind: 'rsa-1024' });
const commonName = await makeCertificate({ commonNameOnly: 'www.example.com' });

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
  const body = { domain: 'owned.example.com', ...(await makeCertificate({ names: ['owned.example.com'] })) };
  const { cert, key, domain } = body;
  const reply = await fleet.call('POST', '/global-ssl', {
    tenant: 'tenant-002',
    body: { domain, cert, key },
  });
  expect(reply.status).toBe(201);
});

afterAll(() => fleet.dispose());

const encrypted = (): string =>
  createPrivateKey(good.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  }) as string;

const upload = (
  name: string,
  fields: Record<string, unknown>,
  code: BadRequest['code'],
  pointer: string,
  { cert, key }: TestCertificate = good,
): BadRequest => ({
  name,
  method: 'POST',
  path: '/global-ssl',
  tenant: TENANT,
  body: { domain: DOMAIN, cert, key, ...fields },
  code,
  pointer,
});

const ROWS: BadRequest[] = [
  upload('a cert that is no PEM', { cert: 'hello' }, 'certificate_invalid', '/cert'),
  upload(
    'a placeholder',
    { cert: '-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----' },
    'certificate_invalid',
    '/cert',
  ),
  upload('a private key for a cert', { cert: good.key }, 'certificate_invalid', '/cert'),
  upload('a key behind the cert', { cert: good.cert + good.key }, 'certificate_invalid', '/cert'),
  upload('text around the cert', { cert: `Bag Attributes\n${good.cert}` }, 'certificate_invalid', '/cert'),
  upload('a chain of eleven', { cert: good.cert.repeat(11) }, 'certificate_invalid', '/cert'),
  upload(
    'a broken certificate in the chain',
    { cert: `${good.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
    'certificate_invalid',
    '/cert',
  ),
  upload('a cut certificate', { cert: good.cert.slice(0, 300) }, 'certificate_invalid', '/cert'),
  upload('an RSA key of 1024 bits', {}, 'certificate_invalid', '/cert', weak),
  upload('a key that is no PEM', { key: 'x'.repeat(100) }, 'private_key_invalid', '/key'),
  upload('an encrypted key', { key: encrypted() }, 'private_key_invalid', '/key'),
  upload('a certificate for a key', { key: good.cert }, 'private_key_invalid', '/key'),
  upload('text before the key', { key: `Bag Attributes\n${good.key}` }, 'private_key_invalid', '/key'),
  upload('text behind the key', { key: `${good.key}\nthat is all` }, 'private_key_invalid', '/key'),
  upload('two keys', { key: good.key + other.key }, 'private_key_invalid', '/key'),
  upload('the key of another certificate', { key: other.key }, 'certificate_key_mismatch', '/key'),
  upload(
    'a certificate of another domain',
    { domain: 'www.example.com' },
    'certificate_domain_mismatch',
    '/domain',
  ),
  upload(
    'a wildcard for a deeper name',
    { domain: 'a.b.example.com' },
    'certificate_domain_mismatch',
    '/domain',
    wildcard,
  ),
  upload(
    'a wildcard for its own base',
    { domain: 'example.com' },
    'certificate_domain_mismatch',
    '/domain',
    wildcard,
  ),
  upload('one name for a wildcard', { domain: '*.example.com' }, 'certificate_domain_mismatch', '/domain'),
  upload('another common name', {}, 'certificate_domain_mismatch', '/domain', commonName),
  upload('an expired certificate', {}, 'certificate_expired', '/cert', expired),
  upload('a certificate of tomorrow', {}, 'certificate_not_yet_valid', '/cert', future),
  upload(
    'an expires_at that disagrees',
    { expires_at: '2099-12-31T23:59:59Z' },
    'expires_at_mismatch',
    '/expires_at',
  ),
  upload('an expires_at that is no time', { expires_at: 'next year' }, 'invalid_value', '/expires_at'),
  upload(
    'an expires_at without a zone',
    { expires_at: '2099-12-31T23:59:59' },
    'invalid_value',
    '/expires_at',
  ),
  upload(
    'a leap second for expires_at',
    { expires_at: '2016-12-31T23:59:60Z' },
    'invalid_value',
    '/expires_at',
  ),
  upload('a domain with a space', { domain: 'api .example.com' }, 'invalid_value', '/domain'),
  upload('a domain that is no IDN', { domain: 'xn--a.example' }, 'invalid_value', '/domain'),
  upload('a domain with a slash', { domain: '../ssl' }, 'invalid_value', '/domain'),
  upload('a domain with a line end', { domain: 'api.example.com\n' }, 'invalid_value', '/domain'),
  upload('an empty cert', { cert: '' }, 'invalid_value', '/cert'),
  upload('an empty key', { key: '' }, 'invalid_value', '/key'),
  upload('a cert of 64 KiB', { cert: 'x'.repeat(65_537) }, 'invalid_value', '/cert'),
  upload('facts of its own', { facts: {} }, 'read_only_field', '/facts'),
  upload('a passphrase', { passphrase: 'x' }, 'unknown_field', '/passphrase'),
];

describeRefusals('bad certificates', () => fleet, ROWS);

test('a domain that another tenant has a certificate for is refused as domain_taken', async () => {
  const { cert, key } = await makeCertificate({ names: ['owned.example.com'] });
  const body = { domain: 'owned.example.com', cert, key };
  const reply = await fleet.call('POST', '/global-ssl', { tenant: TENANT, body });
  expect(reply).toMatchObject({ status: 409, body: { code: 'domain_taken', pointer: '/domain' } });
});

describe('a refused upload', () => {
  test('never has any of the key in its answer', async () => {
    const secret = good.key.split('\n').slice(1, -2);
    for (const { body, path, method } of ROWS) {
      const { text } = await fleet.call(method, path, { tenant: TENANT, body });
      for (const line of secret) expect(text).not.toContain(line);
    }
  });

  test('with thousands of unfinished PEM blocks is refused at once', async () => {
    const cert = '-----BEGIN A-----'.repeat(3_800);
    // Time of this process only, whatever else the machine does.
    const start = process.cpuUsage();
    const reply = await fleet.call('POST', '/global-ssl', {
      tenant: TENANT,
      body: { ...good, not_after: undefined, domain: DOMAIN, cert },
    });
    expect(reply.body.code).toBe('certificate_invalid');
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(150);
  });
});

test('a node without a master key refuses uploads as master_key_missing', async () => {
  const keyless = await startFleet({ sealer: undefined });
  const { cert, key } = good;
  const reply = await keyless.call('POST', '/global-ssl', {
    tenant: TENANT,
    body: { domain: DOMAIN, cert, key },
  });
  expect(reply).toMatchObject({ status: 503, body: { code: 'master_key_missing' } });
  await keyless.dispose();
});
