import { Type } from '@sinclair/typebox';
import { Health } from '../../contract/answer.ts';
import { endpoint } from '../endpoint.ts';
import { isLive, isReady, rewindsOf } from '../reading.ts';

export const livez = endpoint({
  method: 'GET',
  url: '/livez',
  access: 'public',
  tag: 'operations',
  summary: 'The process answers',
  schemas: { response: { 200: Health } },
  handle: async () => ({ status: 200, body: { status: 'ok' } }),
});

export const readyz = endpoint({
  method: 'GET',
  url: '/readyz',
  access: 'public',
  tag: 'operations',
  summary:
    'The node has a cache to answer from and is on the list of nodes. Stays ready while the store is away: reads go on.',
  schemas: { response: { 200: Health, 503: Health } },
  handle: async ({ node }) => {
    const rewound = rewindsOf(node).length > 0;
    const detail = {
      etcd_connected: isLive(node),
      ...(node.presence.hasRival() ? { node_id_conflict: true } : {}),
      ...(rewound ? { store_rewound: true } : {}),
    };
    return isReady(node)
      ? { status: 200, body: { status: 'ready', ...detail } }
      : { status: 503, body: { status: 'starting', ...detail } };
  },
});

export const metrics = endpoint({
  method: 'GET',
  url: '/metrics',
  access: 'metrics',
  tag: 'operations',
  summary: 'Prometheus metrics',
  schemas: { response: { 200: Type.String() } },
  handle: async ({ node }) => ({
    status: 200,
    body: await node.metrics.text(),
    headers: { 'content-type': node.metrics.contentType },
  }),
});
