import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { CertificateFacts } from './certificate.ts';
import { FleetProgress } from './fleet-answer.ts';
import { ERRORS, type ErrorCode, type Part } from './errors.ts';
import { DefenseConfig, EffectivePolicy, TenantConfig } from './policy.ts';
import { Origin } from './principal.ts';
import { RouteSpec } from './route.ts';
import { TokenView } from './token.ts';

/** Beside what every read answers: where it comes from and how fresh that is. */
const Freshness = Type.Object({
  source: Type.String({
    description:
      '`global-etcd` (or `global-embedded`): this node’s cache, live. `local-cache`: the cache, cut off from the store.',
    examples: ['global-etcd'],
  }),
  stale: Type.Optional(
    Type.Literal(true, { description: 'Cut off from the store: newer values may exist.' }),
  ),
  age_ms: Type.Optional(
    Type.Integer({ description: 'With `stale`: how long ago the store was last heard.' }),
  ),
});
export type Freshness = Static<typeof Freshness>;

/** Every answer has a title: what generators of clients call it. */
export const fresh = <T extends TProperties>(title: string, fields: T) =>
  Type.Object({ ...fields, ...Freshness.properties }, { title });

const page = <T extends TProperties>(title: string, fields: T) =>
  fresh(title, {
    ...fields,
    total: Type.Integer(),
    next: Type.Optional(
      Type.String({ description: 'Pass as `after` for the next page; absent on the last.' }),
    ),
    revision: Type.Integer({ description: 'The revision the list was read at.' }),
  });

const recorded = {
  version: Type.Integer({ description: 'Accepted writes of this object so far.' }),
  revision: Type.Integer({ description: 'The store’s revision that wrote it.' }),
  updated_at: Type.String(),
  updated_by: Type.String(),
};

const tenantFields = {
  tenant_id: Type.String(),
  config: TenantConfig,
  synced: Type.Boolean({ description: 'Every live node has reported the revision that wrote this config.' }),
  pending: Type.Optional(Type.Array(Type.String(), { description: 'The nodes that have not.' })),
  quarantined: Type.Optional(
    Type.String({
      description: 'Why what is stored now can not be used; the last good config is shown and served.',
    }),
  ),
  effective: EffectivePolicy,
  ...recorded,
};

export const TenantAnswer = fresh('TenantAnswer', tenantFields);
export const TenantList = page('TenantList', {
  tenants: Type.Array(Type.Object(tenantFields, { title: 'Tenant' })),
});

const RouteView = Type.Object(
  {
    ...RouteSpec.properties,
    tenant_id: Type.String(),
    plugins: Type.Optional(Type.Object({ cdn_defense: DefenseConfig })),
    created_at: Type.String(),
    ...recorded,
  },
  { title: 'Route' },
);

export const RouteAnswer = fresh('RouteAnswer', { tenant_id: Type.String(), route: RouteView });
export const RouteList = page('RouteList', { tenant_id: Type.String(), routes: Type.Array(RouteView) });

const CertificateView = Type.Object(
  {
    cert_id: Type.String(),
    tenant_id: Type.String(),
    domain: Type.String(),
    cert: Type.String({ description: 'PEM. The private key is never shown.' }),
    expires_at: Type.String(),
    facts: CertificateFacts,
    created_at: Type.String(),
    ...recorded,
  },
  { title: 'Certificate' },
);

export const CertificateAnswer = fresh('CertificateAnswer', {
  tenant_id: Type.String(),
  certificate: CertificateView,
});
export const CertificateList = page('CertificateList', {
  tenant_id: Type.String(),
  certificates: Type.Array(CertificateView),
});

const HistoryItem = Type.Object(
  {
    version: Type.Integer(),
    action: Type.String({ description: '`create`, `update` or `delete`.' }),
    at: Type.String(),
    by: Type.String(),
    origin: Type.Optional(Origin),
    reason: Type.Optional(Type.String()),
    request_id: Type.String(),
    revision: Type.Integer(),
    projected: Type.Optional(
      Type.Array(Type.Object({ directory: Type.String(), id: Type.String(), op: Type.String() }), {
        description: 'What gateways read of it that the same transaction wrote.',
      }),
    ),
    record: Type.Unknown({
      description: 'The object as written; for a delete, as it was last. Never with a key.',
    }),
  },
  { title: 'HistoryEntry' },
);

export const HistoryList = Type.Object(
  {
    kind: Type.String(),
    id: Type.String(),
    total: Type.Integer(),
    entries: Type.Array(HistoryItem, { description: 'Newest first.' }),
    next: Type.Optional(Type.Integer({ description: 'Pass as `before_version` for the next page.' })),
  },
  { title: 'HistoryList' },
);

/** What every change answers beside its own fields. */
const changeAnswer = <T extends Record<string, TSchema>>(title: string, fields: T) =>
  Type.Object(
    {
      message: Type.String(),
      ...fields,
      sync_status: Type.String({
        description:
          '`all_nodes_updated` only after every live node has reported the revision, `all_nodes_and_gateways_updated` only after ' +
          'every gateway that reports has proved it too; `rejected_by_gateways` when some turned it down; otherwise on its way.',
      }),
      version: Type.Optional(Type.Integer()),
      revision: Type.Optional(Type.Integer({ description: 'The store’s revision that carries the change.' })),
      pending: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Live nodes that have not reported it yet; with `?wait=fleet`, also gateways.',
        }),
      ),
      fleet: Type.Optional(FleetProgress),
      warnings: Type.Optional(Type.Array(Type.String())),
      dry_run: Type.Optional(Type.Literal(true)),
      changes: Type.Optional(Type.Unknown({ description: 'With `dry_run`: what would be written.' })),
    },
    { title },
  );

export const TenantChanged = changeAnswer('TenantChanged', { tenant_id: Type.String() });
export const RouteChanged = changeAnswer('RouteChanged', { route_id: Type.String() });
export const CertificateChanged = changeAnswer('CertificateChanged', {
  cert_id: Type.String(),
  expires_at: Type.Optional(Type.String()),
});
export const FleetDefenseChanged = changeAnswer('FleetDefenseChanged', {
  tenants_updated: Type.Integer(),
  routes_updated: Type.Integer(),
  unchanged: Type.Integer({ description: 'Objects that said so already.' }),
  batches: Type.Integer(),
  atomic: Type.Boolean({
    description: 'All in one transaction; otherwise in ordered batches, safe to repeat.',
  }),
});

const StampView = Type.Object({ cluster_id: Type.String(), revision: Type.Integer() }, { title: 'Stamp' });

/** What a node shows of its store having been rewound. */
export const StoreRewound = Type.Object(
  {
    at: Type.String({ description: 'When this node noticed, ISO 8601.' }),
    from: StampView,
    to: StampView,
  },
  {
    title: 'StoreRewound',
    description:
      'The store did not go on from where this node stood: a backup was restored, or it is another store. Gateways may still serve what came after the backup; docs/operations.md says what to do.',
  },
);
export type StoreRewound = Static<typeof StoreRewound>;

const RepairView = Type.Object(
  {
    directory: Type.String(),
    id: Type.String(),
    found: Type.String({ description: '`missing`, `different` or `orphan`.' }),
    at: Type.String(),
    repaired: Type.Boolean(),
  },
  { title: 'Repair' },
);

export const SyncStatus = Type.Object(
  {
    node_id: Type.String(),
    sync_status: Type.Object({
      total_cached_configs: Type.Integer(),
      total_cached_routes: Type.Integer(),
      total_cached_certificates: Type.Integer(),
      last_sync: Type.Union([Type.String(), Type.Null()], {
        description: 'When the store was last heard from, ISO 8601; null before the first time.',
      }),
      etcd_connected: Type.Boolean(),
    }),
    etcd_connected: Type.Boolean({ description: 'The store has been heard from within the last 3 s.' }),
    store: Type.Object({
      kind: Type.String(),
      endpoints: Type.Array(Type.Object({ endpoint: Type.String(), healthy: Type.Boolean() })),
    }),
    state: Type.String({ description: '`live`, `catching_up`, `disconnected` or `stopped`.' }),
    revision: Type.Integer({ description: 'The newest revision this node’s cache has applied.' }),
    cluster_id: Type.String(),
    age_ms: Type.Integer({ description: 'Time since the store was last heard from.' }),
    node_id_conflict: Type.Boolean({ description: 'Another process reports under this node id.' }),
    store_rewound: Type.Array(StoreRewound, {
      description: 'Each time since its start that this node found the store rewound, newest last.',
    }),
    nodes: Type.Array(
      Type.Object({
        node_id: Type.String(),
        revision: Type.Integer({ description: 'The newest change it has reported as applied.' }),
        behind: Type.Union([Type.Integer(), Type.Null()], {
          description:
            'Revisions between that and the newest change; 0 = has everything, null = not known while cut off from the store.',
        }),
        reported_at: Type.String(),
        version: Type.String(),
      }),
    ),
    quarantined: Type.Array(
      Type.Object({
        key: Type.String(),
        revision: Type.Integer(),
        reason: Type.String(),
        serving: Type.String({ description: '`last_good` or `nothing`.' }),
      }),
    ),
    repaired: Type.Array(RepairView, {
      description: 'What refreshes on this node have repaired, newest last.',
    }),
  },
  { title: 'SyncStatus' },
);
export type SyncStatus = Static<typeof SyncStatus>;

export const Refreshed = Type.Object(
  {
    message: Type.String(),
    repaired_now: Type.Array(RepairView),
    ...SyncStatus.properties,
  },
  { title: 'Refreshed' },
);

export const Health = Type.Object(
  {
    status: Type.String(),
    etcd_connected: Type.Optional(Type.Boolean()),
    node_id_conflict: Type.Optional(
      Type.Literal(true, {
        description: 'Another process has this node id: changes are not waited for on this one.',
      }),
    ),
    store_rewound: Type.Optional(
      Type.Literal(true, { description: '`/sync-status` says from where to where, to operators.' }),
    ),
  },
  { title: 'Health' },
);

export const TokenAnswer = fresh('TokenAnswer', { token: TokenView });
export const TokenList = page('TokenList', { tokens: Type.Array(TokenView) });

const tokenChange = {
  message: Type.String(),
  sync_status: Type.String({
    description: '`all_nodes_updated` only after every live node has reported the revision.',
  }),
  revision: Type.Integer(),
  pending: Type.Optional(
    Type.Array(Type.String(), { description: 'Live nodes that have not reported it yet.' }),
  ),
};

export const TokenIssued = Type.Object(
  {
    ...tokenChange,
    token: Type.String({ description: 'The token itself. It is shown now and never again.' }),
    about: TokenView,
  },
  { title: 'TokenIssued' },
);
export const TokenRevoked = Type.Object(
  { ...tokenChange, token_id: Type.String() },
  { title: 'TokenRevoked' },
);

const PARTS: readonly Part[] = ['body', 'header', 'query', 'path'];

/** Every refusal, as RFC 9457 has it. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '`urn:lockstep:problem:{code}`' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Unsafe<ErrorCode>({
      type: 'string',
      enum: Object.keys(ERRORS),
      description: 'Stable: programs decide by it.',
    }),
    detail: Type.String({ description: 'For people, in the language of `Accept-Language`: `zh` or `en`.' }),
    in: Type.Unsafe<Part>({
      type: 'string',
      enum: PARTS,
      description: 'Which part of the request it is about.',
    }),
    pointer: Type.String({ description: 'JSON pointer into that part; empty = the whole part.' }),
    request_id: Type.String(),
  },
  { title: 'Problem', additionalProperties: true, description: 'A refusal. Some codes carry more members.' },
);
export type Problem = Static<typeof Problem>;
