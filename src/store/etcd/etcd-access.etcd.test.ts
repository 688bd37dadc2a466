/** TLS, client certificates, and etcd's own users. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCertificates } from '../../../test/support/etcd-tls.ts';
import { startEtcd } from '../../../test/support/etcd.ts';
import type { EtcdCluster } from '../../../test/support/etcd.ts';
import type { Log } from '../../shared/log.ts';
import { StoreRefusedError, StoreUnavailableError } from '../port.ts';
import type { ConfigStore, WatchEnd, WatchSink } from '../port.ts';
import { openEtcdStore } from './etcd-store.ts';
import type { EtcdStoreOptions } from './options.ts';

const WAIT = { timeout: 15_000, interval: 20 };
const PASSWORD = 'correct horse battery staple';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the etcd store behind TLS, client certificates and users', () => {
  let cluster: EtcdCluster;
  let good: EtcdStoreOptions;
  const stores: ConfigStore[] = [];
  const logged: string[] = [];
  const remember = (fields: object, message: string) => void logged.push(message + JSON.stringify(fields));
  const log: Log = { debug: remember, info: remember, warn: remember, error: remember };

  beforeAll(async () => {
    cluster = await startEtcd({ tls: true, flags: ['--auth-token-ttl=2'] });
    const { ca, client } = cluster.certificates ?? (await makeCertificates());
    good = { endpoints: cluster.endpoints, tls: { ca, cert: client.cert, key: client.key }, log };
    const grant = (from: string, to: string) => ({
      name: 'lockstep',
      perm: { permType: 'READWRITE', key: base64(from), range_end: base64(to) },
    });
    await cluster.admin('/v3/auth/user/add', { name: 'root', password: PASSWORD });
    await cluster.admin('/v3/auth/user/grant', { user: 'root', role: 'root' });
    await cluster.admin('/v3/auth/role/add', { name: 'lockstep' });
    await cluster.admin('/v3/auth/role/grant', grant('/allowed/', '/allowed0'));
    await cluster.admin('/v3/auth/user/add', { name: 'app', password: PASSWORD });
    await cluster.admin('/v3/auth/user/grant', { user: 'app', role: 'lockstep' });
    await cluster.admin('/v3/auth/enable', {});
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(() => cluster?.stop());

  const open = (options: EtcdStoreOptions) => {
    const store = openEtcdStore(options);
    stores.push(store);
    return store;
  };
  const app = () => open({ ...good, auth: { user: 'app', password: PASSWORD } });
  const put = (store: ConfigStore, key: string) =>
    store.transact({ guards: [], puts: [{ key, value: 'x' }], deletes: [] });
  const sink = (ends: WatchEnd[], steps: unknown[] = []): WatchSink => ({
    onOpen: () => {},
    onAlive: () => {},
    onStep: (step) => void steps.push(step),
    onEnd: (end) => void ends.push(end),
  });

  it('reads, writes, watches and leases as a user', async () => {
    const store = app();
    const start = await store.range({ prefix: '/allowed/' });
    const steps: unknown[] = [];
    store.watch('/allowed/', start, sink([], steps));
    const lease = await store.lease(5);
    const puts = [{ key: '/allowed/a', value: 'x', lease: lease.id }];
    expect((await store.transact({ guards: [], puts, deletes: [] })).committed).toBe(true);
    await vi.waitFor(() => expect(steps.length).toBe(1), WAIT);
    await lease.revoke();
    await vi.waitFor(() => expect(steps.length).toBe(2), WAIT);
    expect(store.endpoints()).toMatchObject([{ healthy: true }]);
  });

  it('logs in again when its token has run out, for calls and for watches', async () => {
    const store = app();
    const start = await put(store, '/allowed/b');
    // A token of etcd's "simple" kind dies with the member's memory.
    for (const member of cluster.members) {
      await member.restart();
      await member.ready();
    }
    const ends: WatchEnd[] = [];
    const steps: unknown[] = [];
    const again = () => {
      store.watch('/allowed/', start, {
        ...sink(ends, steps),
        onEnd: (end) => {
          ends.push(end);
          if (end.reason === 'disconnected') setTimeout(again, 100);
        },
      });
    };
    again();
    await vi.waitFor(async () => expect((await put(store, '/allowed/b')).committed).toBe(true), WAIT);
    await vi.waitFor(() => expect(steps.length).toBeGreaterThan(0), WAIT);
  });

  it('says what to do about a wrong password, an unknown user and a missing permission, and no secret', async () => {
    const wrong = open({ ...good, auth: { user: 'app', password: 'not-the-password' } });
    const errors = [
      await put(wrong, '/allowed/a').catch((error: Error) => error),
      await put(open(good), '/allowed/a').catch((error: Error) => error),
      await put(app(), '/forbidden/a').catch((error: Error) => error),
    ] as Error[];
    for (const error of errors) expect(error).toBeInstanceOf(StoreRefusedError);
    expect(errors[0]?.message).toContain('check the etcd user and password');
    expect(errors[1]?.message).toContain('the name in the client certificate'); // etcd takes it for the user
    expect(errors[2]?.message).toContain('grant');
    const told = [...errors.map((error) => `${error.message} ${error.stack}`), ...logged].join('\n');
    for (const secret of ['not-the-password', PASSWORD, 'PRIVATE KEY']) expect(told).not.toContain(secret);
  });

  it('ends a watch that the user may not have', async () => {
    const store = app();
    const start = await store.range({ prefix: '/allowed/' });
    const ends: WatchEnd[] = [];
    store.watch('/forbidden/', start, sink(ends));
    await vi.waitFor(() => expect(ends.length).toBe(1), WAIT);
    expect(ends).toMatchObject([{ reason: 'disconnected' }]);
  });

  it('reaches nothing without a client certificate, or with a CA that did not sign the server', async () => {
    const { ca } = good.tls ?? {};
    const stranger = await makeCertificates();
    const without = open({ ...good, tls: ca ? { ca } : {} });
    await expect(without.range({ key: '/allowed/a' })).rejects.toBeInstanceOf(StoreUnavailableError);
    const distrusting = open({ ...good, tls: { ...good.tls, ca: stranger.ca } });
    await expect(distrusting.range({ key: '/allowed/a' })).rejects.toThrow(/certificate/);
    expect(distrusting.endpoints()).toMatchObject([{ healthy: false }]);
  });
});
