import { Client } from '../client/client.ts';
import { controlFetch } from '../shared/control-fetch.ts';
import { controlSettings, controlTrust } from './control-settings.ts';
import type { Values } from './settings.ts';
import { httpUrl, secretFile, text } from './values.ts';

/** The settings of every command that asks a node. */
export const clientSettings = {
  url: {
    value: 'URL',
    help: 'the node to ask',
    default: 'http://127.0.0.1:5001',
    parse: httpUrl,
  },
  token: {
    value: 'TOKEN',
    help: 'API token (better in LOCKSTEP_TOKEN than in the process list)',
    parse: text,
  },
  'token-file': { value: 'FILE', help: 'file that holds the API token', parse: secretFile },
  ...controlSettings,
} as const;

/** The client that the settings describe. @throws SettingError */
export const clientOf = (values: Values<typeof clientSettings>, timeout_ms?: number): Client =>
  new Client({
    url: values.url,
    token: values['token-file'] ?? values.token,
    fetch: controlFetch(controlTrust(values, [values.url])),
    ...(timeout_ms === undefined ? {} : { timeout_ms }),
  });
