/** deploy/compose as its files say it, and what runs it without containers. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const COMPOSE = fileURLToPath(new URL('../../deploy/compose/', import.meta.url));

export interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: string;
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

export interface Deployment {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const fileOf = (name: string): string => readFileSync(join(COMPOSE, name), 'utf8');

export const deployment = (): Deployment => parse(fileOf('compose.yaml'), { merge: true }) as Deployment;

/** What APISIX is told; placeholders for the environment as they are. */
export const apisixConfig = (): Readonly<Record<string, unknown>> =>
  parse(fileOf('apisix/config.yaml')) as Readonly<Record<string, unknown>>;

/** Makes the secrets into a directory, as an operator does. */
export const makeSecrets = (directory: string): void => {
  execFileSync('bash', [join(COMPOSE, 'secrets.sh'), directory], { stdio: 'pipe' });
};

export interface Mount {
  readonly source: string;
  readonly target: string;
}

export const mountsOf = ({ volumes = [] }: Service): Mount[] =>
  volumes.map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return { source, target };
  });

export const entryOf = (all: Deployment, name: string): Service => {
  const service = all.services[name];
  if (!service) throw new Error(`no service ${name}`);
  return service;
};
