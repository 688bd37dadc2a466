/**
 * What a node keeps under its lease about the gateways it hears, so that every node knows of all of them and the store
 * sees no write per gateway: who they are, and how far they are. Everything in it is bounded.
 */
import { type Static, Type } from '@sinclair/typebox';
import { DIRECTORIES } from './directory.ts';
import { type FleetState, GATEWAY_KINDS, Plugin } from './fleet.ts';

const Count = Type.Integer({ minimum: 0 });

const RosterEntry = Type.Object({
  id: Type.String(),
  instance: Type.String(),
  kind: Type.Union(GATEWAY_KINDS.map((kind) => Type.Literal(kind))),
  version: Type.String(),
  plugin: Plugin,
  workers: Count,
  /** Tells lists of workers apart. */
  crew: Type.String(),
  /** Which of the nodes that ever heard it is the latest: the highest. */
  rank: Count,
  /** Instances that had the id before. */
  predecessors: Type.Array(Type.String()),
  /** It took part before a restore and does not notice such a thing: nothing it says counts. */
  distrusted: Type.Optional(Type.Literal(true)),
});
export type RosterEntry = Static<typeof RosterEntry>;

/** `gateways/{node_id}/roster`: rewritten only when somebody comes, goes or changes. */
export const Roster = Type.Object({
  cluster_id: Type.String(),
  /** The process that hears them: one that was started anew under the same node id does not know all of them yet. */
  process: Type.String(),
  /** What `progress` refers to. */
  number: Count,
  gateways: Type.Array(RosterEntry),
});
export type Roster = Static<typeof Roster>;

const RejectedObject = Type.Object({
  directory: Type.Union(DIRECTORIES.map((name) => Type.Literal(name))),
  id: Type.String(),
  revision: Count,
  op: Type.Union([Type.Literal('put'), Type.Literal('delete')]),
  reason: Type.String(),
  /** The write in force in its place; 0 = none. */
  live: Count,
});
export type RejectedObject = Static<typeof RejectedObject>;

const Apart = Type.Object({
  id: Type.String(),
  revision: Count,
  /** Of one that is silent: since when, ISO 8601. */
  silent_since: Type.Optional(Type.String({ format: 'date-time' })),
  rejected_total: Count,
  rejected: Type.Array(RejectedObject),
});
export type Apart = Static<typeof Apart>;

/** How long a change took to reach the gateways that this node hears. */
const ChangeTimes = Type.Object({
  revision: Count,
  gateways: Count,
  p50_ms: Type.Number(),
  p99_ms: Type.Number(),
  max_ms: Type.Number(),
  /** Gateway and time, where they are few. */
  each: Type.Optional(Type.Array(Type.Tuple([Type.String(), Type.Number()]))),
});
export type ChangeTimes = Static<typeof ChangeTimes>;

const QuarantinedKey = Type.Object({ key: Type.String(), revision: Count, reason: Type.String() });

/** `gateways/{node_id}/progress` */
export const Progress = Type.Object({
  cluster_id: Type.String(),
  roster: Count,
  /** Everybody who is not listed apart has proved at least this. */
  floor: Count,
  /** One letter each, in the order of the roster. */
  states: Type.String(),
  apart: Type.Array(Apart),
  changes: Type.Array(ChangeTimes),
  quarantined_total: Count,
  quarantined: Type.Array(QuarantinedKey),
});
export type Progress = Static<typeof Progress>;

export const STATE_LETTERS: Readonly<Record<FleetState, string>> = {
  synced: 's',
  catching_up: 'c',
  stale: 't',
  rejected: 'r',
  disconnected: 'd',
  unknown: 'u',
};
