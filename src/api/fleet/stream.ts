import type { Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import { type Call, endpoint } from '../endpoint.ts';
import { snapshotFor } from '../reading.ts';

/** How often it is looked whether a reader is still who may read; a revoked API token is told at once. */
const ADMISSION_MS = 2_000;

const StreamQuery = Type.Object(
  {
    max_ms: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 86_400_000, description: 'Ends the stream after so long.' }),
    ),
  },
  { additionalProperties: false },
);

/** Ends the stream of a reader whose token has been revoked or has expired. @returns to stop looking */
const readmit = (
  { node, headers, principal }: Call<unknown, unknown, unknown>,
  stream: Readable,
): (() => void) => {
  const { role, token_id, remote } = principal;
  const end = () => node.feed.end(stream);
  const timer = setInterval(() => {
    node.gate.admit({ headers, remote }).then((now) => (now.role === role ? undefined : end()), end);
  }, ADMISSION_MS);
  const unsubscribe = node.cache.subscribe(({ tokens }) => {
    if (token_id !== undefined && !tokens.has(token_id)) end();
  });
  return () => {
    clearInterval(timer);
    unsubscribe();
  };
};

export const getFleetStream = endpoint({
  method: 'GET',
  url: '/fleet/stream',
  access: 'operator',
  tag: 'fleet',
  summary:
    'The fleet as server-sent events: `fleet`, the whole of it, then an `update` for each change. Last-Event-ID resumes.',
  schemas: { query: StreamQuery, response: { 200: Type.String() } },
  handle: async (call) => {
    await snapshotFor(call.node, {});
    const stream = call.node.feed.open(call.headers['last-event-id']);
    const forget = readmit(call, stream);
    const { max_ms } = call.query;
    const end = max_ms === undefined ? undefined : setTimeout(() => call.node.feed.end(stream), max_ms);
    stream.once('close', () => {
      forget();
      clearTimeout(end);
    });
    return {
      status: 200,
      body: stream,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
    };
  },
});
