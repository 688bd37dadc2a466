/**
 * Settings, declared once: from one table come the flag, the `LOCKSTEP_*` variable, the help line and the type.
 * A flag wins over its variable, the variable over the default.
 */
import { parseArgs } from 'node:util';

/** A setting that can't be used; the message is one line for the operator. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export interface Setting<T> {
  /** What stands for the value in the help, such as `URL[,URL]`. */
  readonly value: string;
  readonly help: string;
  /** Shown in the help, used when neither flag nor variable is given. */
  readonly default?: string;
  /** It names a file that nobody but this process and who runs it should read. */
  readonly secret?: boolean;
  /** @throws SettingError or any Error with a one-line message */
  readonly parse: (text: string) => T;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** A setting with a default always has a value; others may be absent. */
export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends { readonly default: string }
    ? ReturnType<S[K]['parse']>
    : ReturnType<S[K]['parse']> | undefined;
};

export const variableOf = (flag: string): string => `LOCKSTEP_${flag.replaceAll('-', '_').toUpperCase()}`;

export type Environment = Readonly<Record<string, string | undefined>>;

interface Given {
  /** Absent where neither flag nor variable nor default is there. */
  readonly text: string | undefined;
  readonly source: string;
}

/** What is given for each setting. @throws SettingError */
export const givenFor = (
  settings: Settings,
  argv: readonly string[],
  env: Environment,
): ReadonlyMap<string, Given> => {
  const options = Object.fromEntries(
    Object.keys(settings).map((flag) => [flag, { type: 'string' as const }]),
  );
  let flags: Record<string, string | boolean | undefined>;
  try {
    ({ values: flags } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new SettingError(
      error instanceof Error ? (error.message.split('. ')[0] ?? '') : 'unreadable arguments',
    );
  }
  const given = Object.entries(settings).map(([flag, setting]) => {
    const fromFlag = flags[flag];
    const fromEnv = env[variableOf(flag)];
    const text = typeof fromFlag === 'string' ? fromFlag : fromEnv === '' ? undefined : fromEnv;
    const source = typeof fromFlag === 'string' ? `--${flag}` : variableOf(flag);
    return [flag, { text: text ?? setting.default, source }] as const;
  });
  return new Map(given);
};

/** @throws SettingError naming the setting and what is wrong with it */
export const readSettings = <S extends Settings>(
  settings: S,
  argv: readonly string[],
  env: Environment,
): Values<S> => {
  const given = givenFor(settings, argv, env);
  const values = Object.entries(settings).map(([flag, setting]) => {
    const { text, source = '' } = given.get(flag) ?? {};
    return [flag, valueOf(setting, text, source)] as const;
  });
  return Object.fromEntries(values) as Values<S>;
};

const valueOf = (setting: Setting<unknown>, text: string | undefined, source: string): unknown => {
  if (text === undefined) return undefined;
  try {
    return setting.parse(text);
  } catch (error) {
    throw new SettingError(`${source}: ${error instanceof Error ? error.message : 'not valid'}`);
  }
};

/** The help text of a table: one line a flag. */
export const helpOf = (settings: Settings): string => {
  const rows = Object.entries(settings).map(
    ([flag, setting]) => [`--${flag} ${setting.value}`, setting] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows
    .map(([left, setting]) => {
      const fallback = setting.default === undefined ? '' : ` (default ${setting.default})`;
      return `  ${left.padEnd(width)}  ${setting.help}${fallback}`;
    })
    .join('\n');
};
