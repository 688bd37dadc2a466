/** A node that only speaks the fleet protocol, by the test's script: it asks, holds polls and keeps what it was told. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type {
  GatewayReceipt,
  Heartbeat,
  HeartbeatAnswer,
  ObjectState,
  Proved,
  ProveItem,
  Receipts,
} from '../../src/contract/fleet.ts';
import {
  Heartbeat as HeartbeatSchema,
  PROVE_MAX,
  Receipts as ReceiptsSchema,
} from '../../src/contract/fleet.ts';
import { compile } from '../../src/contract/validator.ts';
import { judge } from '../../src/fleet/judge.ts';
import { until } from '../support/until.ts';

const validHeartbeat = compile(HeartbeatSchema);
const validReceipts = compile(ReceiptsSchema);
const isHeartbeat = (message: unknown): message is Heartbeat => validHeartbeat(message) === true;
const isReceipts = (message: unknown): message is Receipts => validReceipts(message) === true;

const AGAIN_MS = 1_000;
const NEVER = -Infinity;

interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const keyOf = ({ directory, id }: ProveItem | GatewayReceipt): string => `${directory}/${id}`;

export interface Told {
  readonly receipt: GatewayReceipt;
  readonly state: ObjectState;
  readonly at_ms: number;
}

export class ScriptedNode {
  readonly heartbeats: Heartbeat[] = [];
  readonly told: Told[] = [];
  readonly invalid: string[] = [];
  clusterId = 'cluster-1';
  proved: Proved | null = null;
  /** What every request is refused with, if so. */
  refuseWith: number | undefined;
  /** Takes requests and never answers, as a frozen process would. */
  silent = false;
  /** Requests with another token than this node's. */
  refused = 0;
  onRequest: () => void = () => undefined;
  private readonly token: string | undefined;
  private readonly scheme: 'http' | 'https';
  private readonly server: Server;
  private readonly wanted = new Map<string, { item: ProveItem; sent_ms: number }>();
  private held: ServerResponse | undefined;

  private constructor(token: string | undefined, tls: Tls | undefined) {
    this.token = token;
    this.scheme = tls ? 'https' : 'http';
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      void this.take(request, response);
    this.server = tls ? createTlsServer(tls, take) : createServer(take);
  }

  static async start(token?: string, tls?: Tls): Promise<ScriptedNode> {
    const node = new ScriptedNode(token, tls);
    await new Promise<void>((resolve) => node.server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get last(): Heartbeat {
    const heartbeat = this.heartbeats.at(-1);
    if (!heartbeat) throw new Error('no heartbeat yet');
    return heartbeat;
  }

  /** Asks for proofs, as soon as a heartbeat is there. */
  prove(...items: ProveItem[]): void {
    for (const item of items) this.wanted.set(keyOf(item), { item, sent_ms: NEVER });
    if (this.held) this.answer(this.held);
  }

  /** What is told of this revision of an object, once the node's judgement is one of `states`. */
  async receipt(item: ProveItem, states: readonly ObjectState[], timeout_ms = 5_000): Promise<Told> {
    let found: Told | undefined;
    await until(
      `${keyOf(item)} at ${item.revision} is ${states.join(' or ')}`,
      () => {
        found = this.told.find(
          ({ receipt, state }) =>
            keyOf(receipt) === keyOf(item) && receipt.revision === item.revision && states.includes(state),
        );
        return found !== undefined;
      },
      timeout_ms,
    );
    if (!found) throw new Error('unreachable');
    return found;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const authorized = this.token === undefined || request.headers.authorization === `Bearer ${this.token}`;
    this.onRequest();
    if (!authorized) this.refused += 1;
    if (this.silent) return;
    if (!authorized || this.refuseWith !== undefined) {
      this.send(response, authorized ? (this.refuseWith ?? 500) : 401, { code: 'refused' });
      return;
    }
    const text = Buffer.concat(chunks).toString();
    const message: unknown = JSON.parse(text);
    if (request.url === '/fleet/heartbeat' && isHeartbeat(message)) this.hear(message, response);
    else if (request.url === '/fleet/receipts' && isReceipts(message)) this.accept(message, response);
    else {
      this.invalid.push(`${request.url} ${text}`);
      this.send(response, 400, { code: 'invalid' });
    }
  }

  private hear(heartbeat: Heartbeat, response: ServerResponse): void {
    const isNew = heartbeat.instance !== this.heartbeats.at(-1)?.instance;
    this.heartbeats.push(heartbeat);
    if (isNew) for (const each of this.wanted.values()) each.sent_ms = NEVER;
    if (this.due().length > 0 || heartbeat.hold_ms === 0) {
      this.answer(response);
      return;
    }
    this.held = response;
    const timer = setTimeout(() => this.answer(response), heartbeat.hold_ms);
    response.once('close', () => clearTimeout(timer));
  }

  /** What is outstanding, and was not sent within the last second. */
  private due(): { item: ProveItem; sent_ms: number }[] {
    return [...this.wanted.values()].filter(({ sent_ms }) => performance.now() - sent_ms >= AGAIN_MS);
  }

  private answer(response: ServerResponse): void {
    if (this.held === response) this.held = undefined;
    if (response.writableEnded || this.silent) return;
    const prove = this.due().slice(0, PROVE_MAX);
    for (const each of prove) each.sent_ms = performance.now();
    const answer: HeartbeatAnswer = {
      node_id: 'scripted',
      cluster_id: this.clusterId,
      proved: this.proved,
      prove: prove.map(({ item }) => item),
      more: this.due().length > 0,
      listed: true,
    };
    this.send(response, 200, answer);
  }

  private accept(message: Receipts, response: ServerResponse): void {
    const states = message.receipts.map((receipt) => {
      const state = judge(receipt, this.last.workers, receipt.workers);
      this.told.push({ receipt, state, at_ms: performance.now() });
      const known = this.wanted.get(keyOf(receipt));
      if (state !== 'pending' && known?.item.revision === receipt.revision)
        this.wanted.delete(keyOf(receipt));
      return state;
    });
    this.send(response, 200, { proved: this.proved, states });
  }

  private send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
}
