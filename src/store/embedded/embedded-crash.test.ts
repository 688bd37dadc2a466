/** The embedded store across kill -9, restarts and second processes: real child processes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_REVISION } from '../../shared/revision.ts';
import { CompactedError, StoreUnavailableError } from '../port.ts';
import { recordWatch } from '../../../test/store/contract/bench.ts';
import { EmbeddedStoreBusyError } from './disk.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { thisProcess } from './owner.ts';

const STORE = new URL('./embedded-store.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Writes from several sides at once and reports each acknowledgement as `key revision value`. */
const WRITER = `
const { openEmbeddedStore } = await import(${JSON.stringify(STORE)});
const store = await openEmbeddedStore({ directory: process.argv[1] });
const say = (line) => require('node:fs').writeSync(1, line + '\\n');
const lease = await store.lease(60);
const brief = await store.lease(60, { keep: false });
await store.transact({ guards: [], deletes: [], puts: [
  { key: '/node', value: 'x', lease: lease.id }, { key: '/request', value: 'x', lease: brief.id } ] });
say('ready');
const write = async (name) => {
  for (let i = 0; ; i++) {
    const puts = [{ key: '/w/' + name + '/' + i, value: String(i) }, { key: '/pair/' + name, value: String(i) }];
    const { revision } = await store.transact({ guards: [], puts, deletes: [] });
    say(puts[0].key + ' ' + revision + ' ' + i);
  }
};
for (const name of ['a', 'b', 'c', 'd']) void write(name);
`;

describe('the embedded store, across processes', () => {
  let directory: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'lockstep-crash-')), 'store');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(join(directory, '..'), { recursive: true, force: true });
  });

  const startWriter = async () => {
    const source = `const { createRequire } = await import('node:module'); const require = createRequire('${STORE}');${WRITER}`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', source, directory];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    await vi.waitFor(() => expect(lines[0]).toBe('ready'), { timeout: 20_000, interval: 20 });
    return { child, lines };
  };
  const killAfter = async (acknowledgements: number) => {
    const { child, lines } = await startWriter();
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(acknowledgements), {
      timeout: 20_000,
      interval: 5,
    });
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    return lines.slice(1).map((line) => line.split(' ') as [string, string, string]);
  };

  it('has everything that it acknowledged after kill -9, whole transactions only, and goes on behind it', async () => {
    let highest = 0;
    let clusterId: string | undefined;
    for (const many of [50, 400, 1_000]) {
      const acknowledged = await killAfter(many);
      const store = await openEmbeddedStore({ directory });
      const page = await store.range({ prefix: '/' });
      const byKey = new Map(page.kvs.map((kv) => [kv.key, kv]));
      for (const [key, at, value] of acknowledged) {
        expect([key, byKey.get(key)]).toMatchObject([key, { value, modRevision: Number(at) }]);
        highest = Math.max(highest, Number(at));
      }
      for (const name of ['a', 'b', 'c', 'd']) {
        const last = Number(byKey.get(`/pair/${name}`)?.value);
        expect(byKey.get(`/w/${name}/${last}`)?.modRevision).toBe(byKey.get(`/pair/${name}`)?.modRevision);
      }
      expect(page.revision).toBeGreaterThanOrEqual(highest);
      expect(page.clusterId).toBe((clusterId ??= page.clusterId));
      const next = await store.transact({ guards: [], puts: [{ key: '/next', value: '' }], deletes: [] });
      expect(next.revision).toBe(page.revision + 1);
      highest = next.revision;
      await store.close();
    }
  }, 90_000);

  it('ends the leases that the dead process kept, and lets the others run on', async () => {
    await killAfter(10);
    const store = await openEmbeddedStore({ directory });
    expect((await store.range({ key: '/node' })).kvs).toEqual([]);
    expect((await store.range({ key: '/request' })).kvs.length).toBe(1);
    await store.close();
    const later = { now: () => Date.now() + 61_000, monotonic: () => performance.now() };
    const next = await openEmbeddedStore({ directory, clock: later });
    await vi.waitFor(async () => expect((await next.range({ key: '/request' })).kvs).toEqual([]));
    await next.close();
  }, 60_000);

  it('refuses a second process while the first lives, naming directory and process', async () => {
    const { child } = await startWriter();
    const second = openEmbeddedStore({ directory });
    await expect(second).rejects.toBeInstanceOf(EmbeddedStoreBusyError);
    await expect(second).rejects.toThrow(`${directory} is in use by process ${child.pid}`);
    // A stopped process still owns its directory, and most likely holds the write lock of the database.
    for (let i = 0; i < 20; i++) {
      child.kill('SIGSTOP');
      await expect(openEmbeddedStore({ directory })).rejects.toBeInstanceOf(EmbeddedStoreBusyError);
      child.kill('SIGCONT');
      await sleep(10);
    }
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    await (await openEmbeddedStore({ directory })).close();
  }, 60_000);

  it('refuses a second opening in one process, until the first is closed', async () => {
    const first = await openEmbeddedStore({ directory });
    await expect(openEmbeddedStore({ directory })).rejects.toBeInstanceOf(EmbeddedStoreBusyError);
    await first.transact({ guards: [], puts: [{ key: '/a', value: '1' }], deletes: [] });
    await first.close();
    const second = await openEmbeddedStore({ directory });
    expect((await second.range({ prefix: '/' })).kvs).toMatchObject([{ key: '/a', value: '1' }]);
    await second.close();
  });

  it('never writes again once another process has taken the directory over', async () => {
    const store = await openEmbeddedStore({ directory });
    const env = open({ path: join(directory, 'lockstep.lmdb'), noSubdir: true, maxDbs: 8, encoding: 'json' });
    const meta = env.openDB({ name: 'meta', encoding: 'json', useVersions: true });
    await meta.put('owner', thisProcess(0), 12_345);
    const late = store.transact({ guards: [], puts: [{ key: '/a', value: '1' }], deletes: [] });
    await expect(late).rejects.toThrow(StoreUnavailableError);
    await expect(late).rejects.toThrow(`another process has taken over ${directory}`);
    expect(store.endpoints()).toMatchObject([{ healthy: false }]);
    await store.close();
    const next = await openEmbeddedStore({ directory }).catch((error: Error) => error);
    expect(next).toBeInstanceOf(EmbeddedStoreBusyError); // the new owner keeps its claim
  });

  it('finishes what was submitted before it closes', async () => {
    const store = await openEmbeddedStore({ directory });
    const writes = Array.from({ length: 500 }, (_, i) =>
      store.transact({ guards: [], puts: [{ key: `/${i}`, value: '' }], deletes: [] }),
    );
    await sleep(0);
    await store.close();
    const acknowledged = await Promise.all(writes);
    expect(acknowledged.every(({ committed }) => committed)).toBe(true);
    await expect(store.range({ prefix: '/' })).rejects.toBeInstanceOf(StoreUnavailableError);
    const next = await openEmbeddedStore({ directory });
    expect((await next.range({ prefix: '/' })).kvs.length).toBe(500);
    await next.close();
  });

  it('keeps its directory and files to its user', async () => {
    const store = await openEmbeddedStore({ directory });
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(directory)).toBe(0o700);
    for (const file of readdirSync(directory))
      expect([file, mode(join(directory, file))]).toEqual([file, 0o600]);
    expect(readdirSync(directory).length).toBe(3);
    await store.close();
  });

  it('starts its history anew after a restart: older watches and reads are compacted', async () => {
    const first = await openEmbeddedStore({ directory });
    const old = await first.transact({ guards: [], puts: [{ key: '/a', value: '1' }], deletes: [] });
    const last = await first.transact({ guards: [], puts: [{ key: '/a', value: '2' }], deletes: [] });
    await first.close();
    const store = await openEmbeddedStore({ directory });
    expect(await recordWatch(store, '/', old).ended()).toEqual({ reason: 'compacted' });
    const { revision } = old;
    await expect(store.range({ key: '/a' }, { revision })).rejects.toBeInstanceOf(CompactedError);
    const live = recordWatch(store, '/', last);
    await live.opened();
    await store.transact({ guards: [{ key: '/b', modRevision: NO_REVISION }], puts: [], deletes: ['/a'] });
    await live.hasSteps(1);
    await store.close();
  });

  it('forgets the oldest history when it exceeds its bounds', async () => {
    const store = await openEmbeddedStore({ history: { commits: 100, bytes: 1_000_000 } });
    const start = await store.range({ prefix: '/' });
    const put = (value: string) => store.transact({ guards: [], puts: [{ key: '/a', value }], deletes: [] });
    let last = await put('0');
    for (let i = 0; i < 300; i++) last = await put(`${i}`);
    expect(await recordWatch(store, '/', start).ended()).toEqual({ reason: 'compacted' });
    const recent = { ...last, revision: (last.revision - 90) as typeof last.revision };
    await recordWatch(store, '/', recent).hasSteps(90);
    for (let i = 0; i < 4; i++) await put('x'.repeat(400_000));
    expect(await recordWatch(store, '/', recent).ended()).toEqual({ reason: 'compacted' });
    expect((await store.range({ key: '/a' })).kvs[0]?.value.length).toBe(400_000);
    await store.close();
  });
});
