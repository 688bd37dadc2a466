import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startEtcd } from '../support/etcd.ts';
import { Workplace } from '../support/lockstep.ts';

const HEADERS = { 'x-tenant-id': 'acme', 'content-type': 'application/json' };
const BODY = JSON.stringify({ config: { rate_limit: 7 } });

it('a node works on an etcd that wants TLS, client certificates, and a user with a password', async () => {
  await using etcd = await startEtcd({ tls: true });
  await using place = await Workplace.create();
  const { certificates } = etcd;
  if (!certificates) throw new Error('the cluster has no certificates');
  const password = 'a secret that is in a file';
  await etcd.admin('/v3/auth/user/add', { name: 'root', password });
  await etcd.admin('/v3/auth/user/grant', { user: 'root', role: 'root' });
  await etcd.admin('/v3/auth/enable', {});
  const save = async (name: string, content: Buffer | string): Promise<string> => {
    const path = join(place.directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const tls = [
    ...['--etcd-ca', await save('ca.pem', certificates.ca)],
    ...['--etcd-cert', await save('client.pem', certificates.client.cert)],
    ...['--etcd-key', await save('client-key.pem', certificates.client.key)],
  ];
  const user = ['--etcd-user', 'root', '--etcd-password-file', await save('password', `${password}\n`)];

  const { process, url } = await place.serve('node-1', etcd.endpoints, [...tls, ...user]);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  const answer = await fetch(`${url}/global-config/tenant?wait=nodes`, {
    method: 'POST',
    headers: HEADERS,
    body: BODY,
  });
  expect(await answer.json()).toMatchObject({ sync_status: 'all_nodes_updated', version: 1 });
  expect(process.log()).not.toContain(password);

  // Without its password the node says what etcd says, and nothing is written.
  const stranger = await place.serve('node-2', etcd.endpoints, tls);
  const refused = await fetch(`${stranger.url}/global-config/tenant`, {
    method: 'POST',
    headers: HEADERS,
    body: BODY,
  });
  expect(refused.status).toBe(503);
  expect(((await refused.json()) as { code: string }).code).toMatch(/^etcd_(refused|unavailable)$/);
  await expect
    .poll(async () => (await fetch(`${url}/global-config/tenant`, { headers: HEADERS })).json())
    .toMatchObject({
      version: 1,
    });
});

it('with authentication on, nothing is answered without the operator’s token but whether the node lives', async () => {
  await using etcd = await startEtcd();
  await using place = await Workplace.create();
  const token = 'an-operator-token-for-a-test';
  const path = join(place.directory, 'root.token');
  await writeFile(path, `${token}\n`);
  const { url } = await place.serve('node-1', etcd.endpoints, ['--auth', 'on', '--root-token-file', path]);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  const ask = (headers: Record<string, string>, where = '/sync-status') =>
    fetch(`${url}${where}`, { headers });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${token}x` })).status).toBe(401);
  expect((await ask({}, '/metrics')).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(200);
  expect((await ask({ 'x-api-key': token })).status).toBe(200);
  const body = JSON.stringify({ route: { id: 'r', path: '/r', upstream: 'http://127.0.0.1:1' } });
  const headers = { ...HEADERS, authorization: `Bearer ${token}` };
  const refused = await fetch(`${url}/global-routes`, { method: 'POST', headers, body });
  expect(await refused.json()).toMatchObject({
    status: 422,
    code: 'upstream_forbidden',
    pointer: '/route/upstream',
  });
});
