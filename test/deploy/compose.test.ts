/** Every path, flag, variable and key of the deployment's files exists. No container engine is needed for that. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../src/cli/serve.ts';
import { variableOf } from '../../src/cli/settings.ts';
import { token } from '../../src/cli/token.ts';
import { COMPOSE, apisixConfig, deployment, fileOf, makeSecrets, mountsOf } from './deployment.ts';

const root = resolve(COMPOSE, '../..');
const all = deployment();
const services = Object.entries(all.services);

let secrets: string;
let others: string;

beforeAll(() => {
  secrets = mkdtempSync(join(tmpdir(), 'lockstep-secrets-'));
  others = mkdtempSync(join(tmpdir(), 'lockstep-secrets-'));
  makeSecrets(secrets);
  makeSecrets(others);
}, 60_000);

afterAll(() => {
  for (const directory of [secrets, others]) rmSync(directory, { recursive: true });
});

const variables = (help: string): string[] =>
  [...help.matchAll(/^ +--([a-z-]+) /gm)].map((match) => variableOf(match[1] ?? ''));

/** A file in the checkout, or one that secrets.sh makes. */
const exists = (path: string): boolean => {
  const secret = /^\.\/secrets\/(.+)$/.exec(path)?.[1];
  return secret === undefined ? existsSync(resolve(COMPOSE, path)) : existsSync(join(secrets, secret));
};

describe('every service', () => {
  test.each(services)('%s: its mounts, networks, volumes and what it waits for exist', (_, service) => {
    for (const { source } of mountsOf(service)) {
      if (source.startsWith('.')) expect(exists(source), source).toBe(true);
      else expect(Object.keys(all.volumes)).toContain(source);
    }
    if (service.env_file !== undefined) expect(exists(service.env_file)).toBe(true);
    for (const network of service.networks ?? []) expect(Object.keys(all.networks)).toContain(network);
    const { depends_on = [] } = service;
    const awaited = Array.isArray(depends_on) ? (depends_on as string[]) : Object.keys(depends_on);
    for (const name of awaited) expect(Object.keys(all.services)).toContain(name);
  });

  test.each(services)('%s: each file it is told of is mounted into it', (_, service) => {
    const { command = [], entrypoint = [], environment = {} } = service;
    const said = [...command, ...entrypoint, ...Object.values(environment)].join(' ');
    const told = [...said.matchAll(/\/(?:secrets|tokens)\/[\w.-]+/g)].map(([path]) => path);
    const targets = mountsOf(service).map(({ target }) => target);
    for (const path of told) {
      expect(
        targets.some((target) => path === target || path.startsWith(`${target}/`)),
        path,
      ).toBe(true);
    }
  });

  test('publishes ports of its own', () => {
    const published = services.flatMap(([, { ports = [] }]) =>
      ports.map((port) => port.split(':').slice(-2)[0]),
    );
    expect(new Set(published).size).toBe(published.length);
    expect(published).toHaveLength(9);
  });

  test('sets only variables that its command reads', () => {
    const known = { 'gateway-token': variables(token.help) };
    for (const [name, { environment = {}, image }] of services) {
      if (image !== 'lockstep:local') continue;
      const read = known[name as keyof typeof known] ?? variables(serve.help);
      for (const variable of Object.keys(environment))
        expect(read, `${name} ${variable}`).toContain(variable);
    }
  });
});

describe('the images', () => {
  test('are built from what is in the checkout and let through to the builder', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8');
    const dockerfile = fileOf('Dockerfile');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(ignored.split('\n'), path).toContain(`!${path}`);
    }
    const targets = services.flatMap(([, { build }]) => (build ? [build.target] : []));
    for (const target of targets) expect(dockerfile).toMatch(new RegExp(`^FROM .* AS ${target}$`, 'm'));
  });
});

describe('the secrets', () => {
  const random = ['master.key', 'root-token', 'redis-password', 'apisix-keyring'].concat(
    ['root', 'lockstep', 'apisix'].map((user) => `etcd-${user}-password`),
  );

  test('are made anew for each deployment, long, and kept when made again', () => {
    for (const name of random) {
      const read = (directory: string) => readFileSync(join(directory, name), 'utf8').trim();
      expect(read(secrets).length, name).toBeGreaterThanOrEqual(16);
      expect(read(secrets), name).not.toBe(read(others));
    }
    const before = readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'utf8'));
    makeSecrets(secrets);
    expect(readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'utf8'))).toEqual(before);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
  });

  test('stand in no file of the repository', () => {
    expect(readFileSync(join(root, '.gitignore'), 'utf8').split('\n')).toContain('deploy/compose/secrets/');
    expect(fileOf('compose.yaml')).not.toMatch(/password: |PASSWORD: (?!\/secrets)/i);
  });
});

describe('what APISIX is told', () => {
  const text = fileOf('apisix/config.yaml');
  const lua = (path: string) => readFileSync(join(root, 'apisix', path), 'utf8');
  const config = apisixConfig();
  const attr = config['plugin_attr'] as Record<string, Record<string, unknown>>;

  test('takes from the environment what is there', () => {
    const { environment = {} } = all.services['apisix-1'] ?? {};
    const given = [...readFileSync(join(secrets, 'apisix.env'), 'utf8').matchAll(/^(\w+)=/gm)].map(
      (match) => match[1],
    );
    for (const [, name] of text.matchAll(/\$\{\{(\w+)\}\}/g)) {
      expect([...given, ...Object.keys(environment)]).toContain(name);
    }
  });

  test('sets only what the plugin and the agent take', () => {
    const known = { cdn_defense: lua('plugins/cdn_defense.lua'), lockstep: lua('lockstep/settings.lua') };
    for (const [name, source] of Object.entries(known)) {
      const { redis = {}, ...rest } = attr[name] ?? {};
      for (const field of [...Object.keys(rest), ...Object.keys(redis as object)]) {
        expect(source, field).toMatch(new RegExp(`^ +${field} = \\{`, 'm'));
      }
    }
    const dicts = config['nginx_config'] as { http: { custom_lua_shared_dict: object } };
    expect(Object.keys(dicts.http.custom_lua_shared_dict).sort()).toEqual(['cdn_defense', 'lockstep']);
  });

  test('finds the plugin and the hook where they are mounted', () => {
    const mount = mountsOf(all.services['apisix-1'] ?? {}).find(({ source }) => source === '../../apisix');
    const { extra_lua_path, lua_module_hook } = config['apisix'] as Record<string, string>;
    expect(`${extra_lua_path?.replace('/?.lua', '')}/apisix`).toBe(mount?.target);
    expect(existsSync(join(root, `${lua_module_hook?.replaceAll('.', '/')}.lua`))).toBe(true);
    expect(existsSync(join(root, 'apisix/plugins/cdn_defense.lua'))).toBe(true);
    expect(config['plugins']).toContain('cdn_defense');
  });
});
