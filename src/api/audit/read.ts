import { Type } from '@sinclair/typebox';
import { listChanges } from '../../change/history/change-log.ts';
import { notReached } from '../../change/not-reached.ts';
import { AuditList } from '../../contract/audit.ts';
import { ChangeCursor } from '../../contract/changes.ts';
import { ACTIONS } from '../../contract/record.ts';
import { endpoint } from '../endpoint.ts';
import { ReadQuery } from '../reading.ts';
import { withRecords, withoutRecords } from './entry.ts';

/** A page with records reads two history entries for each edit. */
const WITH_RECORDS_MAX = 20;

const Filter = Type.String({ minLength: 1, maxLength: 320 });
const Time = Type.String({ format: 'date-time', examples: ['2026-01-31T08:00:00Z'] });

const ms = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time);

export const getAudit = endpoint({
  method: 'GET',
  url: '/audit',
  access: 'operator',
  sensitive: true,
  tag: 'audit',
  summary: 'Every change of the fleet, newest first: who, from where, what, why',
  schemas: {
    query: Type.Object(
      {
        ...ReadQuery.properties,
        tenant_id: Type.Optional(Filter),
        actor: Type.Optional(Filter),
        kind: Type.Optional(Filter),
        id: Type.Optional(Filter),
        action: Type.Optional(Type.Union(ACTIONS.map((action) => Type.Literal(action)))),
        request_id: Type.Optional(Filter),
        since: Type.Optional(Time),
        until: Type.Optional(Time),
        records: Type.Optional(
          Type.Boolean({
            description: `Show each object before and after; a page then has at most ${WITH_RECORDS_MAX} entries.`,
          }),
        ),
        limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
        after: Type.Optional(ChangeCursor),
      },
      { additionalProperties: false },
    ),
    response: { 200: AuditList },
  },
  handle: async ({ node, query }) => {
    const { since, until, records, min_revision = 0, ...rest } = query;
    const limit = records ? Math.min(query.limit, WITH_RECORDS_MAX) : query.limit;
    const wanted = { ...rest, limit, since_ms: ms(since), until_ms: ms(until) };
    const { changes, ...page } = await listChanges(node.changes, wanted);
    if (page.revision < min_revision) throw notReached(min_revision);
    const entries = records
      ? await Promise.all(changes.map((change) => withRecords(node, change)))
      : changes.map(withoutRecords);
    return { status: 200, body: { entries, ...page } };
  },
});
