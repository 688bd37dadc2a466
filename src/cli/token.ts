import { randomUUID } from 'node:crypto';
import { type TokenRoom, createToken, readTokens, revokeToken } from '../change/tokens/token.ts';
import { Refusal } from '../contract/errors.ts';
import { ROLES } from '../contract/principal.ts';
import { TokenId, type TokenRecord, TokenSpec } from '../contract/token.ts';
import { compile, refusalOf } from '../contract/validator.ts';
import { isExpired } from '../domain/token.ts';
import { systemClock } from '../shared/clock.ts';
import { openEtcdStore } from '../store/etcd/etcd-store.ts';
import type { Command } from './command.ts';
import { createLog } from './log.ts';
import { SettingError, type Settings, type Values, helpOf, readSettings } from './settings.ts';
import { etcdCredentials, keyspaceOf, storeSettings } from './store-settings.ts';
import { oneOf, text } from './values.ts';

const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS };

const duration = (value: string): number => {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(value) ?? [];
  const ms = Number(count) * (UNITS_MS[unit ?? ''] ?? NaN);
  if (!(ms > 0)) throw new Error(`${value} is not a time such as 90d, 12h or 30m`);
  return ms;
};

const createSettings = {
  role: { value: 'ROLE', help: `one of ${ROLES.join(', ')}`, parse: oneOf(...ROLES) },
  tenants: {
    value: 'ID[,ID]',
    help: 'whom an editor or viewer may speak for',
    parse: (value: string) => value.split(','),
  },
  description: { value: 'TEXT', help: 'who or what uses it', parse: text },
  'expires-in': {
    value: 'TIME',
    help: 'such as 90d, 12h, 30m; default: until it is revoked',
    parse: duration,
  },
  ...storeSettings,
} as const;

const specOf = (values: Values<typeof createSettings>): TokenSpec => {
  const { role, tenants, description } = values;
  if (!role || description === undefined) throw new SettingError('--role and --description are needed');
  const lifetime_ms = values['expires-in'];
  const expires_at = lifetime_ms && new Date(systemClock.now() + lifetime_ms).toISOString();
  const spec = { role, description, ...(tenants && { tenants }), ...(expires_at && { expires_at }) };
  const validate = compile(TokenSpec);
  if (!validate(spec)) throw refusalOf(validate.errors ?? [], 'body');
  return spec;
};

/** Works on etcd itself, so it needs no running node, and whoever may write there needs no token. */
const withStore = async <S extends Settings & typeof storeSettings>(
  settings: S,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  work: (room: TokenRoom, values: Values<S>) => Promise<string>,
): Promise<number> => {
  const values = readSettings(settings, argv, env);
  const connection = values as Values<typeof storeSettings>;
  const log = createLog('error', {});
  const store = openEtcdStore({ endpoints: connection.etcd, ...etcdCredentials(connection), log });
  try {
    const room = { store, keys: keyspaceOf(connection), clock: systemClock, random: Math.random };
    process.stdout.write(`${await work(room, values)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof Refusal) throw new SettingError(error.message);
    throw error;
  } finally {
    await store.close();
  }
};

const author = () => ({ actor: 'cli', origin: { role: 'operator' }, request_id: randomUUID() });

const row = ({ id, role, tenants, description, expires_at, ...rest }: TokenRecord): string =>
  [
    id,
    role.padEnd(8),
    tenants.join(',') || '-',
    expires_at
      ? isExpired({ expires_at }, systemClock.now())
        ? 'expired'
        : `until ${expires_at}`
      : 'no end',
    `by ${rest.created_by} at ${rest.created_at}`,
    description,
  ].join('  ');

const ACTIONS: Readonly<Record<string, Command['run']>> = {
  create: (argv, env) =>
    withStore(createSettings, argv, env, async (room, values) => {
      const { text: token, record } = await createToken(room, author(), specOf(values));
      process.stderr.write(`token ${record.id} (${record.role}); it is shown once, here:\n`);
      return token;
    }),
  list: (argv, env) =>
    withStore(storeSettings, argv, env, async (room) => {
      const tokens = await readTokens(room);
      return tokens.length === 0 ? 'no tokens' : tokens.map(row).join('\n');
    }),
  revoke: ([id = '', ...argv], env) => {
    if (!compile(TokenId)(id)) throw new SettingError('name the token: lockstep token revoke ID [flags]');
    return withStore(storeSettings, argv, env, async (room) => {
      const revision = await revokeToken(room, author(), id);
      return `token ${id} is revoked (revision ${revision})`;
    });
  },
};

export const token: Command = {
  help: [
    'lockstep token create --role ROLE --description TEXT [flags]',
    'lockstep token list [flags]',
    'lockstep token revoke ID [flags]',
    '',
    'Works on etcd directly, without a running node: whoever may write there may do this.',
    'create prints the token on standard output, once.',
    '',
    helpOf(createSettings),
  ].join('\n'),
  run: ([action = '', ...argv], env) => {
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!run) throw new SettingError('use lockstep token create, list or revoke; see lockstep token --help');
    return run(argv, env);
  },
};
