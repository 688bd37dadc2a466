import { Type } from '@sinclair/typebox';
import { DefenseConfig, TenantConfig } from '../contract/policy.ts';
import { compile } from '../contract/validator.ts';
import type { Defense, DefenseKind } from './defense.ts';
import { complaint } from './reading.ts';

const Id = Type.String({ pattern: '^[a-zA-Z0-9-_.]{1,64}$' });

// Open to further fields: a newer control plane may write some, and every object carries its times.
const validators = {
  tenants: compile(Type.Object({ ...TenantConfig.properties, id: Id })),
  policies: compile(Type.Object({ ...DefenseConfig.properties, id: Id, tenant: Type.Optional(Id) })),
  keyring: compile(
    Type.Object({
      id: Type.String({ pattern: '^[a-zA-Z0-9_-]{1,32}$' }),
      secret: Type.String({ minLength: 32, maxLength: 256, pattern: '^[\\x21-\\x7e]+$' }),
      state: Type.Union([Type.Literal('verify'), Type.Literal('signing'), Type.Literal('retired')]),
    }),
  ),
} satisfies Record<DefenseKind, unknown>;

/**
 * What is wrong with an object under `cdn_defense/`, if anything. A parameter of a wrong type rejects the object, so
 * that the one before stays in force, where the engine alone would fall back to the default.
 */
export const checkDefenseObject: NonNullable<Defense['check']> = (kind, id, object) => {
  const validate = validators[kind];
  if (!validate(object)) return complaint(validate);
  return object['id'] === id ? undefined : 'its id is not that of its key';
};
