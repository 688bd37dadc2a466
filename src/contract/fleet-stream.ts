/** What `GET /fleet/stream` tells, as server-sent events. */
import { type Static, Type } from '@sinclair/typebox';
import { FleetGateway, FleetNode } from './fleet-answer.ts';

/** `event: update`: what has changed since the event before. The first event, `fleet`, is the whole of `GET /fleet`. */
export const FleetUpdate = Type.Object(
  {
    cluster_id: Type.String(),
    revision: Type.Integer(),
    etcd_connected: Type.Boolean(),
    nodes: Type.Array(FleetNode),
    gateways: Type.Array(FleetGateway),
    nodes_gone: Type.Array(Type.String()),
    gateways_gone: Type.Array(Type.String()),
  },
  { title: 'FleetUpdate' },
);
export type FleetUpdate = Static<typeof FleetUpdate>;
