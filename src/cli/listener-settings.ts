import { checkMaterial } from '../api/listener.ts';
import type { ServerOptions } from '../api/server.ts';
import { CONNECTIONS_MAX } from '../api/connections.ts';
import type { TlsPaths } from '../compose/tls-files.ts';
import { SettingError } from './settings.ts';
import { cidrs, file, httpUrl, wholeNumber } from './values.ts';

/** A file that is read again and again; its path is what is kept. */
const readable = (path: string): string => {
  file(path);
  return path;
};

/** How a node meets those who ask. */
export const listenerSettings = {
  'tls-cert-file': {
    value: 'FILE',
    help: 'serve HTTPS with this certificate chain (PEM); new contents are used without a restart',
    parse: readable,
  },
  'tls-key-file': { value: 'FILE', help: 'the key of the certificate (PEM)', secret: true, parse: readable },
  'tls-client-ca-file': {
    value: 'FILE',
    help: 'answer only clients that show a certificate of this CA (PEM), beside their token',
    parse: readable,
  },
  'cors-origin': {
    value: 'ORIGIN[,ORIGIN]',
    help: 'sites whose pages may use the API from a browser, such as https://console.example.com; default none',
    parse: (value: string): string[] => value.split(',').map((origin) => httpUrl(origin.trim())),
  },
  'trusted-proxies': {
    value: 'CIDR[,CIDR]',
    help: 'proxies that are believed when they say in X-Forwarded-For who asks',
    parse: cidrs,
  },
  'max-connections': {
    value: 'NUMBER',
    help: 'open at once; beyond it idle and slow ones are closed',
    default: String(CONNECTIONS_MAX),
    parse: wholeNumber(10, 1_000_000),
  },
} as const;

export interface ListenerValues {
  readonly 'tls-cert-file': string | undefined;
  readonly 'tls-key-file': string | undefined;
  readonly 'tls-client-ca-file': string | undefined;
  readonly 'cors-origin': readonly string[] | undefined;
  readonly 'trusted-proxies': readonly string[] | undefined;
  readonly 'max-connections': number;
}

/** @throws SettingError for half a pair, or one that can't be used */
export const tlsPaths = (values: ListenerValues): TlsPaths | undefined => {
  const { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-client-ca-file': clientCa } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new SettingError('--tls-cert-file and --tls-key-file are needed together');
  }
  if (cert === undefined || key === undefined) {
    if (clientCa !== undefined) throw new SettingError('--tls-client-ca-file needs --tls-cert-file');
    return undefined;
  }
  const material = {
    cert: file(cert),
    key: file(key),
    clientCa: clientCa === undefined ? undefined : file(clientCa),
  };
  try {
    checkMaterial(material);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new SettingError(`--tls-cert-file and --tls-key-file can not be used: ${reason}`);
  }
  return { cert, key, clientCa };
};

export const listenerOptions = (values: ListenerValues): ServerOptions => ({
  corsOrigins: values['cors-origin'] ?? [],
  trustedProxies: values['trusted-proxies'],
  connectionsMax: values['max-connections'],
});
