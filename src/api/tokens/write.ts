import { Type } from '@sinclair/typebox';
import { createToken, revokeToken } from '../../change/tokens/token.ts';
import { TokenIssued, TokenRevoked } from '../../contract/answer.ts';
import { message } from '../../contract/message.ts';
import { TokenId, TokenSpec } from '../../contract/token.ts';
import { endpoint } from '../endpoint.ts';
import { settle } from '../settle.ts';
import { tokenAuthorOf } from '../writing.ts';
import { tokenView } from './view.ts';

/** A token that is shown once can't be shown again to a repeated request, so these take no idempotency key, and refuse one. */
const TokenQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('nodes')], {
        description: '`nodes`, the default: answer once every live node knows; 202 names those that do not.',
      }),
    ),
    timeout_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: 2_000 }),
  },
  { additionalProperties: false },
);

const settling = { underway: 'broadcasting_to_all_nodes', waits: true } as const;

export const postToken = endpoint({
  method: 'POST',
  url: '/tokens',
  access: 'operator',
  reasoned: true,
  tag: 'tokens',
  summary: 'Make an API token. It is shown in this answer and never again',
  schemas: { query: TokenQuery, body: TokenSpec, response: { 201: TokenIssued, 202: TokenIssued } },
  handle: async (call) => {
    const { node, language } = call;
    const { text, record, revision } = await createToken(node.changes, tokenAuthorOf(call), call.body);
    const { status, ...sync } = await settle(call, revision, settling);
    return {
      status: status === 200 ? 201 : status,
      body: {
        message: message('token_created', language, record.id),
        token: text,
        about: tokenView(node, record),
        ...sync,
        revision,
      },
      headers: { location: `/tokens/${record.id}`, 'x-lockstep-revision': String(revision) },
    };
  },
});

export const deleteToken = endpoint({
  method: 'DELETE',
  url: '/tokens/:id',
  access: 'operator',
  reasoned: true,
  tag: 'tokens',
  summary: 'Revoke an API token',
  schemas: {
    params: Type.Object({ id: TokenId }),
    query: TokenQuery,
    response: { 200: TokenRevoked, 202: TokenRevoked },
  },
  handle: async (call) => {
    const { node, language } = call;
    const { id } = call.params;
    const revision = await revokeToken(node.changes, tokenAuthorOf(call), id);
    const { status, ...sync } = await settle(call, revision, settling);
    return {
      status,
      body: { message: message('token_revoked', language, id), token_id: id, ...sync, revision },
      headers: { 'x-lockstep-revision': String(revision) },
    };
  },
});
