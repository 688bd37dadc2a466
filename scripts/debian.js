/**
 * Tools for tests from Debian's archive, unpacked under `.cache/debian` and never installed: no service is
 * registered, nothing outside the checkout is touched. Mirrors are the ones this machine already uses.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../.cache/debian/', import.meta.url));

/** Where each tool lives: its Debian package, its path inside that package, and the packages it can't run without. */
const TOOLS = {
  etcd: { package: 'etcd-server', path: 'usr/bin/etcd' },
  etcdctl: { package: 'etcd-client', path: 'usr/bin/etcdctl' },
  'redis-server': {
    package: 'redis-server',
    path: 'usr/bin/redis-server',
    needs: ['redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'],
  },
  'lua-nginx-redis': { package: 'lua-nginx-redis', path: 'usr/share/lua/5.1/nginx/redis.lua' },
};

/** A tool cannot be had here; the message says what to install. */
export class ToolMissingError extends Error {
  name = 'ToolMissingError';
}

const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    ...options,
  });

const onPath = (name) => {
  try {
    return run('sh', ['-c', 'command -v "$1"', 'sh', name]).trim() || undefined;
  } catch {
    return undefined;
  }
};

const reason = (error) =>
  String(error.stderr || error.message)
    .trim()
    .split('\n')
    .at(-1);

/** Downloads a package with the given apt options and unpacks it into `into`. */
const unpack = (name, into, aptOptions) => {
  const downloads = join(into, 'deb');
  mkdirSync(downloads, { recursive: true });
  run('apt-get', [...aptOptions, 'download', name], { cwd: downloads });
  const deb = readdirSync(downloads).find((file) => file.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get download left no package for ${name}`);
  run('dpkg', ['-x', join(downloads, deb), into]);
  rmSync(downloads, { recursive: true });
};

/** A command that runs an unpacked program with the libraries that were unpacked beside it; it keeps its process id. */
const withLibraries = (program, into) => {
  const libraries = ['usr/lib', 'lib'].flatMap((each) => [
    join(into, each),
    join(into, each, `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch]}-linux-gnu`),
  ]);
  const command = join(into, 'run');
  if (existsSync(command)) return command;
  writeFileSync(command, `#!/bin/sh\nLD_LIBRARY_PATH='${libraries.join(':')}' exec '${program}' "$@"\n`);
  chmodSync(command, 0o755);
  return command;
};

/**
 * The path of a tool: the installed one, or one unpacked from Debian's package.
 * @param {keyof typeof TOOLS} name
 * @throws {ToolMissingError}
 */
export const ensureDebianTool = (name) => {
  const installed = onPath(name);
  if (installed !== undefined) return installed;
  const tool = TOOLS[name];
  const into = join(CACHE, tool.package);
  const path = join(into, tool.path);
  const needs = tool.needs ?? [];
  const runnable = () => (needs.length === 0 ? path : withLibraries(path, into));
  if (existsSync(path)) return runnable();
  // The tool itself comes last: where it is, everything is.
  const packages = [...needs, tool.package];
  try {
    try {
      for (const each of packages) unpack(each, into, []);
    } catch {
      run('apt-get', ['update']); // package lists are often absent from images
      for (const each of packages) unpack(each, into, []);
    }
  } catch (error) {
    throw new ToolMissingError(
      `${name} is not installed and Debian's ${tool.package} could not be unpacked (${reason(error)}). ` +
        `Install ${name}, or point ${name.toUpperCase().replaceAll('-', '_')}_BIN at its binary.`,
    );
  }
  return runnable();
};

/** Programs that are plain commands, safe to install whole: none of them brings a service. */
const COMMANDS = { curl: 'curl', jq: 'jq', chromium: 'chromium', luajit: 'luajit2' };

/**
 * Installs what is missing of these commands.
 * @param {(keyof typeof COMMANDS)[]} names
 * @throws {ToolMissingError}
 */
export const ensureDebianCommands = (names) => {
  const missing = names.filter((name) => onPath(name) === undefined).map((name) => COMMANDS[name]);
  if (missing.length === 0) return;
  const install = () =>
    run('apt-get', ['install', '-y', '--no-install-recommends', ...missing], {
      timeout: 600_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    try {
      install();
    } catch {
      run('apt-get', ['update']);
      install();
    }
  } catch (error) {
    throw new ToolMissingError(`install ${missing.join(', ')} from Debian's packages (${reason(error)})`);
  }
};

/** The first http(s) Debian mirror among this machine's apt sources. */
const mirror = () => {
  const directory = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list'];
  if (existsSync(directory)) files.push(...readdirSync(directory).map((file) => join(directory, file)));
  for (const file of files.filter((each) => existsSync(each))) {
    const found = /^(?:deb\s.*?|URIs:\s*)(https?:\/\/\S+)/m.exec(readFileSync(file, 'utf8'));
    if (found && !found[1].includes('security')) return found[1];
  }
  return undefined;
};

/**
 * etcd 3.5 from Debian trixie, beside whatever etcd is installed.
 * @returns {{ path: string } | { missing: string }} the binary, or why there is none here
 */
export const ensureEtcd35 = () => {
  const into = join(CACHE, 'etcd-3.5');
  const path = join(into, TOOLS.etcd.path);
  if (existsSync(path)) return { path };
  const from = mirror();
  if (from === undefined) return { missing: 'this machine has no Debian mirror among its apt sources' };
  const apt = join(CACHE, 'apt-trixie');
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(apt, part), { recursive: true });
  const sources = join(apt, 'sources.list');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signed = existsSync(keyring) ? ` signed-by=${keyring}` : '';
  writeFileSync(sources, `deb [arch=amd64${signed}] ${from} trixie main\n`);
  const options = [
    ['Dir::Etc::sourcelist', sources],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::State::lists', join(apt, 'lists')],
    ['Dir::Cache', join(apt, 'cache')],
    ['APT::Architecture', 'amd64'],
    ['APT::Sandbox::User', ''],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  try {
    run('apt-get', [...options, 'update']);
    unpack(TOOLS.etcd.package, into, options);
  } catch (error) {
    return { missing: `the Debian mirror did not give etcd 3.5 (${reason(error)})` };
  }
  return existsSync(path) ? { path } : { missing: "trixie's etcd-server holds no etcd binary" };
};
