import { Keyspace } from '../store/keys.ts';
import { SettingError } from './settings.ts';
import { file, httpUrls, prefix, secretFile, text } from './values.ts';

/** The settings of every command that works on etcd. */
export const storeSettings = {
  etcd: { value: 'URL[,URL]', help: 'etcd endpoints', default: 'http://127.0.0.1:2379', parse: httpUrls },
  prefix: { value: 'PREFIX', help: 'where the source records are', default: '/cdn-defense', parse: prefix },
  'apisix-prefix': { value: 'PREFIX', help: 'where APISIX reads', default: '/apisix', parse: prefix },
  'etcd-ca': { value: 'FILE', help: 'CA that signed etcd’s certificates (PEM)', parse: file },
  'etcd-cert': { value: 'FILE', help: 'client certificate for etcd (PEM)', parse: file },
  'etcd-key': { value: 'FILE', help: 'key of the client certificate (PEM)', secret: true, parse: file },
  'etcd-user': { value: 'NAME[:PASSWORD]', help: 'etcd user; better with --etcd-password-file', parse: text },
  'etcd-password-file': {
    value: 'FILE',
    help: 'file that holds the etcd user’s password',
    secret: true,
    parse: secretFile,
  },
} as const;

export interface StoreValues {
  readonly etcd: readonly string[];
  readonly prefix: string;
  readonly 'apisix-prefix': string;
  readonly 'etcd-ca': Buffer | undefined;
  readonly 'etcd-cert': Buffer | undefined;
  readonly 'etcd-key': Buffer | undefined;
  readonly 'etcd-user': string | undefined;
  readonly 'etcd-password-file': string | undefined;
}

/** @throws SettingError */
export const keyspaceOf = (values: StoreValues): Keyspace => {
  const { prefix: source, 'apisix-prefix': projection } = values;
  if (`${source}/`.startsWith(`${projection}/`) || `${projection}/`.startsWith(`${source}/`)) {
    throw new SettingError('--prefix and --apisix-prefix must not contain one another');
  }
  return new Keyspace(source, projection);
};

/** @throws SettingError for half a pair */
export const etcdCredentials = (
  values: StoreValues,
): { tls?: { ca?: Buffer; cert?: Buffer; key?: Buffer }; auth?: { user: string; password: string } } => {
  const { 'etcd-ca': ca, 'etcd-cert': cert, 'etcd-key': key } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new SettingError('--etcd-cert and --etcd-key are needed together');
  }
  const secure = values.etcd[0]?.startsWith('https:') ?? false;
  if (!secure && (ca ?? cert)) throw new SettingError('--etcd-ca and --etcd-cert need https:// endpoints');
  return {
    ...(secure ? { tls: { ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) } } : {}),
    ...etcdUser(values),
  };
};

const etcdUser = (values: StoreValues): { auth?: { user: string; password: string } } => {
  const given = values['etcd-user'];
  if (given === undefined) {
    if (values['etcd-password-file'] !== undefined) {
      throw new SettingError('--etcd-password-file needs --etcd-user');
    }
    return {};
  }
  const colon = given.indexOf(':');
  const user = colon === -1 ? given : given.slice(0, colon);
  const password = values['etcd-password-file'] ?? (colon === -1 ? undefined : given.slice(colon + 1));
  if (user === '' || password === undefined || password === '') {
    throw new SettingError('--etcd-user needs a name and a password (NAME:PASSWORD or --etcd-password-file)');
  }
  return { auth: { user, password } };
};
