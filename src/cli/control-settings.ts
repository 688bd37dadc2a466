import type { ControlTrust } from '../shared/control-fetch.ts';
import { SettingError } from './settings.ts';
import { file } from './values.ts';

/** How a command trusts the nodes it speaks to, and what it shows them. */
export const controlSettings = {
  'control-ca-file': {
    value: 'FILE',
    help: 'CA that signed the nodes’ certificates (PEM); default: the system’s',
    parse: file,
  },
  'control-cert-file': {
    value: 'FILE',
    help: 'certificate to show nodes that ask for one (PEM)',
    parse: file,
  },
  'control-key-file': { value: 'FILE', help: 'the key of that certificate (PEM)', secret: true, parse: file },
} as const;

export interface ControlValues {
  readonly 'control-ca-file': Buffer | undefined;
  readonly 'control-cert-file': Buffer | undefined;
  readonly 'control-key-file': Buffer | undefined;
}

/** @param urls of the nodes @throws SettingError for half a pair, or files that plain HTTP has no use for */
export const controlTrust = (values: ControlValues, urls: readonly string[]): ControlTrust => {
  const { 'control-ca-file': ca, 'control-cert-file': cert, 'control-key-file': key } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new SettingError('--control-cert-file and --control-key-file are needed together');
  }
  if ((ca ?? cert) && !urls.some((url) => url.startsWith('https:'))) {
    throw new SettingError('--control-ca-file and --control-cert-file need https:// nodes');
  }
  return { ca, cert, key };
};
