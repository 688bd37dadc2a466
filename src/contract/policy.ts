import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** Removes a field in a merge patch (RFC 7396). */
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()]);

const Requests = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

const RateLimit = Type.Union(
  [
    Requests,
    Type.Object(
      {
        count: Requests,
        window_s: Type.Integer({ minimum: 1, maximum: 86_400 }),
        scope: Type.Optional(Type.Union([Type.Literal('node'), Type.Literal('fleet')])),
      },
      { additionalProperties: false },
    ),
  ],
  {
    title: 'RateLimit',
    description:
      'Requests one client may make to one route. A number counts per 60 s; an object names its own window and ' +
      'whether each gateway counts by itself (`node`) or all together (`fleet`).',
    examples: [1000],
  },
);

const Cidrs = Type.Array(
  Type.String({ maxLength: 49, format: 'cidr', examples: ['203.0.113.0/24', '2001:db8::/32'] }),
  { maxItems: 256, uniqueItems: true },
);

const sharedFields = {
  threat_threshold: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: 'Act on a request whose threat score is at least this.',
    examples: [70],
  }),
  rate_limit: RateLimit,
  js_challenge: Type.Boolean({
    description: 'Challenge suspicious browsers with JavaScript; false blocks them instead.',
  }),
  challenge_type: Type.Literal('js', { description: 'The kind of challenge.' }),
  js_fingerprint: Type.Boolean({ description: 'Bind a solved challenge to the browser that solved it.' }),
  mode: Type.Union([Type.Literal('enforce'), Type.Literal('observe')], {
    description: '`observe` decides and reports, but lets every request pass.',
  }),
  allow: Cidrs,
  deny: Cidrs,
  challenge_all: Type.Boolean({ description: 'Challenge every browser that holds no clearance.' }),
};

const nullable = (fields: Record<string, TSchema>) =>
  Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, Type.Optional(orNull(schema))]));

const tenantFields = {
  enabled_defense: Type.Boolean({ description: 'The switch for all of the tenant’s routes.' }),
  ...sharedFields,
};

const routeFields = {
  enabled: Type.Boolean({ description: 'The switch for this route.' }),
  ...sharedFields,
};

/** A tenant's own parameters. Absent fields fall back to the defaults. */
export const TenantConfig = Type.Partial(Type.Object(tenantFields), {
  title: 'TenantConfig',
  additionalProperties: false,
});
export type TenantConfig = Static<typeof TenantConfig>;

export const TenantConfigPatch = Type.Object(nullable(tenantFields), {
  title: 'TenantConfigPatch',
  additionalProperties: false,
  minProperties: 1,
});
export type TenantConfigPatch = { [K in keyof TenantConfig]?: TenantConfig[K] | null };

/** A route's own parameters. Absent fields fall back to the tenant's. */
export const DefenseConfig = Type.Partial(Type.Object(routeFields), {
  title: 'DefenseConfig',
  additionalProperties: false,
});
export type DefenseConfig = Static<typeof DefenseConfig>;

/** What `update-all` may set: what a tenant and a route have in common, and both switches. */
export const FleetDefenseConfig = Type.Partial(Type.Object({ ...tenantFields, ...routeFields }), {
  title: 'FleetDefenseConfig',
  additionalProperties: false,
  minProperties: 1,
});
export type FleetDefenseConfig = Static<typeof FleetDefenseConfig>;

/** Every parameter with a value: what the gateways decide by. */
export const EffectivePolicy = Type.Object(
  { enabled: Type.Boolean({ description: 'Whether the defense acts at all.' }), ...sharedFields },
  { title: 'EffectivePolicy', description: 'The config with every default filled in.' },
);
export type EffectivePolicy = Static<typeof EffectivePolicy>;
