import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessSettings } from './access-settings.ts';
import { controlSettings } from './control-settings.ts';
import { listenerSettings } from './listener-settings.ts';
import { redisSettings } from './redis-settings.ts';
import { warnOfExposed } from './secret-files.ts';
import { sslKeyringSetting } from './ssl-keyring-setting.ts';
import { storeSettings } from './store-settings.ts';

const settings = {
  ...accessSettings,
  ...controlSettings,
  ...listenerSettings,
  ...redisSettings,
  ...sslKeyringSetting,
  ...storeSettings,
};

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'secret-files-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const file = (mode: number): string => {
  const path = join(directory, mode.toString(8));
  writeFileSync(path, 'secret');
  chmodSync(path, mode);
  return path;
};

const warnedOf = (argv: readonly string[], env: Record<string, string> = {}): unknown[] => {
  const said: unknown[] = [];
  warnOfExposed(settings, argv, env, { warn: (about: object) => said.push(about) });
  return said;
};

test('a secret that every user of the machine can read is named at the start', () => {
  const path = file(0o644);
  expect(warnedOf(['--root-token-file', path])).toEqual([{ setting: 'root-token-file', file: path }]);
  expect(warnedOf([], { LOCKSTEP_ROOT_TOKEN_FILE: path })).toHaveLength(1);
});

test('one that only its owner and group can read is not, nor one that is not there, nor what is no secret', () => {
  for (const mode of [0o600, 0o640, 0o400]) expect(warnedOf(['--root-token-file', file(mode)])).toEqual([]);
  expect(warnedOf(['--root-token-file', join(directory, 'none')])).toEqual([]);
  expect(warnedOf(['--etcd-ca', file(0o644)])).toEqual([]);
  expect(warnedOf([])).toEqual([]);
});

test('every setting whose file holds a secret is looked at', () => {
  const path = file(0o644);
  const secret = /(?:key|keyring|token|password)-file$|^etcd-key$/;
  const flags = Object.keys(settings).filter((flag) => secret.test(flag));
  expect(flags.length).toBeGreaterThanOrEqual(7);
  const warned = warnedOf(flags.flatMap((flag) => [`--${flag}`, path])) as { setting: string }[];
  expect(warned.map(({ setting }) => setting).sort()).toEqual(flags.sort());
});
