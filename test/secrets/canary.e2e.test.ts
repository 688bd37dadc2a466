/** A known key goes in, and everything is done to it; then everything that was written or said is searched for it. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureDebianTool } from '../../scripts/debian.js';
import { SslKeyring } from '../../src/shared/ssl-keyring.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { list } from '../../src/store/listing.ts';
import { silentLog } from '../../src/shared/log.ts';
import { type TestCertificate, makeCertificate } from '../support/certificates.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type Reply, httpCall, rawCall } from '../support/http-call.ts';
import { Workplace } from '../support/lockstep.ts';
import { startRedis } from '../support/redis.ts';
import { Subscriber } from '../support/subscriber.ts';
import { filesIn, holds, needlesOf } from './canary.ts';

const TENANT = 'acme';
const DOMAIN = 'api.example.com';
const ID = `${TENANT}:${DOMAIN}`;
const ENTRY = 'a-keyring-entry0';

let canary: TestCertificate;
let renewed: TestCertificate;
let other: TestCertificate;
let needles: Buffer[];

beforeAll(async () => {
  canary = await makeCertificate();
  renewed = await makeCertificate({ kind: 'rsa' });
  other = await makeCertificate({ names: ['other.example.com'], kind: 'ed25519' });
  needles = [canary, renewed, other].flatMap(({ key }) => needlesOf(key));
});

/** Uploads in every way that is right or wrong, reads everything back, deletes. @returns all that was answered */
const doEverything = async (nodes: readonly string[]): Promise<Reply[]> => {
  const [first = '', second = first] = nodes;
  const replies: Reply[] = [];
  const send = async (method: string, path: string, body?: unknown, headers = {}, node = first) => {
    const reply = await httpCall(node, method, path, { tenant: TENANT, body, headers });
    replies.push(reply);
    return reply;
  };
  const good = { domain: DOMAIN, cert: canary.cert, key: canary.key };
  const text = JSON.stringify(good);
  const right = [
    await send('POST', '/global-ssl?dry_run=true', good),
    await send('POST', '/global-ssl?wait=nodes', good, {
      'idempotency-key': 'one',
      'x-change-reason': 'first',
    }),
    await send('POST', '/global-ssl?wait=nodes', good, {
      'idempotency-key': 'one',
      'x-change-reason': 'first',
    }),
    await send('POST', '/global-ssl', { ...good, cert: renewed.cert, key: renewed.key }, {}, second),
    await send('POST', '/global-ssl', good, { 'accept-language': 'en' }),
  ];
  expect(right.map(({ status }) => status)).toEqual([200, 201, 201, 200, 200]);
  const wrong = [
    await send('POST', '/global-ssl', { ...good, cert: other.cert }),
    await send('POST', '/global-ssl', { ...good, cert: canary.key, key: canary.cert }),
    await send('POST', '/global-ssl', { ...good, cert: canary.cert + canary.key }),
    await send('POST', '/global-ssl', { ...good, key: `x${canary.key}` }),
    await send('POST', '/global-ssl', { ...good, key: canary.key.slice(0, -40) }),
    await send('POST', '/global-ssl', { ...good, key: canary.key + other.key }),
    await send('POST', '/global-ssl', { ...good, key: [canary.key] }),
    await send('POST', '/global-ssl', { ...good, domain: canary.key }),
    await send('POST', '/global-ssl', { ...good, domain: 'www.example.com' }),
    await send('POST', '/global-ssl', { ...good, expires_at: canary.key }),
    await send('POST', '/global-ssl', { ...good, private_key: canary.key }),
    await send('POST', '/global-ssl', { ...good, facts: { key: canary.key } }),
    await send('POST', '/global-ssl', text.replace('}', ', oops}')),
    await send('POST', '/global-ssl', text.slice(0, -20)),
    await send('POST', '/global-ssl', `${text.slice(0, -1)},"key":${JSON.stringify(other.key)}}`),
    await send('POST', '/global-ssl', text, { 'content-type': 'text/plain' }),
    await send('POST', '/global-ssl', text, { 'content-encoding': 'gzip' }),
    await send('POST', '/global-ssl', { ...good, cert: canary.key.repeat(5_000) }),
    await send('POST', '/global-ssl', good, { 'if-none-match': '*' }),
    await send('POST', '/global-ssl', { ...good, key: other.key }, { 'idempotency-key': 'one' }),
    await send('PUT', `/global-ssl/${ID}`, good),
    await send('POST', '/global-sll', good),
    await send('POST', '/global-config/tenant', { config: { key: canary.key } }),
    await send('POST', '/global-routes', { route: { id: 'r', path: '/', upstream: canary.key } }),
    await httpCall(first, 'POST', '/global-ssl', { body: good }),
    await rawCall(
      first,
      `POST /global-ssl HTTP/1.1\r\nHost: a\r\nBad Header: ${canary.key.split('\n')[1]}\r\n\r\n`,
    ),
  ];
  for (const { status } of wrong) expect(status).toBeGreaterThanOrEqual(400);
  for (const { status } of wrong) expect(status).toBeLessThan(500);
  replies.push(...wrong.slice(-2));
  for (const node of nodes) replies.push(...(await readEverything(node)));
  await send('POST', '/sync/refresh');
  await send('POST', '/keys/rotate');
  await send('DELETE', `/global-ssl/${ID}`);
  await send('POST', '/global-ssl', good);
  for (const node of nodes) replies.push(...(await readEverything(node)));
  return replies;
};

/** Every answer to every GET that the API describes. */
const readEverything = async (node: string): Promise<Reply[]> => {
  const description = await httpCall(node, 'GET', '/openapi.json');
  const { paths } = description.body;
  const gets = Object.keys(paths).filter((path) => paths[path]?.['get'] && !path.endsWith('/stream'));
  expect(gets.length).toBeGreaterThan(12);
  const filled = gets.map((path) =>
    path
      .replace('{kind}', 'ssl')
      .replace('{id}', ID)
      .replace(/\{\w+\}/g, '1'),
  );
  const asked = ['/keys?count=true', ...filled];
  return [
    description,
    ...(await Promise.all(asked.map((path) => httpCall(node, 'GET', path, { tenant: TENANT })))),
  ];
};

/** Whether a gateway serves the certificate, which takes its key. */
const handshakes = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port), servername: DOMAIN, rejectUnauthorized: false });
    const end = (served: boolean) => {
      socket.destroy();
      resolve(served);
    };
    socket.once('secureConnect', () => end(socket.getPeerX509Certificate()?.checkHost(DOMAIN) === DOMAIN));
    socket.once('error', () => end(false));
  });

/** Listens to every stream that the API describes, until the node ends. */
const openStreams = async (node: string): Promise<{ path: string; heard: () => string }[]> => {
  const { paths } = (await httpCall(node, 'GET', '/openapi.json')).body;
  return Object.keys(paths)
    .filter((path) => path.endsWith('/stream'))
    .map((path) => {
      let text = '';
      const call = get(`${node}${path}`, (stream) => {
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('error', () => {});
      });
      call.on('error', () => {});
      return { path, heard: () => text };
    });
};

const expectNowhere = (pieces: readonly (readonly [where: string, what: Buffer | string])[]): void => {
  for (const [where, what] of pieces) expect(holds(what, needles), where).toBe(false);
};

it('finds the key in each form in which it could lie about', () => {
  for (const { key, cert } of [canary, renewed, other]) {
    const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
    const lines = [key, JSON.stringify(key), key.replaceAll('\n', ''), key.replaceAll('\n', '\r\n')];
    for (const form of [...lines, der, der.toString('hex')]) expect(holds(form, needlesOf(key))).toBe(true);
    expect(holds(cert, needles)).toBe(false);
  }
});

describe('on `lockstep dev`', () => {
  it('no file, log line or answer holds the key; the store does hold the certificate', async () => {
    await using place = await Workplace.create();
    const { nodes, process } = await place.dev();
    const replies = await doEverything(nodes);
    await process.drain();
    const files = await filesIn(place.directory);
    expectNowhere(files.map(({ path, bytes }) => [path, bytes]));
    expectNowhere(replies.map(({ text, headers }, i) => [`answer ${i}`, text + JSON.stringify(headers)]));
    // Nothing is compressed or encoded that would hide the key from this search.
    const line = Buffer.from(canary.cert.split('\n')[3] ?? '');
    expect(files.filter(({ bytes }) => bytes.includes(line)).map(({ path }) => path)).not.toEqual([]);
  });
});

describe('on etcd', () => {
  let etcd: EtcdCluster;
  let place: Workplace;
  beforeAll(async () => {
    etcd = await startEtcd();
    place = await Workplace.create();
  });
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    await etcd.stop();
  });

  /** What `etcdctl snapshot save` gives: every revision that etcd has. */
  const snapshot = async (): Promise<Buffer> => {
    const file = join(place.directory, 'snapshot.db');
    const env = { ...process.env, ETCDCTL_API: '3' };
    const args = ['--endpoints', etcd.endpoints[0] ?? '', 'snapshot', 'save', file];
    execFileSync(ensureDebianTool('etcdctl'), args, { env, stdio: 'pipe' });
    return readFile(file);
  };

  it('no snapshot, log, file or answer holds the key when APISIX’s keyring is given; the gateway serves it', async () => {
    const keyring = join(place.directory, 'ssl-keyring');
    await writeFile(keyring, `${ENTRY}\n`, { mode: 0o600 });
    const encrypting = ['--apisix-ssl-keyring-file', keyring, '--log-level', 'debug'];
    await using redis = await startRedis();
    const subscriber = await Subscriber.on(redis);
    const serve = (id: string) =>
      place.serve(id, etcd.endpoints, [
        ...[...encrypting, '--data-dir', join(place.directory, `known-${id}`)],
        ...['--redis', redis.url],
      ]);
    const [one, two] = [await serve('node-1'), await serve('node-2')];
    const gateway = await place.gateway('gateway-1', etcd.endpoints, encrypting);
    const streams = await openStreams(one.url);
    const replies = await doEverything([one.url, two.url]);
    await expect.poll(() => handshakes(gateway.https), { timeout: 10_000 }).toBe(true);
    const published = () => subscriber.events.filter(({ key }) => key.endsWith(`/ssl/${ID}`));
    await expect
      .poll(() =>
        published()
          .map(({ action }) => action)
          .slice(-2),
      )
      .toEqual(['delete', 'create']);
    subscriber.close();
    await one.process.drain();
    const saved = await snapshot();
    const data = await filesIn(etcd.members[0]?.dataDirectory ?? '');
    const files = (await filesIn(place.directory)).filter(({ path }) => !path.endsWith('snapshot.db'));
    expectNowhere([['snapshot', saved]]);
    expectNowhere([...data, ...files].map(({ path, bytes }) => [path, bytes]));
    expectNowhere(replies.map(({ text, headers }, i) => [`answer ${i}`, text + JSON.stringify(headers)]));
    expectNowhere(subscriber.texts.map((text, i) => [`event ${i}`, text]));
    expectNowhere(streams.map(({ path, heard }) => [path, heard()]));
    expect(files.some(({ path }) => path.endsWith('last-known.json'))).toBe(true);
    const line = Buffer.from(canary.cert.split('\n')[3] ?? '');
    expect(saved.includes(line)).toBe(true);
    expect(saved.includes(Buffer.from(new SslKeyring([ENTRY]).encrypt(canary.key)))).toBe(true);
    await two.process.drain();
  });

  it('without the keyring the key is under /apisix/ssls and nowhere else, and the node says so at its start', async () => {
    const { url, process } = await place.serve('node-3', etcd.endpoints);
    await doEverything([url]);
    const store = openEtcdStore({ endpoints: [...etcd.endpoints], log: silentLog });
    const { kvs } = await list(store, ['/']);
    await store.close();
    expect(kvs.filter(({ value }) => holds(value, needles)).map(({ key }) => key)).toEqual([
      `/apisix/ssls/${DOMAIN}`,
    ]);
    expect(process.log()).toMatch(/private keys are in the clear where APISIX reads them/);
    expectNowhere([['the log', process.log()]]);
    expect(holds(await snapshot(), needles), 'a snapshot that does hold the key').toBe(true);
  });
});
