import { parseSslKeyring } from '../shared/ssl-keyring.ts';
import { secretFile } from './values.ts';

/** The setting of every command that reads or writes what APISIX reads of certificates. */
export const sslKeyringSetting = {
  'apisix-ssl-keyring-file': {
    value: 'FILE',
    help: 'APISIX’s data_encryption.keyring, 16 characters a line: private keys under the APISIX prefix are encrypted with the first; absent: in the clear',
    secret: true,
    parse: (path: string) => parseSslKeyring(secretFile(path)),
  },
} as const;
