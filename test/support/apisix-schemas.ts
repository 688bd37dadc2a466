/** The schemas dumped from a running APISIX 3.18, if the folder beside the checkout is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

const shared = process.env['LOCKSTEP_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');
const folder = join(shared, 'data/apisix-3.18-schemas');

export const haveApisixSchemas = existsSync(join(folder, 'route.json'));

if (!haveApisixSchemas) {
  console.warn(
    `SKIPPED: nothing is compared with APISIX's own schemas, which are not in ${folder} (LOCKSTEP_SHARED)`,
  );
}

const compiled = (name: string): ValidateFunction => {
  const schema = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as object;
  return new Ajv({ strict: false, allErrors: true }).compile(schema);
};

const validators = haveApisixSchemas ? { routes: compiled('route'), ssls: compiled('ssl') } : undefined;

/** What APISIX would say of an object in one of the directories that have a schema of its own. */
export const apisixErrors = (directory: 'routes' | 'ssls', value: unknown): string[] => {
  const validate = validators?.[directory];
  if (!validate) throw new Error('no schemas to compare with');
  return validate(value) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
};
