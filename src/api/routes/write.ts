import { Type } from '@sinclair/typebox';
import { createRoute, deleteRoute, updateRoute } from '../../change/route.ts';
import { RouteChanged } from '../../contract/answer.ts';
import { RouteId } from '../../contract/identifier.ts';
import { RouteSpec, RouteUpdates, type RouteUpdates as Updates } from '../../contract/route.ts';
import { endpoint } from '../endpoint.ts';
import { WriteQuery, type Wording, answerChange, changeRequest } from '../writing.ts';

const params = Type.Object({ id: RouteId });

const wording = (message: Wording['message'], id: string): Wording => ({
  message,
  id,
  underway: 'syncing_to_apisix_and_nodes',
});

export const postRoute = endpoint({
  method: 'POST',
  url: '/global-routes',
  access: 'tenant',
  tag: 'routes',
  summary: 'Create a route',
  writes: true,
  schemas: {
    query: WriteQuery,
    body: Type.Object({ route: RouteSpec }, { additionalProperties: false }),
    response: { 201: RouteChanged, 202: RouteChanged },
  },
  handle: async (call) => {
    const { route } = call.body;
    const receipt = await createRoute(call.node.changes, changeRequest(call), call.tenant_id, route);
    const location = `/global-routes/${route.id}`;
    return answerChange(call, receipt, wording('route_created', route.id), { route_id: route.id }, location);
  },
});

export const putRoute = endpoint({
  method: 'PUT',
  url: '/global-routes/:id',
  access: 'tenant',
  tag: 'routes',
  summary: 'Update fields of a route; null takes an optional one away',
  writes: true,
  schemas: {
    params,
    query: WriteQuery,
    body: Type.Object({ updates: RouteUpdates }, { additionalProperties: false }),
    response: { 200: RouteChanged, 202: RouteChanged },
  },
  handle: async (call) => {
    const { id } = call.params;
    const updates = call.body.updates as Updates;
    const receipt = await updateRoute(call.node.changes, changeRequest(call), call.tenant_id, id, updates);
    return answerChange(call, receipt, wording('route_updated', id), { route_id: id });
  },
});

export const deleteRouteEndpoint = endpoint({
  method: 'DELETE',
  url: '/global-routes/:id',
  access: 'tenant',
  tag: 'routes',
  summary: 'Delete a route',
  writes: true,
  schemas: { params, query: WriteQuery, response: { 200: RouteChanged, 202: RouteChanged } },
  handle: async (call) => {
    const { id } = call.params;
    const receipt = await deleteRoute(call.node.changes, changeRequest(call), call.tenant_id, id);
    return answerChange(call, receipt, wording('route_deleted', id), { route_id: id });
  },
});
