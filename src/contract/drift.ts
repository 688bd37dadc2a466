/** What was found in the store that is not as Lockstep left it. */
import { type Static, Type } from '@sinclair/typebox';

/** `record`: a source record. `projection`: what gateways read of one. `claim`: of whom a host or path is. */
export const DRIFT_OBJECTS = ['record', 'projection', 'claim'] as const;

/**
 * `missing`, `different`, `orphan`: of what follows from the records. `unversioned`: a record that was written or deleted
 * without a version. `unreadable`: a record that can't be used.
 */
export const DRIFT_KINDS = ['missing', 'different', 'orphan', 'unversioned', 'unreadable'] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** What is done about drift that is found on schedule. */
export const ON_DRIFT = ['repair', 'report'] as const;
export type OnDrift = (typeof ON_DRIFT)[number];

const union = <const T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: values, description });

const Difference = Type.Object(
  {
    pointer: Type.String({ description: 'JSON pointer into the object; empty = all of it.' }),
    expected: Type.Optional(Type.Unknown({ description: 'Absent: it should not be there.' })),
    found: Type.Optional(Type.Unknown({ description: 'Absent: it is not there.' })),
  },
  { title: 'Difference', description: 'Secrets are shown as `[redacted]`, long texts are cut.' },
);
export type Difference = Static<typeof Difference>;

export const Drift = Type.Object(
  {
    key: Type.String({ description: 'The key in the store.' }),
    object: union(DRIFT_OBJECTS, 'A source record, what gateways read of one, or a claim.'),
    found: union(
      DRIFT_KINDS,
      '`unversioned`: written or deleted past Lockstep. `unreadable`: a value that can not be used.',
    ),
    state: union(
      ['repaired', 'left'] as const,
      '`repaired`: put right; a record was adopted as a new version.',
    ),
    reason: Type.Optional(Type.String({ description: 'Why it was left, or why it can not be read.' })),
    since: Type.String({ description: 'When it was first found, ISO 8601.' }),
    repaired_at: Type.Optional(Type.String()),
    differences: Type.Array(Difference, { description: 'The first of them.' }),
  },
  { title: 'Drift' },
);
export type Drift = Static<typeof Drift>;

/** One comparison of the store with itself, as it is kept in the store for every node to show. */
export const DriftReport = Type.Object(
  {
    node_id: Type.String({ description: 'Who compared.' }),
    at: Type.String(),
    cluster_id: Type.String(),
    revision: Type.Integer({ description: 'The revision that was compared.' }),
    records: Type.Integer({ description: 'Source records looked at.' }),
    digest: Type.Object(
      {
        sources: Type.String({ description: 'Of the source records.' }),
        expected: Type.String({ description: 'Of the projection that follows from them.' }),
        found: Type.String({ description: 'Of the projection as stored.' }),
      },
      { description: 'Hex. Equal digests: equal sets of objects, in whatever order.' },
    ),
    left: Type.Array(Drift, { description: 'What is there still, at most 200.' }),
    left_total: Type.Integer(),
    repaired: Type.Array(Drift, { description: 'The newest 100 repairs, newest last.' }),
  },
  { title: 'DriftReport' },
);
export type DriftReport = Static<typeof DriftReport>;

/** How this node's cache compared with the store at one revision. */
export const CacheReport = Type.Object(
  {
    at: Type.String(),
    cluster_id: Type.String(),
    revision: Type.Integer(),
    digest: Type.Object({ store: Type.String(), cache: Type.String() }),
    equal: Type.Boolean(),
    differences: Type.Array(
      Type.Object({
        object: Type.String(),
        found: Type.String({ description: '`missing`, `different` or `orphan`, of the cache.' }),
      }),
      { description: 'The first 100.' },
    ),
  },
  { title: 'CacheReport' },
);
export type CacheReport = Static<typeof CacheReport>;
