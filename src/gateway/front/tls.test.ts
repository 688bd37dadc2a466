import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { type TLSSocket, connect } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pem, looseKey, selfSigned } from '../../../test/gateway/certificate.ts';
import {
  type Cleanup,
  cleanUp,
  echo,
  listen,
  readAll,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';
import { SslKeyring } from '../../shared/ssl-keyring.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

let one: Pem;
let two: Pem;
let expired: Pem;
beforeAll(async () => {
  one = await selfSigned('one.example.com');
  two = await selfSigned('two.example.com');
  expired = await selfSigned('old.example.com', new Date('2021-01-01'));
});

const ssl = (pem: Pem, snis: readonly string[], fields: object = {}): object => ({
  snis,
  ...pem,
  status: 1,
  ...fields,
});

/** The name in the certificate that a server name gets; rejects when the handshake fails. */
const handshake = (port: number, servername: string | undefined, options: object = {}): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const name = servername === undefined ? {} : { servername };
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...name, ...options });
    stack.push(() => void socket.destroy());
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });

const nameFor = async (port: number, servername: string): Promise<unknown> =>
  (await handshake(port, servername)).getPeerCertificate().subject.CN;

describe('keys encrypted with APISIX’s keyring', () => {
  const sslKeyring = new SslKeyring(['the-new-entry-00', 'the-old-entry-00']);
  const encrypted = (pem: Pem, entry: string): Pem => ({
    ...pem,
    key: new SslKeyring([entry]).encrypt(pem.key),
  });

  it('are served beside keys in the clear, whichever entry they are encrypted with', async () => {
    const { feed, tlsPort, gateway } = await startGateway(stack, { sslKeyring });
    feed.list({
      'ssls/one': ssl(encrypted(one, 'the-new-entry-00'), ['one.example.com']),
      'ssls/two': ssl(encrypted(two, 'the-old-entry-00'), ['two.example.com']),
      'ssls/old': ssl(expired, ['old.example.com']),
    });
    expect(gateway.status().rejected).toEqual([]);
    for (const name of ['one.example.com', 'two.example.com', 'old.example.com'])
      expect(await nameFor(tlsPort, name)).toBe(name);
  });

  it('are rejected when no entry fits, as by APISIX: the certificate before them goes on being served', async () => {
    const { feed, tlsPort, gateway } = await startGateway(stack, { sslKeyring });
    feed.list({ 'ssls/one': ssl(encrypted(one, 'the-new-entry-00'), ['one.example.com']) });
    const other = encrypted(two, 'some-other-entry');
    feed.put({ 'ssls/one': ssl(other, ['one.example.com']) });
    const [rejected] = gateway.status().rejected;
    expect(rejected).toMatchObject({ directory: 'ssls', id: 'one', live: 'previous' });
    expect(rejected?.reason).toBe('key is not PEM, and no entry of the keyring decrypts it');
    expect(await nameFor(tlsPort, 'one.example.com')).toBe('one.example.com');
  });
});

describe('certificates', () => {
  it('are chosen by exact name, then by a wildcard for one label', async () => {
    const { feed, tlsPort } = await startGateway(stack);
    feed.list({
      'ssls/one': ssl(one, ['one.example.com']),
      'ssls/two': ssl(two, ['*.example.com', 'Second.Example.org.']),
    });
    expect(await nameFor(tlsPort, 'one.example.com')).toBe('one.example.com');
    expect(await nameFor(tlsPort, 'ONE.example.COM')).toBe('one.example.com');
    expect(await nameFor(tlsPort, 'other.example.com')).toBe('two.example.com');
    expect(await nameFor(tlsPort, 'second.example.org')).toBe('two.example.com');
    for (const name of ['a.b.example.com', 'example.com', 'elsewhere.org', undefined]) {
      await expect(handshake(tlsPort, name)).rejects.toThrow(/handshake failure/);
    }
  });

  it('hides a shorter wildcard behind a longer one that covers too little, as APISIX does', async () => {
    const { feed, tlsPort } = await startGateway(stack);
    const { cert, key } = one;
    feed.list({ 'ssls/any': { sni: '*', cert, key }, 'ssls/wild': ssl(two, ['*.example.com']) });
    expect(await nameFor(tlsPort, 'a.b.c')).toBe('one.example.com');
    await expect(handshake(tlsPort, 'a.b.example.com')).rejects.toThrow();
  });

  it('change on an open listener while connections made before go on', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, tlsPort, gateway } = await startGateway(stack);
    feed.list({ 'routes/r': routeTo(upstream), 'ssls/site': ssl(one, ['site.example.com']) });
    const old = await handshake(tlsPort, 'site.example.com');
    const ask = (): Promise<string> => {
      old.write('GET / HTTP/1.1\r\nHost: site.example.com\r\n\r\n');
      return new Promise((resolve) => old.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    };
    expect(await ask()).toMatch(/^HTTP\/1\.1 200/);
    feed.put({ 'ssls/site': ssl(two, ['site.example.com']) });
    expect(await nameFor(tlsPort, 'site.example.com')).toBe('two.example.com');
    expect(await ask()).toMatch(/^HTTP\/1\.1 200/);
    feed.put({ 'ssls/site': undefined });
    await expect(handshake(tlsPort, 'site.example.com')).rejects.toThrow(/handshake failure/);
    expect(await ask()).toMatch(/x-forwarded-proto":"https/);
    expect(gateway.status().counts).toMatchObject({ ssls: 0 });
  });

  it('can not be resumed once they are gone', async () => {
    const { feed, tlsPort } = await startGateway(stack);
    feed.list({ 'ssls/site': ssl(one, ['site.example.com']) });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await handshake(tlsPort, 'site.example.com', { maxVersion });
      const session = first.getSession();
      const again = await handshake(tlsPort, 'site.example.com', {
        maxVersion,
        ...(session ? { session } : {}),
      });
      expect(again.isSessionReused()).toBe(false);
    }
  });

  it('are offered with TLS 1.2 and up, for HTTP/1.1 only', async () => {
    const { feed, tlsPort } = await startGateway(stack);
    feed.list({ 'ssls/old': ssl(expired, ['old.example.com']) });
    const options = { ALPNProtocols: ['h2', 'http/1.1'] };
    const socket = await handshake(tlsPort, 'old.example.com', options);
    expect(socket.alpnProtocol).toBe('http/1.1');
    const older = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(handshake(tlsPort, 'old.example.com', older)).rejects.toThrow();
  });

  it.each([
    [
      'a broken certificate',
      () => ({ ...one, cert: one.cert.replace(/[A-Z]{4}/, '!!!!') }),
      'previous',
      /cert is not/,
    ],
    [
      'a broken key',
      () => ({ ...one, key: `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n` }),
      'previous',
      /key is not/,
    ],
    ['an unknown field', () => ({ ...one, validity_start: 1 }), 'previous', /unknown field "validity_start"/],
    ['no name', () => ({ ...one, snis: undefined }), 'previous', /sni or snis/],
    ['a short key', () => ({ ...one, key: 'x' }), 'previous', /\/key/],
    ['a key of another certificate', () => ({ ...one, key: looseKey() }), 'refusing', /does not belong/],
    ['an encrypted key', () => ({ ...one, key: 'q'.repeat(88) }), 'refusing', /not PEM/],
    ['mTLS', () => ({ ...one, client: { ca: one.cert } }), 'refusing', /mTLS/],
    ['an old protocol only', () => ({ ...one, ssl_protocols: ['TLSv1.1'] }), 'refusing', /ssl_protocols/],
  ])('with %s are not served, and the reason quotes no key', async (_what, change, live, reason) => {
    const { feed, tlsPort, gateway } = await startGateway(stack);
    feed.list({ 'ssls/site': ssl(two, ['site.example.com']) });
    const object = { snis: ['site.example.com'], status: 1, ...change() } as { key: string };
    feed.put({ 'ssls/site': object });
    const [rejected, ...others] = gateway.status().rejected;
    expect(others).toEqual([]);
    expect(rejected).toMatchObject({ directory: 'ssls', id: 'site', modRevision: 3, live });
    expect(rejected?.reason).toMatch(reason);
    if (object.key.length > 10)
      expect(JSON.stringify(gateway.status())).not.toContain(object.key.slice(28, 60));
    if (live === 'previous') expect(await nameFor(tlsPort, 'site.example.com')).toBe('two.example.com');
    else await expect(handshake(tlsPort, 'site.example.com')).rejects.toThrow();
  });

  it('of status 0 or for clients are not offered', async () => {
    const { feed, tlsPort } = await startGateway(stack);
    feed.list({
      'ssls/off': ssl(one, ['off.example.com'], { status: 0 }),
      'ssls/client': { ...one, type: 'client' },
    });
    await expect(handshake(tlsPort, 'off.example.com')).rejects.toThrow();
  });
});

describe('an upstream over TLS', () => {
  it('is not verified, and is told the host it is asked for', async () => {
    const seen: unknown[] = [];
    const { createServer } = await import('node:https');
    const server = createServer(one, (request, response) => {
      seen.push((request.socket as TLSSocket & { servername: unknown }).servername);
      response.end(request.headers.host);
    });
    const upstream = await listen(stack, server);
    const { feed, tlsPort } = await startGateway(stack);
    const nodes = [{ host: '127.0.0.1', port: upstream, weight: 1 }];
    feed.list({
      'ssls/one': ssl(two, ['front.example.com']),
      'routes/pass': routeTo(0, { uris: ['/pass'], upstream: { scheme: 'https', nodes } }),
      'routes/rewrite': routeTo(0, {
        uris: ['/rewrite'],
        upstream: { scheme: 'https', nodes, pass_host: 'rewrite', upstream_host: 'back.example.com:444' },
      }),
      'routes/node': routeTo(0, { uris: ['/node'], upstream: { scheme: 'https', nodes, pass_host: 'node' } }),
    });
    const ask = async (path: string): Promise<string> => {
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: tlsPort, path, rejectUnauthorized: false, agent: false };
        const headers = { Host: 'front.example.com' };
        get({ ...options, headers, servername: 'front.example.com' }, resolve).on('error', reject);
      });
      return readAll(message);
    };
    expect(await ask('/pass')).toBe('front.example.com');
    expect(await ask('/rewrite')).toBe('back.example.com:444');
    expect(await ask('/node')).toBe(`127.0.0.1:${upstream}`);
    expect(seen).toEqual(['front.example.com', 'back.example.com', false]);
  });
});
