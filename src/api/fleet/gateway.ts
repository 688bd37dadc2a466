import { Heartbeat, HeartbeatAnswer, Receipts, ReceiptsAnswer } from '../../contract/fleet.ts';
import { endpoint } from '../endpoint.ts';

export const postHeartbeat = endpoint({
  method: 'POST',
  url: '/fleet/heartbeat',
  access: 'gateway',
  tag: 'fleet',
  summary:
    'A gateway says that it lives, and is told what to prove; held until there is something, or hold_ms',
  schemas: { body: Heartbeat, response: { 200: HeartbeatAnswer } },
  handle: async ({ node, body, gone }) => ({
    status: 200,
    body: await node.fleet.heartbeat(body, gone()),
  }),
});

export const postReceipts = endpoint({
  method: 'POST',
  url: '/fleet/receipts',
  access: 'gateway',
  tag: 'fleet',
  summary: 'What each worker of a gateway has in force of the objects it was asked about',
  schemas: { body: Receipts, response: { 200: ReceiptsAnswer } },
  handle: async ({ node, body }) => ({ status: 200, body: await node.fleet.receipts(body) }),
});
