import { Type } from '@sinclair/typebox';
import { ObjectId, challengeKey } from '../../contract/apisix.ts';
import { DefenseConfig, TenantConfig } from '../../contract/policy.ts';
import { compile } from '../../contract/validator.ts';
import type { Defense, DefenseKind } from './defense.ts';
import { complaint } from '../stored/reading.ts';

// Open to further fields: a newer control plane may write some, and every object carries its times.
const validators = {
  tenants: compile(Type.Object({ ...TenantConfig.properties, id: ObjectId })),
  policies: compile(
    Type.Object({ ...DefenseConfig.properties, id: ObjectId, tenant: Type.Optional(ObjectId) }),
  ),
  keyring: compile(Type.Object(challengeKey)),
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
