import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { HostName, RouteId } from './identifier.ts';

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const;

const Path = Type.String({
  minLength: 1,
  maxLength: 512,
  format: 'route-path',
  description:
    'An exact path, or a prefix ending in `/*`; at most 32 segments. `/api/v1/*` also serves `/api/v1`.',
  examples: ['/api/v1/*'],
});

const UpstreamUrl = Type.String({
  minLength: 1,
  maxLength: 512,
  format: 'printable',
  description: '`http://host[:port]` or `https://host[:port]`, no path, query or credentials.',
  examples: ['http://backend:8080'],
});

const Upstream = Type.Union(
  [
    UpstreamUrl,
    Type.Array(
      Type.Object(
        { url: UpstreamUrl, weight: Type.Integer({ minimum: 0, maximum: 1000 }) },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 32 },
    ),
  ],
  { description: 'Where requests go: one URL, or several with weights (all of one scheme).' },
);

const Seconds = Type.Number({ exclusiveMinimum: 0, maximum: 3600 });

const fields = {
  path: Path,
  upstream: Upstream,
  methods: Type.Array(Type.Union(METHODS.map((method) => Type.Literal(method))), {
    minItems: 1,
    uniqueItems: true,
    description: 'Methods the route answers; absent = all.',
  }),
  strip_path: Type.Boolean({
    description: 'Take the path’s fixed part off before the upstream sees it. Default false.',
  }),
  hosts: Type.Array(HostName, {
    minItems: 1,
    maxItems: 10,
    uniqueItems: true,
    description:
      'Host names the route answers; absent = any. A host belongs to the tenant that used it first.',
  }),
  priority: Type.Integer({
    minimum: -1000,
    maximum: 1000,
    description: 'Decides between routes that match equally well; higher first. Default 0.',
  }),
  upstream_host: Type.String({
    maxLength: 253,
    format: 'host-header',
    description: 'The Host header for the upstream; absent = the client’s.',
  }),
  timeout: Type.Object(
    { connect: Seconds, send: Seconds, read: Seconds },
    { additionalProperties: false, description: 'Upstream timeouts in seconds. Default 60 each.' },
  ),
  websocket: Type.Boolean({ description: 'Let WebSocket upgrades through. Default false.' }),
  enabled: Type.Boolean({ description: 'False keeps the route but stops serving it. Default true.' }),
  description: Type.String({ maxLength: 256, format: 'printable' }),
};

/** Fields a caller sets on a route. */
export const RouteSpec = Type.Object(
  {
    id: RouteId,
    path: fields.path,
    upstream: fields.upstream,
    methods: Type.Optional(fields.methods),
    strip_path: Type.Optional(fields.strip_path),
    hosts: Type.Optional(fields.hosts),
    priority: Type.Optional(fields.priority),
    upstream_host: Type.Optional(fields.upstream_host),
    timeout: Type.Optional(fields.timeout),
    websocket: Type.Optional(fields.websocket),
    enabled: Type.Optional(fields.enabled),
    description: Type.Optional(fields.description),
  },
  { additionalProperties: false },
);
export type RouteSpec = Static<typeof RouteSpec>;

const orNull = (schema: TSchema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** A merge patch of a route: a field given is set, `null` takes an optional field away. */
export const RouteUpdates = Type.Object(
  {
    path: Type.Optional(fields.path),
    upstream: Type.Optional(fields.upstream),
    methods: orNull(fields.methods),
    strip_path: orNull(fields.strip_path),
    hosts: orNull(fields.hosts),
    priority: orNull(fields.priority),
    upstream_host: orNull(fields.upstream_host),
    timeout: orNull(fields.timeout),
    websocket: orNull(fields.websocket),
    enabled: orNull(fields.enabled),
    description: orNull(fields.description),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type RouteUpdates = { [K in keyof Omit<RouteSpec, 'id'>]?: RouteSpec[K] | null };
