import type { GateOptions } from '../api/gate.ts';
import { ALGORITHMS, type IssuerOptions } from '../api/issuer.ts';
import { ROLES, type Role } from '../contract/principal.ts';
import { parseUrl } from '../shared/url.ts';
import { SettingError, type Values } from './settings.ts';
import { isLoopback, oneOf, secretFile, text, wholeNumber } from './values.ts';

const words = (value: string): string[] =>
  value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

const algorithms = (value: string): string[] => words(value).map(oneOf(...ALGORITHMS));

/** Keys come over TLS, or they are anybody's. */
const keySetUrl = (value: string): string => {
  const url = parseUrl(value);
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !safe) throw new Error(`${value} is not an https:// URL`);
  return url.href;
};

const roleMap = (value: string): ReadonlyMap<string, Role> =>
  new Map(
    words(value).map((pair) => {
      const equals = pair.lastIndexOf('=');
      if (equals < 1) throw new Error(`${pair} is not WORD=ROLE`);
      return [pair.slice(0, equals), oneOf(...ROLES)(pair.slice(equals + 1))];
    }),
  );

/** Who may call a node. */
export const accessSettings = {
  auth: {
    value: 'MODE',
    help: 'on: a token is needed. off: development on a loopback address, everybody is the administrator',
    default: 'on',
    parse: oneOf('on', 'off'),
  },
  'root-token': {
    value: 'TOKEN',
    help: 'an operator’s token (as LOCKSTEP_ROOT_TOKEN, not in the process list)',
    parse: text,
  },
  'root-token-file': {
    value: 'FILE',
    help: 'file that holds an operator’s token',
    secret: true,
    parse: secretFile,
  },
  'oidc-issuer': { value: 'URL', help: 'accept JWTs whose iss is this', parse: text },
  'oidc-audience': { value: 'NAME[,NAME]', help: 'and whose aud has one of these', parse: words },
  'oidc-jwks-url': { value: 'URL', help: 'where the issuer publishes its keys', parse: keySetUrl },
  'oidc-algorithms': {
    value: 'ALG[,ALG]',
    help: 'signatures that are accepted; never none or HS*',
    default: 'RS256,PS256,ES256,EdDSA',
    parse: algorithms,
  },
  'oidc-clock-tolerance': {
    value: 'SECONDS',
    help: 'how far the issuer’s clock may be from ours',
    default: '30',
    parse: wholeNumber(0, 600),
  },
  'oidc-role-claim': {
    value: 'CLAIM',
    help: 'claim with the role; a JSON pointer such as /realm_access/roles reaches deeper',
    default: 'lockstep_role',
    parse: text,
  },
  'oidc-roles': {
    value: 'WORD=ROLE,…',
    help: 'what the words of that claim mean; other words mean nothing',
    default: ROLES.map((role) => `${role}=${role}`).join(','),
    parse: roleMap,
  },
  'oidc-tenants-claim': {
    value: 'CLAIM',
    help: 'claim with the tenants of an editor or viewer',
    default: 'lockstep_tenants',
    parse: text,
  },
  'oidc-actor-claim': {
    value: 'CLAIM',
    help: 'claim that names the caller in history',
    default: 'sub',
    parse: text,
  },
  docs: {
    value: 'WHO',
    help: 'who reads /docs and /openapi.json: public, or token (any valid one)',
    default: 'public',
    parse: oneOf('public', 'token'),
  },
  metrics: {
    value: 'WHO',
    help: 'who reads /metrics: operator, or public',
    default: 'operator',
    parse: oneOf('operator', 'public'),
  },
} as const;

type AccessValues = Values<typeof accessSettings>;

const TOKEN_MIN = 16;

/** @throws SettingError */
export const gateOf = (values: AccessValues & { readonly host: string }): GateOptions => {
  if (values.auth === 'off') {
    if (!isLoopback(values.host)) {
      throw new SettingError(`--auth off is for loopback only; ${values.host} can be reached by others`);
    }
    return { mode: 'off' };
  }
  const rootToken = values['root-token-file'] ?? values['root-token'];
  if (rootToken !== undefined && rootToken.length < TOKEN_MIN) {
    throw new SettingError(`the root token needs at least ${TOKEN_MIN} characters`);
  }
  const { docs, metrics } = values;
  return { mode: 'on', rootToken, issuer: issuerOf(values), docs, metrics };
};

const issuerOf = (values: AccessValues): IssuerOptions | undefined => {
  const issuer = values['oidc-issuer'];
  const audience = values['oidc-audience'];
  const jwksUrl = values['oidc-jwks-url'];
  if (issuer === undefined && audience === undefined && jwksUrl === undefined) return undefined;
  if (!issuer || !audience?.length || jwksUrl === undefined) {
    throw new SettingError('--oidc-issuer, --oidc-audience and --oidc-jwks-url are needed together');
  }
  return {
    issuer,
    audience,
    jwksUrl,
    algorithms: values['oidc-algorithms'],
    clockTolerance_s: values['oidc-clock-tolerance'],
    claims: {
      role: values['oidc-role-claim'],
      roles: values['oidc-roles'],
      tenants: values['oidc-tenants-claim'],
      actor: values['oidc-actor-claim'],
    },
  };
};
