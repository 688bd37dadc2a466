import { Type } from '@sinclair/typebox';
import { ChallengeKeyId } from '../contract/apisix.ts';
import { CertificateFacts } from '../contract/certificate.ts';
import { CertificateId, Domain, TenantId } from '../contract/identifier.ts';
import { DefenseConfig, TenantConfig } from '../contract/policy.ts';
import type { KeyRecord, Kind, NodeReceipt, RecordOf } from '../contract/record.ts';
import { RouteSpec } from '../contract/route.ts';
import { compile } from '../contract/validator.ts';
import { parseJson } from '../shared/json.ts';
import { certificateId } from './certificate.ts';
import { KEY_STATES } from './keyring.ts';

const provenance = {
  tenant_id: TenantId,
  version: Type.Integer({ minimum: 1 }),
  updated_at: Type.String(),
  updated_by: Type.String(),
};

const box = { iv: Type.String(), ciphertext: Type.String(), tag: Type.String() };

const Sealed = Type.Object({
  alg: Type.Literal('A256GCM'),
  kid: Type.String(),
  data_key: Type.Object(box),
  ...box,
});

// Records may carry fields of a newer release, so unlike requests they are open to unknown ones.
const schemas = {
  config: Type.Object({ ...TenantConfig.properties, ...provenance }),
  routes: Type.Object({
    ...RouteSpec.properties,
    hosts: Type.Optional(Type.Array(Domain, { minItems: 1, uniqueItems: true })),
    ...provenance,
    created_at: Type.String(),
    plugins: Type.Optional(Type.Object({ cdn_defense: Type.Object(DefenseConfig.properties) })),
  }),
  ssl: Type.Object({
    ...provenance,
    id: CertificateId,
    domain: Domain,
    cert: Type.String(),
    sealed_key: Sealed,
    expires_at: Type.String(),
    facts: Type.Object(CertificateFacts.properties),
    created_at: Type.String(),
  }),
};

const NodeReceiptSchema = Type.Object({
  node_id: Type.String(),
  cluster_id: Type.String(),
  revision: Type.Integer({ minimum: 0 }),
  at: Type.String(),
  started_at: Type.String(),
  version: Type.String(),
  instance: Type.String(),
  master_keys: Type.Optional(Type.Array(Type.String())),
  pulse: Type.Optional(Type.Literal(true)),
});

const KeyRecordSchema = Type.Object({
  id: ChallengeKeyId,
  state: Type.Union(KEY_STATES.map((state) => Type.Literal(state))),
  since: Type.String({ format: 'date-time' }),
  created_at: Type.String(),
  sealed: Sealed,
});

const validators = {
  config: compile(schemas.config),
  routes: compile(schemas.routes),
  ssl: compile(schemas.ssl),
};
const validateKey = compile(KeyRecordSchema);
const validateReceipt = compile(NodeReceiptSchema);

/** A stored value that can be used, or why it can't. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Parses and validates a stored JSON value. */
export const decode = <T>(text: string, validate: ReturnType<typeof compile>): Decoded<T> => {
  const value = parseJson(text);
  if (value === undefined) return { ok: false, reason: 'not JSON' };
  if (validate(value)) return { ok: true, value: value as T };
  const error = validate.errors?.[0];
  return { ok: false, reason: `${error?.instancePath || '/'} ${error?.message ?? 'is not valid'}` };
};

/** Reads a source record; its own identity must agree with its key. */
export const decodeRecord = <K extends Kind>(kind: K, id: string, text: string): Decoded<RecordOf[K]> => {
  const decoded = decode<RecordOf[K]>(text, validators[kind]);
  if (!decoded.ok) return decoded;
  const other = namesOf(kind, decoded.value).find((own) => own !== id);
  return other === undefined ? decoded : { ok: false, reason: `it says it is ${other.slice(0, 80)}` };
};

/** All that a record calls itself. */
const namesOf = (kind: Kind, record: RecordOf[Kind]): string[] => {
  if (kind === 'config') return [record.tenant_id];
  const { id, tenant_id, domain } = record as RecordOf['ssl'];
  return kind === 'ssl' ? [id, certificateId(tenant_id, domain)] : [id];
};

/** Reads a challenge key; its own id must agree with its key. */
export const decodeKeyRecord = (id: string, text: string): Decoded<KeyRecord> => {
  const decoded = decode<KeyRecord>(text, validateKey);
  return decoded.ok && decoded.value.id !== id
    ? { ok: false, reason: 'its id is not that of its key' }
    : decoded;
};

export const decodeNodeReceipt = (text: string): Decoded<NodeReceipt> => decode(text, validateReceipt);
