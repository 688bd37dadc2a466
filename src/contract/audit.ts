import { Type } from '@sinclair/typebox';
import { Origin } from './principal.ts';

const AuditEdit = Type.Object(
  {
    kind: Type.String({ description: '`config`, `routes`, `ssl`, or what else operators change.' }),
    id: Type.String(),
    action: Type.String({ description: '`create`, `update` or `delete`.' }),
    version: Type.Optional(Type.Integer({ description: 'The version it wrote.' })),
    tenant_id: Type.Optional(Type.String({ description: 'Whose it is; absent for what is nobody’s.' })),
    before: Type.Optional(
      Type.Unknown({
        description: 'With `records`: the object before, null where there was none. Never with a key.',
      }),
    ),
    after: Type.Optional(
      Type.Unknown({ description: 'With `records`: the object after, null once deleted.' }),
    ),
  },
  { title: 'AuditEdit' },
);

export const AuditEntry = Type.Object(
  {
    revision: Type.Integer({ description: 'The store’s revision that carries the change.' }),
    at: Type.String({ description: 'ISO 8601, by the clock of the node that took it.' }),
    by: Type.String(),
    origin: Type.Optional(Origin),
    reason: Type.Optional(Type.String()),
    request_id: Type.String(),
    edits: Type.Array(AuditEdit),
  },
  { title: 'AuditEntry' },
);

export const AuditList = Type.Object(
  {
    entries: Type.Array(AuditEntry, { description: 'Newest first; changes that raced may be out of order.' }),
    next: Type.Optional(
      Type.String({
        description:
          'Pass as `after` for the next page; absent on the last. A page may hold fewer entries than asked for, even none, and have one.',
      }),
    ),
    revision: Type.Integer({ description: 'The revision the page was read at.' }),
  },
  { title: 'AuditList' },
);
