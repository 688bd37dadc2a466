import { createHash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { notReached } from '../change/not-reached.ts';
import { Refusal } from '../contract/errors.ts';
import type { Freshness, StoreRewound } from '../contract/answer.ts';
import type { Snapshot } from '../reflector/cache.ts';
import { type Stamp, revision } from '../shared/revision.ts';
import type { Answer, Call } from './endpoint.ts';
import type { Node } from './node.ts';

/** Silence longer than this means the store may have moved on without us. */
const STALE_MS = 3_000;
const MIN_REVISION_WAIT_MS = 2_000;

/** Every read takes this. */
export const ReadQuery = Type.Object(
  {
    min_revision: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Answer only once this node has applied that revision; 503 when it does not in time.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const PagedQuery = Type.Object(
  {
    ...ReadQuery.properties,
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
    after: Type.Optional(Type.String({ maxLength: 320, description: 'The `next` of the page before.' })),
  },
  { additionalProperties: false },
);

/** Whether the node hears the store right now. */
export const isLive = ({ reflector }: Pick<Node, 'reflector'>): boolean => {
  const { current, age_ms } = reflector.status();
  return current && age_ms <= STALE_MS;
};

/**
 * Whether to send callers here. A node that others do not know of, yet or since another process took its id, is not waited
 * for when changes are, so it could answer by what all nodes are said to have left behind. One that can't reach the store has
 * nothing better to wait for.
 */
export const isReady = ({ cache, presence, reflector }: Node): boolean =>
  cache.snapshot() !== undefined &&
  !presence.hasRival() &&
  (presence.hasReported() || reflector.status().state === 'disconnected');

export const freshness = (node: Node): Freshness =>
  isLive(node)
    ? { source: `global-${node.changes.store.kind}` }
    : { source: 'local-cache', stale: true, age_ms: node.reflector.status().age_ms };

const shownStamp = ({ clusterId, revision: at }: Stamp): StoreRewound['from'] => ({
  cluster_id: clusterId,
  revision: at,
});

/** When this node found its store rewound, newest last. */
export const rewindsOf = (node: Node): StoreRewound[] =>
  node.rewinds.list().map(({ at, from, to }) => ({ at, from: shownStamp(from), to: shownStamp(to) }));

/**
 * The cache to answer from, at least at the revision asked for.
 * @throws Refusal not_ready, revision_not_reached
 */
export const snapshotFor = async (node: Node, query: Static<typeof ReadQuery>): Promise<Snapshot> => {
  const { min_revision } = query;
  const reached =
    min_revision === undefined ||
    (await node.reflector.reached(revision(min_revision), MIN_REVISION_WAIT_MS));
  if (!reached) throw notReached(min_revision);
  const snapshot = node.cache.snapshot();
  if (!snapshot) throw new Refusal('not_ready');
  return snapshot;
};

/** The weak tag of an answer that has no other: one of its text. */
export const textTag = (text: string): string =>
  `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;

const strong = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Whether an `If-None-Match` names the tag; compared weakly, as RFC 9110 has it for reads. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean => {
  const known = (ifNoneMatch ?? '').split(',').map(strong);
  return known.includes(strong(etag)) || known.includes('*');
};

/** The answer with its entity tag, or 304 when the caller has it already. */
export const tagged = (
  call: Pick<Call<unknown, unknown, unknown>, 'headers'>,
  etag: string,
  body: unknown,
): Answer => {
  return isKnown(call.headers['if-none-match'], etag)
    ? { status: 304, body: undefined, headers: { etag } }
    : { status: 200, body, headers: { etag } };
};

/** One page of items that are sorted by id. */
export const paged = <T>(
  items: readonly T[],
  idOf: (item: T) => string,
  query: { readonly limit: number; readonly after?: string },
): { page: T[]; total: number; next?: string } => {
  const sorted = [...items].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const { after } = query;
  const rest = after === undefined ? sorted : sorted.filter((item) => idOf(item) > after);
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  return { page, total: sorted.length, ...(last && rest.length > page.length ? { next: idOf(last) } : {}) };
};
