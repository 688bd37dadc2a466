import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/lockstep.ts';

const BIN = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that is to end by itself. */
const lockstep = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 10_000 };
    execFile(process.execPath, [BIN, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

let directory: string;
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-cli-'));
  await writeFile(file('short.key'), 'abc');
  await writeFile(file('empty'), '\n');
  await writeFile(file('keys'), `${'5c'.repeat(32)}\nabc\n`);
  await writeFile(file('published'), 'an-entry-of-ours\nedd1c9f0985e76a2\n');
  await writeFile(file('long'), 'x'.repeat(32));
  await writeFile(file('some.pem'), 'pem');
});
afterAll(() => rm(directory, { recursive: true }));

const off = ['serve', '--auth', 'off'];

describe('a setting that can’t be used stops the start with one line', () => {
  const cases: [name: string, args: () => string[], line: RegExp, env?: Record<string, string>][] = [
    ['an unknown command', () => ['fly'], /^lockstep: there is no command fly/],
    ['an unknown flag', () => [...off, '--nope', '1'], /--nope/],
    ['a flag without its value', () => [...off, '--port'], /--port/],
    ['a stray word', () => [...off, 'word'], /word/],
    ['a port that is none', () => [...off, '--port', '70000'], /^lockstep: --port: 70000 is not a port/],
    ['a node id that is none', () => [...off, '--node-id', 'a/b'], /^lockstep: --node-id: use 1–64/],
    [
      'auth off beyond loopback',
      () => [...off, '--host', '0.0.0.0'],
      /^lockstep: --auth off is for loopback only/,
    ],
    ['auth off on every IPv6 address', () => [...off, '--host', '::'], /loopback only/],
    [
      'half an issuer',
      () => ['serve', '--oidc-issuer', 'https://id.example.com'],
      /^lockstep: --oidc-issuer, --oidc-audience and --oidc-jwks-url are needed together/,
    ],
    [
      'keys of an issuer that come in the clear',
      () => ['serve', '--oidc-jwks-url', 'http://id.example.com/keys'],
      /--oidc-jwks-url: .* is not an https:\/\/ URL/,
    ],
    [
      'an algorithm without keys',
      () => ['serve', '--oidc-algorithms', 'RS256,HS256'],
      /--oidc-algorithms: use one of RS256/,
    ],
    [
      'a role nobody knows',
      () => ['serve', '--oidc-roles', 'dev=admin'],
      /--oidc-roles: use one of operator/,
    ],
    ['a token command without its verb', () => ['token'], /use lockstep token create, list or revoke/],
    ['a token without a role', () => ['token', 'create'], /--role and --description are needed/],
    [
      'a token that is to end some time',
      () => ['token', 'create', '--expires-in', 'soon'],
      /--expires-in: soon is not a time such as 90d/,
    ],
    ['a token that is none', () => ['token', 'revoke', 'ls_x'], /name the token/],
    [
      'a token that is too short',
      () => ['serve'],
      /at least 16 characters/,
      { LOCKSTEP_ROOT_TOKEN: 'short' },
    ],
    ['an empty token file', () => ['serve', '--root-token-file', file('empty')], /empty/],
    ['an unknown auth mode', () => ['serve', '--auth', 'maybe'], /use one of on, off/],
    ['an etcd that is no URL', () => [...off, '--etcd', 'etcd:2379'], /^lockstep: --etcd: /],
    ['mixed schemes', () => [...off, '--etcd', 'http://a:1,https://b:2'], /for all of them/],
    ['a path in an etcd URL', () => [...off, '--etcd', 'http://a:1/x'], /scheme, a host and a port only/],
    [
      'a certificate without its key',
      () => [...off, '--etcd', 'https://a:1', '--etcd-cert', file('some.pem')],
      /together/,
    ],
    ['a CA without TLS', () => [...off, '--etcd-ca', file('some.pem')], /need https/],
    ['a missing file', () => [...off, '--etcd-ca', file('absent.pem')], /can not be read \(ENOENT\)/],
    ['a master key that is too short', () => [...off, '--master-key-file', file('short.key')], /32 bytes/],
    [
      'a trusted proxy that is no network',
      () => ['gateway', '--trusted-proxies', '10.0.0.0/8,proxy-1'],
      /^lockstep: --trusted-proxies: proxy-1 is neither an address nor a CIDR/,
    ],
    ['a metrics address without a port', () => ['gateway', '--metrics', 'localhost'], /not HOST:PORT/],
    [
      'a Redis that is no URL of one',
      () => ['gateway', '--http', '127.0.0.1:0', '--redis', 'http://:secret@cache'],
      /^lockstep: --redis: not a redis:\/\/ or rediss:\/\/ URL with a host\n$/,
    ],
    ['an etcd user without password', () => [...off, '--etcd-user', 'root'], /name and a password/],
    [
      'a password without its etcd user',
      () => [...off, '--etcd-password-file', file('long')],
      /^lockstep: --etcd-password-file needs --etcd-user/,
    ],
    [
      'prefixes inside one another',
      () => [...off, '--prefix', '/a', '--apisix-prefix', '/a/b'],
      /contain one another/,
    ],
    ['a prefix without its slash', () => [...off, '--prefix', 'a'], /not a prefix/],
    ['a range that is none', () => [...off, '--upstream-allow', '10.0.0.0'], /not a CIDR/],
    ['master keys of which one is too short', () => [...off, '--master-key-file', file('keys')], /32 bytes/],
    [
      'a keyring entry that APISIX publishes',
      () => [...off, '--apisix-ssl-keyring-file', file('published')],
      /^lockstep: --apisix-ssl-keyring-file: edd1c9f0985e76a2 is published in APISIX/,
    ],
    [
      'a keyring entry that is too long',
      () => ['gateway', '--http', '127.0.0.1:0', '--apisix-ssl-keyring-file', file('long')],
      /16 printable characters/,
    ],
    [
      'a mode for routes without hosts',
      () => [...off, '--hostless-routes', 'no'],
      /refuse, sole-tenant, allow/,
    ],
    [
      'closed ports that are none',
      () => [...off, '--closed-ports', '2379,x'],
      /--closed-ports: x is not a port/,
    ],
    ['a bad variable', () => off, /^lockstep: LOCKSTEP_PORT: x is not a port/, { LOCKSTEP_PORT: 'x' }],
    ['a gateway that listens nowhere', () => ['gateway'], /^lockstep: give --http or --https/],
    ['an address without its port', () => ['gateway', '--http', '127.0.0.1'], /not HOST:PORT/],
    [
      'a control URL that is none',
      () => ['gateway', '--http', '127.0.0.1:0', '--control', 'x'],
      /--control: x is not/,
    ],
  ];
  it.each(cases)('%s', async (_name, args, line, env) => {
    const { code, stdout, stderr } = await lockstep(args(), env);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('an address in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await lockstep([...off, '--port', String(port), '--log-level', 'silent']);
    expect(stderr).toBe(`lockstep: 127.0.0.1:${port} is in use by another process\n`);
    expect(code).toBe(1);
    server.close();
  });
});

describe('help', () => {
  it('lists the commands', async () => {
    const { code, stdout } = await lockstep(['--help']);
    expect(code).toBe(0);
    for (const name of ['dev', 'serve', 'gateway', 'keys', 'status']) expect(stdout).toContain(`  ${name}`);
  });

  it.each(['dev', 'serve', 'gateway', 'keys', 'status'])('of %s shows its flags', async (name) => {
    const { code, stdout } = await lockstep([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`lockstep ${name}`);
    expect(stdout).toMatch(/^ {2}--\w/m);
  });
});

describe('the embedded store', () => {
  it('belongs to one process at a time, survives kill -9, and says who can’t have it', async () => {
    await using place = await Workplace.create();
    const first = await place.dev();
    const headers = { 'x-tenant-id': 't', 'content-type': 'application/json' };
    const body = JSON.stringify({ config: { rate_limit: 3 } });
    const written = await fetch(`${first.nodes[0]}/global-config/tenant`, { method: 'POST', headers, body });
    expect(written.status).toBe(200);

    const data = join(place.directory, 'data');
    const ports = ['--node-ports', '0', '--http-ports', '0', '--https-ports', '0', '--origin-port', '0'];
    const second = await lockstep(['dev', '--data-dir', data, ...ports]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(data);
    expect(second.stderr.trim().split('\n')).toHaveLength(1);

    await first.process.kill();
    const again = await place.dev();
    const read = await fetch(`${again.nodes[2]}/global-config/tenant`, { headers });
    expect(await read.json()).toMatchObject({ config: { rate_limit: 3 }, version: 1 });
  });
});

describe('lockstep status', () => {
  it('ends 0 when every node has everything, 2 when nobody answers', async () => {
    await using place = await Workplace.create();
    const { nodes } = await place.dev();
    const url = nodes[0] ?? '';
    await expect
      .poll(async () => (await lockstep(['status', '--url', url])).code, { timeout: 10_000 })
      .toBe(0);
    const { stdout } = await lockstep(['status', '--url', url]);
    for (const id of ['node-1', 'node-2', 'node-3'])
      expect(stdout).toMatch(new RegExp(`^${id} .*has everything`, 'm'));
    const nobody = await lockstep(['status', '--url', 'http://127.0.0.1:9']);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('does not answer as a Lockstep node');
  });
});
