import { type Static, type TProperties, Type } from '@sinclair/typebox';
import type { Receipt } from '../change/commit.ts';
import type { ChangeAuthor, ChangeRequest } from '../change/context.ts';
import { Refusal, type Text } from '../contract/errors.ts';
import { type MessageCode, message } from '../contract/message.ts';
import { PRINTABLE } from '../contract/validator.ts';
import { etagOf } from '../domain/version.ts';
import { type Revision, revision as toRevision } from '../shared/revision.ts';
import type { Answer, Call } from './endpoint.ts';
import { type Settling, settle } from './settle.ts';

const TIMEOUT_DEFAULT_MS = 2_000;
/** Most records, and most projections, that the answer to a dry run lists. */
const PLANNED_MAX = 1_000;

/** Every change takes these. */
export const WriteQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('nodes'), Type.Literal('fleet')], {
        description:
          '`nodes`: answer once every live node has applied the change; 202 names those that have not. ' +
          '`fleet`: the same of every gateway that reports, by its proof; 202 also tells who turned the change down.',
      }),
    ),
    timeout_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: TIMEOUT_DEFAULT_MS }),
    dry_run: Type.Optional(
      Type.Boolean({
        description: 'Decide and check everything, change nothing, and say what would change.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type WriteQuery = Static<typeof WriteQuery>;

/** Header → what it is for; documented on every change of one object. */
export const PRECONDITION_HEADERS: TProperties = {
  'if-match': Type.Optional(
    Type.String({ maxLength: 1024, description: 'Change only what has one of these ETags.' }),
  ),
  'if-none-match': Type.Optional(
    Type.String({ maxLength: 1024, description: '`*`: change only what does not exist.' }),
  ),
};

/** Taken by whatever is logged as a change. */
export const REASON_HEADER: TProperties = {
  'x-change-reason': Type.Optional(
    Type.String({
      maxLength: 600,
      description: 'Goes into the history. UTF-8.',
    }),
  ),
};

/** Header → what it is for; documented on every change. */
export const WRITE_HEADERS: TProperties = {
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,128}$',
      description:
        'The same key with the same request is carried out once within a day; later ones get its answer.',
    }),
  ),
  ...REASON_HEADER,
};

const ENTITY_TAGS: Text = {
  zh: '须为 "3-17" 这样的实体标签，或 *',
  en: 'must be entity tags such as "3-17", or *',
};
const NO_TAG_OF_MANY: Text = {
  zh: '此请求修改多个对象，没有可供比较的实体标签',
  en: 'changes many objects, so there is no entity tag to compare',
};
const NOT_FOR_TOKENS: Text = { zh: '访问令牌的请求不支持此请求头', en: 'is not taken for tokens' };
const PRINTABLE_UTF8: Text = { zh: '须为可打印的 UTF-8 文字', en: 'must be printable UTF-8' };

const tags = (header: string | undefined, name: string): string[] | undefined => {
  if (header === undefined) return undefined;
  const list = header.split(',').map((tag) => tag.trim());
  if (list.every((tag) => tag === '*' || /^"[\x21\x23-\x7e]*"$/.test(tag))) return list;
  throw new Refusal('invalid_value', {
    in: 'header',
    pointer: `/${name}`,
    params: { field: name, reason: ENTITY_TAGS },
  });
};

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Node reads headers as Latin-1; reasons are written in any language. */
const reasonOf = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const field = 'x-change-reason';
  const refuse = (cause?: unknown) =>
    new Refusal('invalid_value', {
      in: 'header',
      pointer: `/${field}`,
      params: { field, reason: PRINTABLE_UTF8 },
      cause,
    });
  let text: string;
  try {
    text = decoder.decode(Buffer.from(header, 'latin1'));
  } catch (cause) {
    throw refuse(cause);
  }
  if (!PRINTABLE.test(text)) throw refuse();
  return text;
};

/** Who asks for a change, and why, for history and change log. @throws Refusal invalid_value for a malformed reason */
export const authorOf = ({
  principal,
  request_id,
  headers,
}: Call<unknown, unknown, unknown>): ChangeAuthor => {
  const { actor, role, token_id, token_revision = 0, remote } = principal;
  const about = { actor, request_id, reason: reasonOf(headers['x-change-reason']) };
  if (token_id === undefined) return { ...about, origin: { role, from: remote } };
  const token = { id: token_id, revision: toRevision(token_revision) };
  return { ...about, origin: { role, token_id, from: remote }, token };
};

/** Scope of the idempotency keys of requests for no tenant: no tenant can be called so. */
const NO_TENANT = '*';

/** The change asked for by a call. @throws Refusal invalid_value for malformed headers */
export const changeRequest = (call: Call<unknown, WriteQuery, unknown>): ChangeRequest => {
  const key = call.headers['idempotency-key'];
  const scope = call.tenant_id || NO_TENANT;
  return {
    ...authorOf(call),
    preconditions: {
      ifMatch: tags(call.headers['if-match'], 'if-match'),
      ifNoneMatch: tags(call.headers['if-none-match'], 'if-none-match'),
    },
    idempotency: key === undefined ? undefined : { key, scope, fingerprint: call.fingerprint },
    dry_run: call.query.dry_run,
  };
};

/**
 * The change of many objects asked for by a call. A precondition on it would hold for one of them at best, so none is taken.
 * @throws Refusal invalid_value
 */
export const changeRequestOfMany = (call: Call<unknown, WriteQuery, unknown>): ChangeRequest => {
  refuseHeaders(call, Object.keys(PRECONDITION_HEADERS), NO_TAG_OF_MANY);
  return changeRequest(call);
};

/**
 * Who makes or revokes a token. A token is shown once, so no repeated request could be answered with it, and it is never
 * altered, so there is nothing to compare. @throws Refusal invalid_value
 */
export const tokenAuthorOf = (call: Call<unknown, unknown, unknown>): ChangeAuthor => {
  refuseHeaders(call, [...Object.keys(PRECONDITION_HEADERS), 'idempotency-key'], NOT_FOR_TOKENS);
  return authorOf(call);
};

/** What can't be kept to is not passed over in silence. */
const refuseHeaders = (
  { headers }: Pick<Call<unknown, unknown, unknown>, 'headers'>,
  names: readonly string[],
  reason: Text,
): void => {
  const field = names.find((name) => headers[name] !== undefined);
  if (field === undefined) return;
  throw new Refusal('invalid_value', { in: 'header', pointer: `/${field}`, params: { field, reason } });
};

export interface Wording extends Settling {
  readonly message: MessageCode;
  /** Names the object in the message. */
  readonly id?: string;
}

/** Names what was written, for callers and for the audit's log; nothing where nothing was. */
export const revisionHeader = (revision: Revision | undefined): Record<string, string> =>
  revision === undefined ? {} : { 'x-lockstep-revision': String(revision) };

/** What a dry run would change, of many objects the first. */
export const plannedChanges = (receipts: readonly Pick<Receipt, 'edits' | 'projected'>[]): object => ({
  records: receipts.flatMap(({ edits }) => edits).slice(0, PLANNED_MAX),
  projections: receipts.flatMap(({ projected }) => projected).slice(0, PLANNED_MAX),
});

/** The answer to a change of one object. */
export const answerChange = async (
  call: Call<unknown, WriteQuery, unknown>,
  receipt: Receipt,
  wording: Wording,
  fields: Readonly<Record<string, unknown>> = {},
  location?: string,
): Promise<Answer> => {
  const [edit] = receipt.edits;
  const text = message(wording.message, call.language, wording.id);
  if (receipt.dry_run) {
    const changes = plannedChanges([receipt]);
    return {
      status: 200,
      body: { message: text, ...fields, sync_status: 'dry_run', dry_run: true, changes },
    };
  }
  const { status, ...sync } = await settle(call, receipt.revision, wording);
  const created = edit?.action === 'create' && location !== undefined;
  const etag =
    edit && edit.action !== 'delete' && receipt.revision !== undefined
      ? { etag: etagOf(edit.version, receipt.revision) }
      : {};
  return {
    status: status === 200 && created ? 201 : status,
    body: { message: text, ...fields, ...sync, version: edit?.version, revision: receipt.revision },
    headers: {
      ...etag,
      ...(created ? { location } : {}),
      ...(receipt.replayed ? { 'idempotent-replayed': 'true' } : {}),
      ...revisionHeader(receipt.revision),
    },
  };
};
