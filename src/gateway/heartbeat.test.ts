/** The embedded gateway's reports, to nodes that do as a test wants. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../test/support/until.ts';
import type { GatewayReceipt, Heartbeat, HeartbeatAnswer, ProveItem, Receipts } from '../contract/fleet.ts';
import type { Log } from '../shared/log.ts';
import { type Stamp, revision } from '../shared/revision.ts';
import type { ObjectState } from './picture/gateway-picture.ts';
import { Reporter } from './heartbeat.ts';

/** A node that answers heartbeats with what it is told to. */
class TestNode {
  readonly heartbeats: Heartbeat[] = [];
  readonly receipts: GatewayReceipt[] = [];
  readonly tokens: (string | undefined)[] = [];
  status = 200;
  clusterId = 'c';
  readonly prove: ProveItem[] = [];
  private readonly server: Server;
  private held: (() => void)[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Heartbeat & Receipts;
        this.tokens.push(request.headers.authorization);
        const answer = (value: object) => {
          response.writeHead(this.status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(value));
        };
        const proved = { cluster_id: this.clusterId, revision: 7 };
        if (this.status !== 200) return answer({ code: 'forbidden', detail: 'no' });
        if (request.url === '/fleet/receipts') {
          this.receipts.push(...body.receipts);
          return answer({ proved, states: body.receipts.map(() => 'applied') });
        }
        this.heartbeats.push(body);
        const reply = () => {
          const said: HeartbeatAnswer = {
            node_id: 'n',
            cluster_id: this.clusterId,
            proved,
            prove: this.prove.splice(0),
            more: false,
            listed: true,
          };
          answer(said);
        };
        if (body.leaving || this.prove.length > 0) reply();
        else this.held.push(reply);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Answers what waits. */
  ask(...items: ProveItem[]): void {
    this.prove.push(...items);
    for (const reply of this.held.splice(0)) reply();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

const NODES = 2;
let nodes: TestNode[];
let urls: string[];
let reporter: Reporter;
let applied: Stamp | undefined;
let objects: Map<string, ObjectState>;
let logged: string[];
let token: string;

const log: Log = {
  debug: () => {},
  info: (_, message) => logged.push(message),
  warn: (_, message) => logged.push(message),
  error: (_, message) => logged.push(message),
};

beforeEach(async () => {
  nodes = Array.from({ length: NODES }, () => new TestNode());
  urls = await Promise.all(nodes.map((node) => node.start()));
  applied = { clusterId: 'c', revision: revision(10) };
  objects = new Map();
  logged = [];
  token = 'secret';
  reporter = new Reporter({
    gatewayId: 'edge-1',
    instance: 'instance-1',
    version: '1',
    plugin: { loaded: true, version: '1' },
    pid: 42,
    control: urls,
    token: () => token,
    send: fetch,
    log,
    applied: () => applied,
    state: (directory, id) =>
      objects.get(`${directory}/${id}`) ?? { loaded: undefined, rejection: undefined },
  });
  reporter.start();
  await until('it heartbeats', () => node(0).heartbeats.length > 0);
});

afterEach(async () => {
  await reporter.dispose();
  await Promise.all(nodes.map((one) => one.stop()));
});

const node = (n: number): TestNode => {
  const one = nodes[n];
  if (!one) throw new Error(`there is no node ${n}`);
  return one;
};
const item = (id: string, at: number, op: 'put' | 'delete' = 'put'): ProveItem => ({
  directory: 'routes',
  id,
  revision: at,
  op,
});
const has = (id: string, loaded: number, rejection?: Partial<ObjectState['rejection']>): void => {
  const rejected = rejection && {
    id,
    modRevision: revision(loaded),
    reason: 'no',
    live: 'previous',
    ...rejection,
  };
  objects.set(`routes/${id}`, { loaded: revision(loaded), rejection: rejected as ObjectState['rejection'] });
};

describe('a reporter', () => {
  test('says who it is, with its token', () => {
    expect(node(0).heartbeats[0]).toEqual({
      gateway_id: 'edge-1',
      instance: 'instance-1',
      kind: 'embedded',
      version: '1',
      plugin: { loaded: true, version: '1' },
      workers: [{ id: 0, pid: 42 }],
      proved: null,
      hold_ms: 100,
    });
    expect(node(0).tokens).toEqual(['Bearer secret']);
  });

  test('states at once what is in force already, and what it was granted', async () => {
    has('a', 9);
    node(0).ask(item('a', 9), item('gone', 8, 'delete'));
    await until('it states both', () => node(0).receipts.length === 2);
    expect(node(0).receipts).toEqual([
      { ...item('a', 9), workers: [{ id: 0, pid: 42, loaded: 9, seen: 10 }] },
      { ...item('gone', 8, 'delete'), workers: [{ id: 0, pid: 42, loaded: 0, seen: 10 }] },
    ]);
    node(0).ask();
    await until('it heartbeats again', () => node(0).heartbeats.length >= 3);
    expect(node(0).heartbeats.at(-1)?.proved).toEqual({ cluster_id: 'c', revision: 7 });
  });

  test('states nothing of what is still to come, and states it when it has come', async () => {
    has('a', 9);
    node(0).ask(item('a', 12));
    await until('it heartbeats again', () => node(0).heartbeats.length >= 2);
    reporter.look();
    expect(node(0).receipts).toEqual([]);
    has('a', 12);
    applied = { clusterId: 'c', revision: revision(12) };
    reporter.look();
    await until('it states it', () => node(0).receipts.length === 1);
    expect(node(0).receipts[0]?.workers).toEqual([{ id: 0, pid: 42, loaded: 12, seen: 12 }]);
  });

  test('states that it passed a rejected object by, and why', async () => {
    has('a', 9, { reason: 'uris is missing' });
    applied = { clusterId: 'c', revision: revision(12) };
    node(0).ask(item('a', 12));
    await until('it states it', () => node(0).receipts.length === 1);
    expect(node(0).receipts[0]).toMatchObject({
      reason: 'uris is missing',
      workers: [{ loaded: 9, seen: 12 }],
    });
  });

  test('does not state as in force what only refuses requests', async () => {
    has('a', 12, { live: 'refusing', reason: 'vars are not supported' });
    applied = { clusterId: 'c', revision: revision(12) };
    node(0).ask(item('a', 12));
    await until('it states it', () => node(0).receipts.length === 1);
    expect(node(0).receipts[0]).toMatchObject({ reason: 'vars are not supported', workers: [{ loaded: 0 }] });
  });

  test('states nothing by the revisions of another store', async () => {
    has('a', 9);
    node(0).clusterId = 'another';
    node(0).ask(item('a', 9));
    await until('it heartbeats again', () => node(0).heartbeats.length >= 2);
    expect(node(0).receipts).toEqual([]);
  });

  test('goes to the next node when its own is gone, and forgets what that one asked', async () => {
    node(0).ask(item('late', 50));
    await until('it heartbeats again', () => node(0).heartbeats.length >= 2);
    await node(0).stop();
    await until('it is at the next node', () => node(1).heartbeats.length > 0);
    expect(node(1).heartbeats[0]?.proved).toEqual({ cluster_id: 'c', revision: 7 });
    has('late', 50);
    applied = { clusterId: 'c', revision: revision(50) };
    reporter.look();
    node(1).ask();
    await until('it heartbeats again', () => node(1).heartbeats.length >= 2);
    expect(node(1).receipts).toEqual([]);
    expect(logged).toEqual(['a control-plane node answers']);
  });

  test('says that a node answers, and that none does any more, once', async () => {
    node(0).ask();
    await until('it heartbeats again', () => node(0).heartbeats.length >= 2);
    await Promise.all(nodes.map((one) => one.stop()));
    await until('it says so', () => logged.length === 2);
    await reporter.dispose();
    expect(logged).toEqual([
      'a control-plane node answers',
      'no control-plane node answers; the gateway serves what it has',
    ]);
  });

  test('that is refused says so once, goes on trying, and takes a token that was replaced', async () => {
    node(0).ask();
    for (const one of nodes) one.status = 403;
    await until('it tries again', () => nodes.every(({ tokens }) => tokens.length >= 3));
    expect(logged.filter((message) => message === 'the node refuses this gateway')).toHaveLength(1);
    token = 'another';
    await until('it shows the new one', () => nodes.some(({ tokens }) => tokens.includes('Bearer another')));
    const before = node(0).heartbeats.length + node(1).heartbeats.length;
    for (const one of nodes) one.status = 200;
    await until('it is heard', () => node(0).heartbeats.length + node(1).heartbeats.length > before);
  });

  test('says good-bye', async () => {
    node(0).ask();
    await until('it heartbeats again', () => node(0).heartbeats.length >= 2);
    await reporter.dispose();
    expect(node(0).heartbeats.at(-1)).toMatchObject({ leaving: true, hold_ms: 0 });
  });
});
