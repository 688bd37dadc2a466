import { lookup } from 'node:dns/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NameServer, type Saying } from '../../test/support/name-server.ts';
import { until } from '../../test/support/until.ts';
import { Names, type NamesOptions } from './names.ts';

const TENANT = 'acme';
const DEADLINE_MS = 700;

const SAYINGS: Readonly<Record<string, Saying>> = {
  'public.example': ['192.0.2.1', '192.0.2.2'],
  'private.example': ['10.0.0.5'],
  'failing.example': 'failing',
  'short.corp.example': ['10.0.0.7'],
  'dotted.name.corp.example': ['10.0.0.8'],
  'listed.example': ['192.0.2.9'],
};

let dir: string;
let server: NameServer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'names-'));
  writeFileSync(
    join(dir, 'hosts'),
    '# of tests\n127.0.0.1 localhost\n10.9.9.9\tListed.Example other # both\n::1 other\nnonsense line\n',
  );
  writeFileSync(join(dir, 'resolv'), 'search corp.example\noptions edns0 ndots:2\n');
  server = await NameServer.start(
    (name) => SAYINGS[name] ?? (name.endsWith('.silent.example') ? 'silent' : 'absent'),
  );
});

afterAll(() => {
  server.stop();
  rmSync(dir, { recursive: true });
});

let names: Names;
const make = (options: Partial<NamesOptions> = {}): Names =>
  new Names({
    servers: [server.address],
    hostsFile: join(dir, 'hosts'),
    resolvFile: join(dir, 'none'),
    deadline_ms: DEADLINE_MS,
    ...options,
  });

beforeEach(() => {
  names = make();
  server.asked.length = 0;
});

const silent = (count: number, of: string | number = ''): string[] =>
  Array.from({ length: count }, (_, i) => `n${i}-${of}.silent.example`);

const found = async (host: string, by = names): Promise<readonly string[] | undefined> =>
  (await by.resolve(TENANT, [host])).get(host);

describe('a name', () => {
  test('has all the addresses that DNS knows of it, none if it is not there', async () => {
    expect(await found('public.example')).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await found('nowhere.example')).toEqual([]);
    expect(await found(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`)).toEqual(
      [],
    );
  });

  test('of the hosts file has the addresses given there, and DNS is not asked', async () => {
    expect(await found('listed.example')).toEqual(['10.9.9.9']);
    expect(await found('other')).toEqual(['10.9.9.9', '::1']);
    expect(server.asked).toEqual([]);
  });

  test('with few dots is looked for in the search list first, as libc does', async () => {
    const searching = make({ resolvFile: join(dir, 'resolv') });
    expect(await found('short', searching)).toEqual(['10.0.0.7']);
    expect(await found('dotted.name', searching)).toEqual(['10.0.0.8']);
    expect(await found('public.example', searching)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await found('short')).toEqual([]);
  });

  test('of which a name server fails or says nothing is neither there nor not there', async () => {
    expect(await found('failing.example')).toBeUndefined();
    expect(await found('n.silent.example')).toBeUndefined();
  });

  test('is not there where nobody is to be asked', async () => {
    expect(await found('public.example', make({ servers: [] }))).toEqual([]);
    expect(await found('public.example', make({ servers: undefined }))).toEqual([]);
  });
});

describe('names that nobody answers for', () => {
  test('are looked up together, each once, and given up together', async () => {
    const began = performance.now();
    const asked = [...silent(32), ...silent(32), 'private.example'];
    expect(await names.resolve(TENANT, asked)).toEqual(new Map([['private.example', ['10.0.0.5']]]));
    expect(performance.now() - began).toBeLessThan(DEADLINE_MS * 2);
    expect(server.asked.filter((name) => name === 'private.example')).toHaveLength(2);
  });

  test('hold up no other name, no file and no look-up elsewhere', async () => {
    const slow = Promise.all([1, 2, 3].map((n) => names.resolve(`tenant-${n}`, silent(32, n))));
    let over = false;
    void slow.then(() => (over = true));
    expect(await found('private.example')).toEqual(['10.0.0.5']);
    await lookup('localhost');
    expect(over).toBe(false);
    await slow;
  });

  test('are looked up in bounds, of one tenant and of all, which are free again after that', async () => {
    const counts = () =>
      JSON.parse(JSON.stringify(names, (_, v: unknown) => (v instanceof Map ? v.size : v))) as Record<
        string,
        unknown
      >;
    const underWay = (total: number) => until(`${total} are under way`, () => counts()['total'] === total);
    // Long enough for a busy machine to begin all of them.
    names = make({ deadline_ms: 5_000 });
    const slow = names.resolve(TENANT, silent(128));
    await underWay(128);
    expect(await found('private.example')).toBeUndefined();
    expect((await names.resolve('other', ['private.example'])).size).toBe(1);
    const more = [1, 2, 3].map((n) => names.resolve(`tenant-${n}`, silent(128, n)));
    await underWay(512);
    expect((await names.resolve('other', ['private.example'])).size).toBe(0);
    await Promise.all([slow, ...more]);
    expect(await found('private.example')).toEqual(['10.0.0.5']);
    expect(counts()).toMatchObject({ underWay: 0, total: 0 });
  });
});
