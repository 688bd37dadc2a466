import { copyFile, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestCertificate, makeCertificate } from '../../test/support/certificates.ts';
import { until } from '../../test/support/until.ts';
import type { TlsMaterial } from '../api/listener.ts';
import { systemClock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { TlsFiles } from './tls-files.ts';

let directory: string;
let files: TlsFiles | undefined;
let renewed: TlsMaterial[];
let lines: string[];
const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`);
const log: Log = { debug: note, info: note, warn: note, error: note };

const at = (name: string) => join(directory, name);
const save = async ({ cert, key }: Pick<TestCertificate, 'cert' | 'key'>): Promise<void> => {
  await writeFile(at('key.pem'), key);
  await writeFile(at('cert.pem'), cert);
};

const open = async (): Promise<TlsFiles> => {
  const paths = { cert: at('cert.pem'), key: at('key.pem') };
  files = await TlsFiles.open({ paths, clock: systemClock, log, look_ms: 10 });
  files.watch((material) => void renewed.push(material));
  return files;
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-tls-'));
  renewed = [];
  lines = [];
});

afterEach(async () => {
  await files?.dispose();
  files = undefined;
  await rm(directory, { recursive: true });
});

describe('certificate files', () => {
  test('are handed on when they change, once', async () => {
    await save(await makeCertificate());
    const watched = await open();
    const next = await makeCertificate({ to_s: 1_000 });
    await save(next);
    await until('it is renewed', () => renewed.length > 0);
    expect(renewed.map(({ cert }) => cert.toString())).toEqual([next.cert]);
    expect(watched.material.key.toString()).toBe(next.key);
    expect(watched.status).toMatchObject({ reloads: 1, failing: false });
    expect(watched.status.not_after_ms).toBe(Date.parse(next.not_after));
    expect(lines.join('\n')).toContain('a new certificate is in use');
    expect(lines.join('\n')).not.toContain('PRIVATE KEY');
  });

  test('may be links that are switched, as mounted secrets are', async () => {
    for (const version of ['1', '2']) {
      await save(await makeCertificate());
      await copyFile(at('cert.pem'), at(`cert.${version}`));
      await copyFile(at('key.pem'), at(`key.${version}`));
    }
    const point = async (version: string) => {
      for (const name of ['cert', 'key']) {
        await symlink(at(`${name}.${version}`), at('link'));
        await rename(at('link'), at(`${name}.pem`));
      }
    };
    await point('1');
    await open();
    await point('2');
    await until('it is renewed', () => renewed.length > 0);
  });

  test.each([
    ['that are none', () => ({ cert: 'nonsense', key: 'nonsense' })],
    ['that are empty', () => ({ cert: '', key: '' })],
    ['that have expired', () => makeCertificate({ from_s: -2_000, to_s: -1_000 })],
    [
      'that do not belong together',
      async () => ({ ...(await makeCertificate()), key: (await makeCertificate()).key }),
    ],
  ])('%s leave the old ones in use, and are told about once and loudly', async (_, make) => {
    const good = await makeCertificate();
    await save(good);
    const watched = await open();
    await save(await make());
    await until('the failure shows', () => watched.status.failing);
    expect(renewed).toEqual([]);
    expect(watched.material.cert.toString()).toBe(good.cert);
    const loud = () => lines.filter((line) => line.includes('the old ones stay'));
    expect(loud()).toHaveLength(1);
    expect(loud()[0]).not.toContain('PRIVATE KEY');
    await save(await makeCertificate());
    await until('it is mended', () => renewed.length === 1 && !watched.status.failing);
    expect(loud()).toHaveLength(1);
  });

  test('that go away leave the old ones in use', async () => {
    await save(await makeCertificate());
    const watched = await open();
    await rm(at('cert.pem'));
    await until('the failure shows', () => watched.status.failing);
    expect(renewed).toEqual([]);
  });

  test('that can not be used stop the start', async () => {
    await save({ cert: 'nonsense', key: 'nonsense' });
    await expect(open()).rejects.toThrow();
    await rm(at('key.pem'));
    await expect(open()).rejects.toThrow('ENOENT');
  });

  test('that have expired do not stop the start, which says so', async () => {
    await save(await makeCertificate({ from_s: -2_000, to_s: -1_000 }));
    await open();
    expect(lines.join('\n')).toContain('has expired');
  });
});
