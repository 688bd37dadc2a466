/** A real Apache APISIX, for whoever has one: a working directory of its own on the code of `APISIX_HOME`. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export interface ApisixSettings {
  readonly etcd: readonly string[];
  readonly plugins: readonly string[];
  readonly pluginAttr: object;
  readonly workers: number;
  readonly ports: readonly number[];
  /** A file of certificates in PEM. */
  readonly trusted: string;
  /** Environment variables that workers see. */
  readonly envs: readonly string[];
}

const configOf = (settings: ApisixSettings): object => {
  const [http, https, control] = settings.ports;
  return {
    apisix: {
      node_listen: [{ ip: '127.0.0.1', port: http }],
      ssl: {
        enable: true,
        listen: [{ ip: '127.0.0.1', port: https }],
        ssl_trusted_certificate: settings.trusted,
      },
      enable_admin: false,
      enable_control: true,
      control: { ip: '127.0.0.1', port: control },
      extra_lua_path: path.join(root, '?.lua'),
      lua_module_hook: 'apisix.lockstep.hook',
    },
    plugins: settings.plugins,
    stream_plugins: [],
    plugin_attr: settings.pluginAttr,
    deployment: {
      role: 'data_plane',
      role_data_plane: { config_provider: 'etcd' },
      etcd: { host: settings.etcd, prefix: '/apisix', timeout: 30 },
    },
    nginx_config: {
      worker_processes: settings.workers,
      worker_shutdown_timeout: '5s',
      user: 'root',
      envs: settings.envs,
      http: { custom_lua_shared_dict: { cdn_defense: '10m', lockstep: '2m' }, enable_access_log: false },
      // Says which worker gave an answer; no gateway in use would.
      http_server_configuration_snippet: 'add_header x-worker-pid $pid always;',
    },
  };
};

/**
 * @param home where APISIX is installed
 * @param work an empty directory
 * @returns the command that runs it in the foreground
 */
export const prepareApisix = (home: string, work: string, settings: ApisixSettings): string[] => {
  for (const name of ['apisix', 'deps']) symlinkSync(path.join(home, name), path.join(work, name));
  cpSync(path.join(home, 'conf'), path.join(work, 'conf'), { recursive: true });
  mkdirSync(path.join(work, 'logs'));
  // JSON is YAML.
  writeFileSync(path.join(work, 'conf/config.yaml'), JSON.stringify(configOf(settings)));
  const version = execFileSync('sh', ['-c', 'openresty -V 2>&1']).toString();
  const prefix = /--prefix=(\S+)\/nginx/.exec(version)?.[1] ?? '/usr/local/openresty';
  execFileSync(path.join(prefix, 'luajit/bin/luajit'), ['./apisix/cli/apisix.lua', 'init'], { cwd: work });
  const conf = path.join(work, 'conf/nginx.conf');
  return ['openresty', '-p', work, '-c', conf, '-g', 'daemon off;'];
};
