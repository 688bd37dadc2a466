import { Type } from '@sinclair/typebox';
import { readHistory } from '../../change/history.ts';
import { KINDS, type Kind } from '../../contract/record.ts';
import { endpoint } from '../endpoint.ts';

const Entry = Type.Object({
  version: Type.Integer(),
  action: Type.String({ description: '`create`, `update` or `delete`.' }),
  at: Type.String(),
  by: Type.String(),
  reason: Type.Optional(Type.String()),
  request_id: Type.String(),
  revision: Type.Integer(),
  record: Type.Unknown({
    description: 'The object as written; for a delete, as it was last. Never with a key.',
  }),
});

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
        limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
        before_version: Type.Optional(Type.Integer({ minimum: 1 })),
      },
      { additionalProperties: false },
    ),
    response: {
      200: Type.Object({
        kind: Type.String(),
        id: Type.String(),
        total: Type.Integer(),
        entries: Type.Array(Entry),
        next: Type.Optional(Type.Integer({ description: 'Pass as `before_version` for the next page.' })),
      }),
    },
  },
  handle: async ({ node, params, query, tenant_id }) => {
    const { id } = params;
    const kind = params.kind as Kind;
    const page = await readHistory(node.changes, { tenant_id, kind, id, ...query });
    return { status: 200, body: { kind, id, ...page } };
  },
});
