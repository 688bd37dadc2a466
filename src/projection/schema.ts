import { Type } from '@sinclair/typebox';
import {
  CERTIFICATE_LENGTH,
  HostPattern,
  Labels,
  ObjectId,
  PRIVATE_KEY_LENGTH,
  Port,
  Weight,
  challengeKey,
} from '../contract/apisix.ts';
import type { Directory } from '../contract/directory.ts';
import { METHODS } from '../contract/route.ts';
import { compile } from '../contract/validator.ts';
import type { Projected } from './object.ts';

/**
 * The part of APISIX's schemas that Lockstep writes, no wider than APISIX's own (tests check each object against
 * schemas dumped from a running APISIX as well). APISIX rejects an object it does not like and goes on serving the
 * old one, so a wrong object must not get that far.
 */
const closed = { additionalProperties: false };

const Upstream = Type.Object(
  {
    type: Type.Literal('roundrobin'),
    scheme: Type.Union([Type.Literal('http'), Type.Literal('https')]),
    nodes: Type.Array(Type.Object({ host: HostPattern, port: Port, weight: Weight }, closed), {
      minItems: 1,
    }),
    pass_host: Type.Union([Type.Literal('pass'), Type.Literal('rewrite')]),
    upstream_host: Type.Optional(HostPattern),
    timeout: Type.Optional(
      Type.Object({ connect: Type.Number(), send: Type.Number(), read: Type.Number() }, closed),
    ),
  },
  closed,
);

const Plugins = Type.Object(
  {
    'proxy-rewrite': Type.Optional(
      Type.Object({ regex_uri: Type.Array(Type.String(), { minItems: 2, maxItems: 2 }) }, closed),
    ),
    cdn_defense: Type.Optional(Type.Object({ tenant: ObjectId, route: ObjectId }, closed)),
  },
  closed,
);

const Route = Type.Object(
  {
    id: ObjectId,
    name: Type.String({ minLength: 1, maxLength: 256 }),
    desc: Type.Optional(Type.String({ maxLength: 256 })),
    labels: Labels,
    uris: Type.Array(Type.String({ pattern: '^/' }), { minItems: 1, uniqueItems: true }),
    hosts: Type.Optional(Type.Array(HostPattern, { minItems: 1, uniqueItems: true })),
    methods: Type.Optional(
      Type.Array(Type.Union(METHODS.map((name) => Type.Literal(name))), { uniqueItems: true }),
    ),
    priority: Type.Integer(),
    status: Type.Integer({ minimum: 0, maximum: 1 }),
    enable_websocket: Type.Boolean(),
    upstream: Upstream,
    plugins: Plugins,
  },
  closed,
);

/** PEM, or what APISIX's keyring makes of it. */
const KEY = '^-----BEGIN |^[A-Za-z0-9+/]+={0,2}$';

const Ssl = Type.Object(
  {
    id: ObjectId,
    labels: Labels,
    snis: Type.Array(HostPattern, { minItems: 1 }),
    cert: Type.String({ ...CERTIFICATE_LENGTH, pattern: '^-----BEGIN ' }),
    key: Type.String({ ...PRIVATE_KEY_LENGTH, pattern: KEY }),
    status: Type.Literal(1),
  },
  closed,
);

const Policy = Type.Object({ id: ObjectId });

const Key = Type.Object(challengeKey, closed);

const validators = {
  routes: compile(Route),
  ssls: compile(Ssl),
  'cdn_defense/tenants': compile(Policy),
  'cdn_defense/policies': compile(Policy),
  'cdn_defense/keyring': compile(Key),
} satisfies Record<Directory, unknown>;

/** @throws Error when APISIX would reject the object: a fault of the projection, never of a caller */
export const assertReadable = (object: Projected): void => {
  const validate = validators[object.directory];
  if (validate(object.body)) return;
  const error = validate.errors?.[0];
  throw new Error(
    `APISIX would reject ${object.directory}/${object.id}: ${error?.instancePath} ${error?.message}`,
  );
};
