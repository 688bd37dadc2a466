/** Changes with their receipts, the stream of the fleet, and its metrics, over HTTP. */
import { request } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ChangeWithReceipts } from '../../src/contract/changes.ts';
import type { FleetUpdate } from '../../src/contract/fleet-stream.ts';
import type { FleetAnswer } from '../../src/contract/fleet-answer.ts';
import { ROUTE, TENANT } from '../support/control-plane.ts';
import { until } from '../support/until.ts';
import { useTwoNodes } from './two-nodes.ts';

const pair = useTwoNodes();
const { url, setConfig, joined } = pair;
beforeEach(() => pair.fleet.quiet());

const change = async (revision: number, n = 0): Promise<ChangeWithReceipts> =>
  (await pair.fleet.callNode(n, 'GET', `/changes/${revision}`)).body as unknown as ChangeWithReceipts;

describe('GET /changes/{revision}', () => {
  test('names who lacks a change, then shows each receipt with the time it took, on every node', async () => {
    const one = await joined('edge-1');
    const two = await joined('edge-2', {}, 1);
    await until('node 0 knows both', () => pair.fleet.nodes[0]?.node.fleet.gateways().length === 2);
    const waiting = one.heartbeat(url(), { hold_ms: 1_000 });
    const revision = await setConfig(61);
    const { answer } = await waiting;
    const before = await change(revision);
    expect(before).toMatchObject({
      revision,
      by: 'admin',
      edits: [
        {
          kind: 'config',
          id: TENANT,
          action: 'create',
          before: null,
          after: { threat_threshold: 61 },
        },
      ],
      reach: { gateways: 2, gateways_pending: ['edge-1', 'edge-2'], complete: false },
      receipts: { gateways: [] },
    });
    await one.tellAll(url(), answer.prove);
    expect((await change(revision)).reach).toMatchObject({ gateways_pending: ['edge-2'], complete: false });
    await two.catchUp(url(1));
    for (const n of [0, 1]) {
      await until('everybody has it', async () => (await change(revision, n)).reach.complete);
      await until('each receipt is there', async () => {
        const { receipts } = await change(revision, n);
        return receipts?.gateways.length === 2 && receipts.nodes.length === 2;
      });
      const { receipts } = await change(revision, n);
      expect(
        receipts?.gateways.map(({ gateway_id, node_id, state }) => [gateway_id, node_id, state]).sort(),
      ).toEqual([
        ['edge-1', 'node-1', 'applied'],
        ['edge-2', 'node-2', 'applied'],
      ]);
      expect(receipts?.nodes.map(({ node_id }) => node_id).sort()).toEqual(['node-1', 'node-2']);
      const latencies = [...(receipts?.gateways ?? []), ...(receipts?.nodes ?? [])];
      for (const { latency_ms } of latencies) expect(latency_ms).toBeGreaterThanOrEqual(0);
    }
  });

  test('shows who turned it down, and why', async () => {
    const one = await joined('edge-1');
    const waiting = one.heartbeat(url(), { hold_ms: 1_000 });
    const { revision } = (
      await pair.fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } })
    ).body;
    const { answer } = await waiting;
    const [item] = answer.prove;
    if (!item) throw new Error('nothing to prove');
    await one.receipts(url(), [one.receipt(item, { loaded: 0, seen: item.revision }, 'bad uri')]);
    const { reach, receipts } = await change(revision);
    expect(reach).toMatchObject({ gateways_pending: [], gateways_rejecting: ['edge-1'], complete: false });
    expect(receipts?.gateways).toMatchObject([
      { gateway_id: 'edge-1', state: 'rejected', reason: 'bad uri' },
    ]);
  });

  test('does not exist for a revision that is no change', async () => {
    const revision = await setConfig(61);
    for (const path of [`/changes/${revision + 50}`, '/changes/1']) {
      expect(await pair.fleet.call('GET', path)).toMatchObject({
        status: 404,
        body: { code: 'change_not_found' },
      });
    }
    expect((await pair.fleet.call('GET', '/changes/x')).status).toBe(400);
  });
});

describe('GET /changes', () => {
  test('lists the last changes, newest first, page after page', async () => {
    const revisions: number[] = [];
    for (const threshold of [61, 62, 63]) revisions.unshift(await setConfig(threshold));
    const first = await pair.fleet.call('GET', '/changes?limit=2');
    const listed = (body: object) => (body as { changes: { revision: number }[] }).changes;
    expect(listed(first.body).map(({ revision }) => revision)).toEqual(revisions.slice(0, 2));
    const { next } = first.body as unknown as { next: string };
    const second = await pair.fleet.call('GET', `/changes?limit=2&after=${next}`);
    expect(listed(second.body).map(({ revision }) => revision)[0]).toBe(revisions[2]);
  });
});

interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: FleetAnswer | FleetUpdate;
}

/** Reads a stream of events until it is closed. */
const streamOf = (path: string, headers: Record<string, string> = {}) => {
  const events: StreamEvent[] = [];
  let ended = false;
  let text = '';
  const sent = request(`${url()}${path}`, { headers }, (response) => {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      for (let at = text.indexOf('\n\n'); at !== -1; at = text.indexOf('\n\n')) {
        const fields = new Map(
          text
            .slice(0, at)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(': ') + 2)]),
        );
        const data = fields.get('data');
        text = text.slice(at + 2);
        if (data !== undefined) {
          const parsed = JSON.parse(data) as StreamEvent['data'];
          events.push({ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: parsed });
        }
      }
    });
    response.on('close', () => (ended = true));
  });
  sent.on('error', () => (ended = true));
  sent.end();
  return { events, ended: () => ended, close: () => sent.destroy() };
};

describe('GET /fleet/stream', () => {
  test('begins with the whole fleet, then tells what changes in it', async () => {
    const stream = streamOf('/fleet/stream');
    await until('the fleet is there', () => stream.events.length > 0);
    expect(stream.events[0]).toMatchObject({ event: 'fleet', data: { nodes: [{}, {}], gateways: [] } });
    const one = await joined('edge-1');
    await until('the gateway shows', () =>
      stream.events.some(({ data }) => data.gateways.some((each) => each.state === 'synced')),
    );
    const revision = await setConfig(61);
    await until('it lacks the change', () =>
      stream.events.some(
        ({ data }) => data.revision === revision && data.gateways[0]?.state === 'catching_up',
      ),
    );
    await one.catchUp(url());
    await until('it has it', () =>
      stream.events.some(
        ({ data }) => data.gateways[0]?.state === 'synced' && data.gateways[0].revision === revision,
      ),
    );
    expect(stream.events.slice(1).every(({ event }) => event === 'update')).toBe(true);
    stream.close();
  });

  test('goes on after the last event that a reader had, and begins anew for one that it does not know', async () => {
    const first = streamOf('/fleet/stream');
    await until('the fleet is there', () => first.events.length > 0);
    const last = first.events.at(-1)?.id ?? '';
    first.close();
    const missed = await setConfig(61);
    const second = streamOf('/fleet/stream', { 'last-event-id': last });
    await until('what was missed is told', () => second.events.some(({ data }) => data.revision === missed));
    expect(second.events.every(({ event }) => event === 'update')).toBe(true);
    const third = streamOf('/fleet/stream', { 'last-event-id': 'other.3' });
    await until('the fleet is there', () => third.events.length > 0);
    expect(third.events[0]?.event).toBe('fleet');
    second.close();
    third.close();
  });

  test('ends when it was asked to, and when the node stops', async () => {
    const short = streamOf('/fleet/stream?max_ms=50');
    await until('it has ended', short.ended);
    expect(short.events[0]?.event).toBe('fleet');
    const long = streamOf('/fleet/stream');
    await until('the fleet is there', () => long.events.length > 0);
    await pair.fleet.nodes[0]?.dispose();
    await until('it has ended', long.ended);
  });
});

test('the times to each node and gateway are histograms', async () => {
  const one = await joined('edge-1');
  const waiting = one.heartbeat(url(), { hold_ms: 1_000 });
  const revision = await setConfig(61);
  await one.tellAll(url(), (await waiting).answer.prove);
  await until('everybody has it', async () => (await change(revision)).reach.complete);
  const { text } = await pair.fleet.call('GET', '/metrics');
  const count = (by: string): number => {
    const line = text
      .split('\n')
      .find(
        (each) => each.startsWith('lockstep_change_applied_seconds_count') && each.includes(`by="${by}"`),
      );
    return Number(line?.split(' ').at(-1));
  };
  expect(count('gateway')).toBeGreaterThanOrEqual(1);
  expect(count('node')).toBeGreaterThanOrEqual(2);
  expect(text).toMatch(/lockstep_fleet_gateways{.*state="synced".*} 1/);
});
