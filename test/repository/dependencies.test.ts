/** What is installed, and why. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Manifest;
const reasons = read('docs/decisions/0001-dependencies.md');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };

/** Whose scripts run when Lockstep is installed. None of them loads anything: they check for a prebuilt binary, or a version. */
const WITH_SCRIPTS = ['lmdb', 'msgpackr-extract', 'protobufjs'];

describe('every dependency', () => {
  test.each(Object.entries({ ...dependencies, ...devDependencies }))(
    '%s is pinned to one version and says why it is there',
    (name, version) => {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      const named = new RegExp(`(?<![\\w/@-])${name.replace(/[/.]/g, '\\$&')}(?![\\w/-])`);
      expect(reasons).toMatch(named);
    },
  );

  test('is locked to that version, and comes from the registry', () => {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
    const elsewhere = Object.entries(packages).filter(
      ([, { resolved = 'https://registry.npmjs.org/' }]) =>
        !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });

  test('that an installation brings runs no script but the known ones', () => {
    const found = Object.entries(packages)
      .filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(found.sort()).toEqual(WITH_SCRIPTS);
  });
});
