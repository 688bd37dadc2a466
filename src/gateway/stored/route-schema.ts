/**
 * What a route object may look like: APISIX 3.18's own rules for every field the embedded gateway understands.
 * Fields that APISIX knows and this gateway does not are let through here as `Foreign` and refused, with 503, when
 * the route is served: dropping one silently would make this gateway the more lenient of the two.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { HostPattern, Labels, ObjectId, Port, Weight } from '../../contract/apisix.ts';
import { compile } from '../../contract/validator.ts';

const Id = Type.Union([ObjectId, Type.Integer({ minimum: 1 })]);
const Seconds = Type.Number({ exclusiveMinimum: 0 });
/** APISIX lets further fields stand in here and reads none of them. */
const Timeout = Type.Object({ connect: Seconds, send: Seconds, read: Seconds });

/** What every kind of object may carry and no gateway acts on. */
export const described = {
  id: Type.Optional(Id),
  desc: Type.Optional(Type.String({ maxLength: 256 })),
  labels: Type.Optional(Labels),
  create_time: Type.Optional(Type.Integer()),
  update_time: Type.Optional(Type.Integer()),
};

export const Status = Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1)]));

/** Known to APISIX, not served here. */
const foreign = <const F extends readonly string[]>(fields: F) =>
  Object.fromEntries(fields.map((field) => [field, Type.Optional(Type.Unknown())])) as Record<
    F[number],
    TSchema
  >;

/** Balancing by key, active checks, service discovery, client certificates. */
export const FOREIGN_UPSTREAM = [
  'key',
  'checks',
  'discovery_type',
  'discovery_args',
  'service_name',
  'tls',
] as const;

const Node = Type.Object({
  host: HostPattern,
  port: Type.Optional(Port),
  weight: Weight,
  priority: Type.Optional(Type.Integer()),
});

const KeepalivePool = Type.Object({
  size: Type.Optional(Type.Integer({ minimum: 1 })),
  idle_timeout: Type.Optional(Type.Number({ minimum: 0 })),
  requests: Type.Optional(Type.Integer({ minimum: 1 })),
});

const Upstream = Type.Object(
  {
    ...described,
    ...foreign(FOREIGN_UPSTREAM),
    keepalive_pool: Type.Optional(KeepalivePool),
    // Only other balancers read it, and APISIX's Admin API writes its default everywhere.
    hash_on: Type.Optional(
      Type.Union(
        ['vars', 'header', 'cookie', 'consumer', 'vars_combinations'].map((name) => Type.Literal(name)),
      ),
    ),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    nodes: Type.Optional(Type.Union([Type.Array(Node), Type.Record(Type.String(), Weight)])),
    type: Type.Optional(Type.String()),
    scheme: Type.Optional(
      Type.Union(
        ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'udp', 'kafka'].map((name) => Type.Literal(name)),
      ),
    ),
    pass_host: Type.Optional(
      Type.Union([Type.Literal('pass'), Type.Literal('node'), Type.Literal('rewrite')]),
    ),
    upstream_host: Type.Optional(HostPattern),
    retries: Type.Optional(Type.Integer({ minimum: 0 })),
    retry_timeout: Type.Optional(Type.Number({ minimum: 0 })),
    timeout: Type.Optional(Timeout),
  },
  { additionalProperties: false },
);
export type UpstreamObject = Static<typeof Upstream>;

/** Conditions and references that take more of APISIX than this gateway has. */
export const FOREIGN_ROUTE = [
  'upstream_id',
  'service_id',
  'plugin_config_id',
  'script',
  'script_id',
  'filter_func',
  'vars',
  'remote_addr',
  'remote_addrs',
] as const;

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'PURGE'];

const Route = Type.Object(
  {
    ...described,
    ...foreign(FOREIGN_ROUTE),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    uri: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    uris: Type.Optional(Type.Array(Type.String(), { minItems: 1, uniqueItems: true })),
    host: Type.Optional(HostPattern),
    hosts: Type.Optional(Type.Array(HostPattern, { minItems: 1, uniqueItems: true })),
    methods: Type.Optional(
      Type.Array(Type.Union(METHODS.map((method) => Type.Literal(method))), { uniqueItems: true }),
    ),
    priority: Type.Optional(Type.Integer()),
    status: Status,
    enable_websocket: Type.Optional(Type.Boolean()),
    timeout: Type.Optional(Timeout),
    upstream: Type.Optional(Upstream),
    plugins: Type.Optional(Type.Record(Type.String(), Type.Object({}))),
  },
  { additionalProperties: false },
);
export type RouteObject = Static<typeof Route>;
export type TimeoutObject = Static<typeof Timeout>;

export const validateRoute = compile(Route);
