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
} as const;
