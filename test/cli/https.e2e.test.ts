/** The built product over HTTPS: its own certificate, renewed while it runs, and those of its clients. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type PeerCertificate, type SecureVersion, type TLSSocket, connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Agent } from 'node:https';
import { controlFetch } from '../../src/shared/control-fetch.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type TestCertificates, type TestPair, makeCertificates } from '../support/etcd-tls.ts';
import { type LockstepProcess, Workplace } from '../support/lockstep.ts';
import { until } from '../support/until.ts';

const BIN = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));

let etcd: EtcdCluster;
let place: Workplace;
let certificates: TestCertificates;
let node: { process: LockstepProcess; url: string };

const at = (name: string) => join(place.directory, name);
const save = async (pair: TestPair, name: string): Promise<void> => {
  await writeFile(at(`${name}.key`), pair.key, { mode: 0o600 });
  await writeFile(at(`${name}.pem`), pair.cert);
};

const handshake = (options: { maxVersion?: SecureVersion } = {}): Promise<PeerCertificate> =>
  new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(node.url);
    const socket = connect({ host, port: Number(port), ca: certificates.ca, ...options }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });

const lockstep = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] };
    execFile(process.execPath, [BIN, ...args], { env, timeout: 10_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

beforeAll(async () => {
  etcd = await startEtcd();
  place = await Workplace.create();
  certificates = await makeCertificates();
  await writeFile(at('ca.pem'), certificates.ca);
  await save(certificates.server, 'node');
  await save(certificates.client, 'client');
  const tls = ['--tls-cert-file', at('node.pem'), '--tls-key-file', at('node.key')];
  node = await place.serve('node-1', etcd.endpoints, tls);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await etcd.stop();
});

describe('a node with a certificate', () => {
  it('answers over HTTPS and says so to browsers, and over nothing else', async () => {
    expect(node.url).toMatch(/^https:/);
    const answer = await controlFetch({ ca: certificates.ca })(`${node.url}/livez`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('strict-transport-security')).toMatch(/^max-age=\d{7,}/);
    await expect(fetch(`${node.url}/livez`)).rejects.toThrow();
    await expect(fetch(`${node.url.replace('https', 'http')}/livez`)).rejects.toThrow();
  });

  it('does not speak TLS below 1.2', async () => {
    await expect(handshake({ maxVersion: 'TLSv1.1' })).rejects.toThrow();
    expect((await handshake({ maxVersion: 'TLSv1.2' })).subject.CN).toBe('etcd');
  });

  it('is asked by lockstep status, which says when it does not trust it', async () => {
    const trusted = await lockstep('status', '--url', node.url, '--control-ca-file', at('ca.pem'));
    expect(trusted).toMatchObject({ code: 0, stdout: expect.stringContaining('node-1') as string });
    const distrusted = await lockstep('status', '--url', node.url);
    expect(distrusted.code).toBe(2);
    expect(distrusted.stderr).toMatch(/certificate/);
  });

  it('is found by a gateway that trusts its CA', async () => {
    const gateway = await place.start('edge', [
      ...['gateway', '--gateway-id', 'edge', '--http', '127.0.0.1:0', '--etcd', etcd.endpoints.join(',')],
      ...['--control', node.url, '--control-ca-file', at('ca.pem')],
    ]);
    await gateway.printed(/a control-plane node answers/g);
  });

  it('takes a new certificate while it runs, and drops no connection for it', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: certificates.ca });
    const sockets = new Set<TLSSocket>();
    const ask = () =>
      new Promise<number>((resolve, reject) => {
        const outgoing = request(`${node.url}/livez`, { agent }, (answer) => {
          sockets.add(answer.socket as TLSSocket);
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
        });
        outgoing.on('error', reject);
        outgoing.end();
      });
    expect(await ask()).toBe(200);
    await save(await certificates.issue('renewed'), 'node');
    await until('new connections see it', async () => {
      expect(await ask()).toBe(200);
      return (await handshake()).subject.CN === 'renewed';
    });
    expect(await ask()).toBe(200);
    expect([...sockets].map((socket) => socket.getPeerCertificate().subject.CN)).toEqual(['etcd']);
    agent.destroy();
  });

  it('keeps the old certificate when the new files are no good, and says so in log and metrics', async () => {
    const { cert } = await certificates.issue('mismatched');
    await writeFile(at('node.pem'), cert);
    await node.process.printed(/new certificate files can not be used; the old ones stay/g);
    expect((await handshake()).subject.CN).toBe('renewed');
    const metrics = await (await controlFetch({ ca: certificates.ca })(`${node.url}/metrics`)).text();
    expect(metrics).toMatch(/^lockstep_tls_reload_failing\{[^}]*\} 1$/m);
    expect(metrics).toMatch(/^lockstep_tls_not_after_seconds\{[^}]*\} \d{10}$/m);
    expect(node.process.log()).not.toContain('PRIVATE KEY');
  });
});

describe('a node that wants its clients’ certificates', () => {
  it('answers those that show one of the CA, and nobody else', async () => {
    await save(certificates.server, 'strict');
    const tls = ['--tls-cert-file', at('strict.pem'), '--tls-key-file', at('strict.key')];
    const more = [...tls, '--tls-client-ca-file', at('ca.pem')];
    const { url } = await place.serve('node-2', etcd.endpoints, more);
    const { ca, client } = certificates;
    expect((await controlFetch({ ca, ...client })(`${url}/livez`)).status).toBe(200);
    await expect(controlFetch({ ca })(`${url}/livez`)).rejects.toThrow();
    const stranger = await (await makeCertificates()).issue('stranger');
    await expect(controlFetch({ ca, ...stranger })(`${url}/livez`)).rejects.toThrow();
    const shown = ['--control-cert-file', at('client.pem'), '--control-key-file', at('client.key')];
    const status = await lockstep('status', '--url', url, '--control-ca-file', at('ca.pem'), ...shown);
    expect(status.code).toBe(0);
  });
});

describe('settings that can not be used stop the start with one line', () => {
  it.each([
    ['a certificate without its key', ['--tls-cert-file', 'node.pem'], /are needed together/],
    [
      'a file that is not there',
      ['--tls-cert-file', 'none', '--tls-key-file', 'node.key'],
      /can not be read \(ENOENT\)/,
    ],
    [
      'two that do not belong together',
      ['--tls-cert-file', 'strict.pem', '--tls-key-file', 'client.key'],
      /can not be used/,
    ],
    ['a CA for clients without HTTPS', ['--tls-client-ca-file', 'ca.pem'], /needs --tls-cert-file/],
    ['an origin that is none', ['--cors-origin', '*'], /--cors-origin: \* is not an http/],
    [
      'a number of connections that is none',
      ['--max-connections', '3'],
      /--max-connections: use a whole number/,
    ],
    ['a proxy that is none', ['--trusted-proxies', 'proxy'], /is not a CIDR/],
  ])('%s', async (_, args, line) => {
    const paths = args.map((arg) => (/\.|none/.test(arg) ? at(arg) : arg));
    const { code, stderr } = await lockstep('serve', '--auth', 'off', '--port', '0', ...paths);
    expect(code).toBe(1);
    expect(stderr).toMatch(line);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((text) => text.startsWith('lockstep:')),
    ).toHaveLength(1);
  });
});
