import { Type } from '@sinclair/typebox';
import { readHistory } from '../../change/history/history.ts';
import { HistoryList } from '../../contract/answer.ts';
import { KINDS } from '../../contract/record.ts';
import { endpoint } from '../endpoint.ts';
import { ReadQuery } from '../reading.ts';

export const getHistory = endpoint({
  method: 'GET',
  url: '/history/:kind/:id',
  access: 'tenant',
  tag: 'history',
  summary: 'Every accepted write of one object, newest first',
  schemas: {
    params: Type.Object({
      kind: Type.Union(KINDS.map((kind) => Type.Literal(kind))),
      id: Type.String({ pattern: '^(?!.*\\.\\.)[a-zA-Z0-9_-][a-zA-Z0-9._:*-]{0,317}$' }),
    }),
    query: Type.Object(
      {
        ...ReadQuery.properties,
        limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
        before_version: Type.Optional(Type.Integer({ minimum: 1 })),
      },
      { additionalProperties: false },
    ),
    response: { 200: HistoryList },
  },
  handle: async ({ node, params, query, tenant_id, principal }) => {
    const { id, kind } = params;
    const { entries, ...page } = await readHistory(node.changes, { tenant_id, kind, id, ...query });
    // The addresses of operators are none of a tenant's business.
    const shown =
      principal.role === 'operator' ? entries : entries.map(({ origin: _hidden, ...rest }) => rest);
    return { status: 200, body: { kind, id, ...page, entries: shown } };
  },
});
