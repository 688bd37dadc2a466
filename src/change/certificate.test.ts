/** Certificates as they are uploaded; what is refused is in test/api/bad-certificate.test.ts. */
import { createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apisixErrors, haveApisixSchemas } from '../../test/support/apisix-schemas.ts';
import { type CertificateOptions, makeCertificate } from '../../test/support/certificates.ts';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../test/support/change-room.ts';
import { startFleet } from '../../test/support/control-plane.ts';
import type { CertificateRecord } from '../contract/record.ts';
import type { Log } from '../shared/log.ts';
import { SslKeyring } from '../shared/ssl-keyring.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { uploadCertificate } from './certificate.ts';
import type { ChangeRoom } from './context.ts';
import { keyBinding } from './keys/sealer.ts';

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
});

afterEach(() => store.close());

const stored = async <T>(key: string): Promise<T> =>
  JSON.parse((await contentsOf(store)).get(key) ?? '{}') as T;

describe('a certificate', () => {
  test.each<[name: string, options: CertificateOptions, domain: string, key_type: string]>([
    ['with an EC key', {}, 'api.example.com', 'ec'],
    ['with an RSA key', { kind: 'rsa' }, 'api.example.com', 'rsa'],
    ['with an Ed25519 key', { kind: 'ed25519' }, 'api.example.com', 'ed25519'],
    ['with several names', { names: ['www.example.com', 'api.example.com'] }, 'api.example.com', 'ec'],
    ['with a wildcard, for one name', { names: ['*.example.com'] }, 'api.example.com', 'ec'],
    ['with a wildcard, for the wildcard', { names: ['*.example.com'] }, '*.example.com', 'ec'],
    ['with a name in capitals', { names: ['API.Example.COM'] }, 'api.example.com', 'ec'],
    ['that begins in two minutes', { from_s: 120 }, 'api.example.com', 'ec'],
  ])(
    '%s is stored with its facts, sealed, and projected as APISIX reads it',
    async (_, options, domain, key_type) => {
      const { cert, key, not_after } = await makeCertificate(options);
      const { expires_at } = await uploadCertificate(room, changeRequest(), 'acme', { domain, cert, key });
      expect(expires_at).toBe(not_after);
      const record = await stored<CertificateRecord>(KEYS.record('ssl', `acme:${domain}`));
      expect(record).toMatchObject({
        tenant_id: 'acme',
        domain,
        version: 1,
        expires_at,
        facts: { not_after, key_type },
      });
      expect(record.facts.fingerprint_sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(room.sealer?.open(record.sealed_key, keyBinding(record))).toBe(key);
      const projected = await stored<Record<string, unknown>>(
        KEYS.projected('ssls', domain.replace('*', '_')),
      );
      expect(projected).toMatchObject({
        snis: [domain],
        cert,
        key,
        status: 1,
        labels: { 'managed-by': 'lockstep' },
      });
    },
  );

  test('keeps its chain, and takes Windows line ends and space around', async () => {
    const [leaf, issuer] = [await makeCertificate(), await makeCertificate({ names: ['ca.example.com'] })];
    const cert = `\r\n ${`${leaf.cert}${issuer.cert}`.replaceAll('\n', '\r\n')}\n\n`;
    await uploadCertificate(room, changeRequest(), 'acme', {
      domain: 'api.example.com',
      cert,
      key: ` ${leaf.key}\n`,
    });
    const record = await stored<CertificateRecord>(KEYS.record('ssl', 'acme:api.example.com'));
    expect(record.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(record.facts.sans).toEqual(['api.example.com']);
  });

  test('takes an EC key in the older form, with its parameters in front', async () => {
    const { cert, key } = await makeCertificate();
    const sec1 = createPrivateKey(key).export({ type: 'sec1', format: 'pem' }) as string;
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const upload = { domain: 'api.example.com', cert, key: parameters + sec1 };
    const { receipt } = await uploadCertificate(room, changeRequest(), 'acme', upload);
    expect(receipt.edits).toMatchObject([{ action: 'create' }]);
  });

  test.each(['2099-12-31T23:59:59Z', 'own', 'own in another zone', 'own with a fraction'])(
    'is checked against expires_at %s to the second',
    async (which) => {
      const { cert, key, not_after } = await makeCertificate();
      const moved = new Date(Date.parse(not_after) + 8 * 3_600_000).toISOString().replace('.000Z', '+08:00');
      const given: Record<string, string> = {
        own: not_after.replace('.000Z', 'Z'),
        'own in another zone': moved,
        'own with a fraction': not_after.replace('.000Z', '.900Z'),
      };
      const upload = { domain: 'api.example.com', cert, key, expires_at: given[which] ?? which };
      const outcome = uploadCertificate(room, changeRequest(), 'acme', upload);
      if (which in given) expect(await outcome).toMatchObject({ expires_at: not_after });
      else await expect(outcome).rejects.toMatchObject({ code: 'expires_at_mismatch' });
    },
  );

  test('replaced by a new one keeps its id, counts on, and the old key is gone from the projection', async () => {
    const [old, fresh] = [await makeCertificate(), await makeCertificate()];
    for (const { cert, key } of [old, fresh]) {
      await uploadCertificate(room, changeRequest(), 'acme', { domain: 'api.example.com', cert, key });
    }
    const record = await stored<CertificateRecord>(KEYS.record('ssl', 'acme:api.example.com'));
    expect(record.version).toBe(2);
    expect(room.sealer?.open(record.sealed_key, keyBinding(record))).toBe(fresh.key);
    expect(await stored(KEYS.projected('ssls', 'api.example.com'))).toMatchObject({ key: fresh.key });
  });
});

describe('with APISIX’s keyring', () => {
  const sslKeyring = new SslKeyring(['the-new-entry-00']);
  const projected = () => stored<{ key: string }>(KEYS.projected('ssls', 'api.example.com'));

  test('APISIX reads the key encrypted, in an object that its schema takes', async () => {
    const { cert, key } = await makeCertificate();
    const encrypting = changeRoom(store, { sslKeyring });
    await uploadCertificate(encrypting, changeRequest(), 'acme', { domain: 'api.example.com', cert, key });
    const object = await projected();
    expect(object.key).not.toContain('PRIVATE');
    expect(sslKeyring.decrypt(object.key)).toBe(key);
    if (haveApisixSchemas) expect(apisixErrors('ssls', object)).toEqual([]);
  });

  test('an entry put in front is what a key is encrypted with from then on', async () => {
    const { cert, key } = await makeCertificate();
    const upload = { domain: 'api.example.com', cert, key };
    await uploadCertificate(room, changeRequest(), 'acme', upload);
    expect((await projected()).key).toBe(key);
    const next = new SslKeyring(['the-next-entry-0', 'the-new-entry-00']);
    for (const keyring of [sslKeyring, next]) {
      await uploadCertificate(changeRoom(store, { sslKeyring: keyring }), changeRequest(), 'acme', upload);
      expect((await projected()).key).toBe(keyring.encrypt(key));
    }
  });

  test('a key that APISIX would find too long is refused', async () => {
    const { cert, key } = await makeCertificate();
    const long = key.replace('\n', '\n'.repeat(60_000));
    const upload = { domain: 'api.example.com', cert, key: long };
    const encrypting = changeRoom(store, { sslKeyring });
    await expect(uploadCertificate(encrypting, changeRequest(), 'acme', upload)).rejects.toMatchObject({
      code: 'record_too_large',
    });
  });
});

test('no line of a private key is in any answer, log line, history or source record', async () => {
  const lines: string[] = [];
  const note = (fields: object, message: string): void => {
    const plain = (_: string, value: unknown): unknown =>
      value instanceof Error
        ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
        : value;
    lines.push(`${message} ${JSON.stringify(fields, plain)}`);
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const fleet = await startFleet({ nodes: 2, log });
  const [good, other] = [await makeCertificate(), await makeCertificate()];
  const own = { tenant: 'acme' };
  const body = { domain: 'api.example.com', cert: good.cert, key: good.key };
  const id = 'acme:api.example.com';
  const replies = [
    await fleet.call('POST', '/global-ssl?dry_run=true', { ...own, body }),
    await fleet.call('POST', '/global-ssl', { ...own, body, headers: { 'idempotency-key': 'k' } }),
    await fleet.call('POST', '/global-ssl', { ...own, body, headers: { 'idempotency-key': 'k' } }),
    await fleet.call('POST', '/global-ssl?wait=nodes', { ...own, body }),
    await fleet.call('POST', '/global-ssl', { ...own, body: { ...body, cert: other.cert } }),
    await fleet.call('POST', '/global-ssl', { ...own, body: { ...body, key: `x${good.key}` } }),
    await fleet.call('POST', '/global-ssl', { ...own, body: JSON.stringify(body).replace('}', ', oops}') }),
    await fleet.call('GET', '/global-ssl', own),
    await fleet.call('GET', `/global-ssl/${id}`, own),
    await fleet.call('DELETE', `/global-ssl/${id}`, own),
    await fleet.call('GET', `/history/ssl/${id}`, own),
    await fleet.call('POST', '/sync/refresh'),
    await fleet.call('GET', '/sync-status'),
    await fleet.call('GET', '/metrics'),
  ];
  const contents = await fleet.contents();
  await fleet.dispose();
  const source = [...contents].filter(([key]) => key.startsWith('/cdn-defense/'));
  const everything = [
    ...replies.map(({ text }) => text),
    ...lines,
    ...source.map(([key, value]) => `${key} ${value}`),
  ].join('\n');
  expect(lines.length).toBeGreaterThan(10);
  expect(everything).toContain('acme:api.example.com');
  for (const secret of good.key.split('\n').slice(1, -2)) expect(everything).not.toContain(secret);
  expect(everything).not.toContain('BEGIN PRIVATE KEY');
});
