import { Type } from '@sinclair/typebox';
import { RouteAnswer, RouteList } from '../../contract/answer.ts';
import { Refusal } from '../../contract/errors.ts';
import { RouteId } from '../../contract/identifier.ts';
import type { RouteRecord } from '../../contract/record.ts';
import { etagOf } from '../../domain/version.ts';
import type { Cached } from '../../reflector/cache.ts';
import { endpoint } from '../endpoint.ts';
import { PagedQuery, ReadQuery, freshness, paged, snapshotFor, tagged } from '../reading.ts';

const routeView = ({ value, revision }: Cached<RouteRecord>) => ({ ...value, revision });

export const listRoutes = endpoint({
  method: 'GET',
  url: '/global-routes',
  access: 'tenant',
  tag: 'routes',
  summary: 'The tenant’s routes',
  schemas: {
    query: PagedQuery,
    response: { 200: RouteList },
  },
  handle: async ({ node, query, tenant_id }) => {
    const snapshot = await snapshotFor(node, query);
    const own = [...snapshot.routes.values()].filter(({ value }) => value.tenant_id === tenant_id);
    const { page, ...rest } = paged(own, ({ value }) => value.id, query);
    const routes = page.map(routeView);
    return {
      status: 200,
      body: { tenant_id, ...rest, routes, revision: snapshot.stamp.revision, ...freshness(node) },
    };
  },
});

export const getRoute = endpoint({
  method: 'GET',
  url: '/global-routes/:id',
  access: 'tenant',
  tag: 'routes',
  summary: 'One route',
  schemas: {
    params: Type.Object({ id: RouteId }),
    query: ReadQuery,
    response: { 200: RouteAnswer },
  },
  handle: async (call) => {
    const { node, tenant_id } = call;
    const { id } = call.params;
    const snapshot = await snapshotFor(node, call.query);
    const cached = snapshot.routes.get(id);
    if (cached?.value.tenant_id !== tenant_id) {
      throw new Refusal('route_not_found', {
        in: 'path',
        pointer: '/id',
        params: { id },
        extra: freshness(node),
      });
    }
    const body = { tenant_id, route: routeView(cached), ...freshness(node) };
    return tagged(call, etagOf(cached.value.version, cached.revision), body);
  },
});
