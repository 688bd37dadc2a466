import { Type } from '@sinclair/typebox';
import { TokenAnswer, TokenList } from '../../contract/answer.ts';
import { Refusal } from '../../contract/errors.ts';
import { TokenId } from '../../contract/token.ts';
import { endpoint } from '../endpoint.ts';
import { PagedQuery, ReadQuery, freshness, paged, snapshotFor } from '../reading.ts';
import { tokenView } from './view.ts';

export const listTokens = endpoint({
  method: 'GET',
  url: '/tokens',
  access: 'operator',
  sensitive: true,
  tag: 'tokens',
  summary: 'Every API token, without its secret',
  schemas: { query: PagedQuery, response: { 200: TokenList } },
  handle: async ({ node, query }) => {
    const snapshot = await snapshotFor(node, query);
    const { page, ...rest } = paged([...snapshot.tokens.values()], ({ value }) => value.id, query);
    const tokens = page.map(({ value }) => tokenView(node, value));
    return { status: 200, body: { ...rest, tokens, revision: snapshot.stamp.revision, ...freshness(node) } };
  },
});

export const getToken = endpoint({
  method: 'GET',
  url: '/tokens/:id',
  access: 'operator',
  sensitive: true,
  tag: 'tokens',
  summary: 'One API token, without its secret',
  schemas: {
    params: Type.Object({ id: TokenId }),
    query: ReadQuery,
    response: { 200: TokenAnswer },
  },
  handle: async ({ node, params: { id }, query }) => {
    const record = (await snapshotFor(node, query)).tokens.get(id)?.value;
    if (!record) {
      const about = { in: 'path', pointer: '/id', params: { id } } as const;
      throw new Refusal('token_not_found', { ...about, extra: freshness(node) });
    }
    return { status: 200, body: { token: tokenView(node, record), ...freshness(node) } };
  },
});
