/**
 * The embedded gateway's side of the fleet: one heartbeat waits at one node; what that node asks after is stated as soon as
 * this process has it in force. A node that does not answer is left for the next one. Only facts are sent: the node
 * judges them.
 */
import { placeOf } from '../contract/directory.ts';
import type {
  GatewayReceipt,
  Heartbeat,
  HeartbeatAnswer,
  Plugin,
  ProveItem,
  Proved,
  Receipts,
  ReceiptsAnswer,
} from '../contract/fleet.ts';
import { HOLD_MS_MAX, PROVE_MAX } from '../contract/fleet.ts';
import { type Disposable, jittered, pause } from '../shared/async.ts';
import type { ControlFetch } from '../shared/control-fetch.ts';
import type { Log } from '../shared/log.ts';
import type { Stamp } from '../shared/revision.ts';
import type { ObjectState } from './picture/gateway-picture.ts';

const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 2_000;
/** A node that is this late after the time it may hold a heartbeat is not waited for. */
const LATE_MS = 700;
const LEAVE_MS = 500;
const UNLISTED_HOLD_MS = 100;
const REASON_MAX = 500;

export interface ReporterOptions {
  readonly gatewayId: string;
  /** Random, of this start. */
  readonly instance: string;
  readonly version: string;
  readonly plugin: Plugin;
  readonly pid: number;
  /** Nodes to try, in this order. */
  readonly control: readonly string[];
  /** Asked again after a refusal: the token may have been replaced. */
  readonly token: () => string | undefined;
  readonly send: ControlFetch;
  readonly log: Log;
  readonly random?: () => number;
  /** The last step applied of the prefix that gateways read. */
  readonly applied: () => Stamp | undefined;
  /** What is in force at one place. */
  readonly state: (directory: string, id: string) => ObjectState;
}

/** A node said no. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export class Reporter implements Disposable {
  private readonly options: ReporterOptions;
  private readonly stopped = new AbortController();
  private readonly outstanding = new Map<string, ProveItem>();
  private proved: Proved | null = null;
  /** The node in use, and the store it speaks of. */
  private at = 0;
  private clusterId: string | undefined;
  private telling = false;
  private reached: boolean | undefined;
  private listed = false;
  private token: string | undefined;
  /** What the log has of refusals since a node last took a heartbeat. */
  private refusal: string | undefined;
  private running: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.options = options;
    this.token = options.token();
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Whether changes are waited for on this gateway by every node, or none was found to hear it. */
  get settled(): boolean {
    return this.listed || this.reached === false;
  }

  /** The gateway has applied something: what is outstanding may be in force now. */
  look(): void {
    if (!this.telling && this.outstanding.size > 0) void this.tell();
  }

  /** Says good-bye to the node in use, if it answers. */
  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.running;
    if (!this.reached) return;
    const farewell = { ...this.heartbeat(), hold_ms: 0, leaving: true };
    await this.post('/fleet/heartbeat', farewell, AbortSignal.timeout(LEAVE_MS)).catch(() => undefined);
  }

  private async run(): Promise<void> {
    const { random = Math.random } = this.options;
    const { signal } = this.stopped;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.beat();
        failures = 0;
        this.refusal = undefined;
        this.note(true);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.leave(error, failures);
        await pause(jittered(failures - 1, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), signal);
      }
    }
  }

  private async beat(): Promise<void> {
    const late = AbortSignal.timeout(HOLD_MS_MAX + LATE_MS);
    const signal = AbortSignal.any([this.stopped.signal, late]);
    const answer = await this.post<HeartbeatAnswer>('/fleet/heartbeat', this.heartbeat(), signal);
    this.clusterId = answer.cluster_id;
    this.proved = answer.proved;
    // A node of an earlier version does not say.
    if (answer.listed !== false) this.listed = true;
    for (const item of answer.prove) {
      const known = this.outstanding.get(placeOf(item));
      if (!known || known.revision <= item.revision) this.outstanding.set(placeOf(item), item);
    }
    this.look();
  }

  /** Turns to the next node, which will list anew what is to be proved. */
  private leave(error: unknown, failures: number): void {
    const { control, log } = this.options;
    const url = control[this.at];
    if (error instanceof RefusedError) {
      if (error.message !== this.refusal) log.error({ url, err: error }, 'the node refuses this gateway');
      this.refusal = error.message;
      this.readToken();
    } else log.debug({ url, err: error }, 'the node does not answer');
    this.at = (this.at + 1) % control.length;
    this.outstanding.clear();
    if (failures >= control.length) this.note(false);
  }

  private readToken(): void {
    try {
      this.token = this.options.token();
    } catch (error) {
      // It may be being replaced just now: the next refusal has it read again.
      this.options.log.debug({ err: error }, 'the token can not be read');
    }
  }

  /** Says in the log when no node answers, and when one does again. */
  private note(reached: boolean): void {
    const { control, log } = this.options;
    if (reached === this.reached) return;
    this.reached = reached;
    if (reached) log.info({ url: control[this.at] }, 'a control-plane node answers');
    else log.warn({ control }, 'no control-plane node answers; the gateway serves what it has');
  }

  /** States what has come into force, as long as there is any of it that has not been stated. */
  private async tell(): Promise<void> {
    this.telling = true;
    try {
      for (let receipts = this.due(); receipts.length > 0; receipts = this.due()) {
        const { gatewayId: gateway_id, instance } = this.options;
        const body: Receipts = { gateway_id, instance, receipts };
        const late = AbortSignal.timeout(HOLD_MS_MAX + LATE_MS);
        // Taken off before: what is asked after meanwhile, or still pending there, is to be stated again.
        for (const receipt of receipts) this.outstanding.delete(placeOf(receipt));
        const signal = AbortSignal.any([this.stopped.signal, late]);
        const { proved } = await this.post<ReceiptsAnswer>('/fleet/receipts', body, signal);
        this.proved = proved;
      }
    } catch (error) {
      // What was lost is asked after again.
      this.options.log.debug({ err: error }, 'receipts were not taken');
    } finally {
      this.telling = false;
    }
  }

  /** Receipts of what is in force, or has been passed by. */
  private due(): GatewayReceipt[] {
    const applied = this.options.applied();
    // Revisions of another store would prove nothing.
    if (!applied || applied.clusterId !== this.clusterId || this.stopped.signal.aborted) return [];
    const due: GatewayReceipt[] = [];
    for (const item of this.outstanding.values()) {
      const receipt = this.receipt(item, applied.revision);
      if (receipt) due.push(receipt);
      if (due.length === PROVE_MAX) break;
    }
    return due;
  }

  /** `undefined` while it can still come. */
  private receipt(item: ProveItem, seen: number): GatewayReceipt | undefined {
    const { loaded: write = 0, rejection } = this.options.state(item.directory, item.id);
    // What is loaded to refuse requests only is not in force as it was written.
    const loaded = rejection?.live === 'refusing' ? 0 : write;
    if (loaded < item.revision && seen < item.revision) return undefined;
    const reason = rejection?.reason.slice(0, REASON_MAX);
    const workers = [{ id: 0, pid: this.options.pid, loaded, seen }];
    return { ...item, workers, ...(reason === undefined ? {} : { reason }) };
  }

  private heartbeat(): Heartbeat {
    const { gatewayId, instance, version, plugin, pid } = this.options;
    return {
      gateway_id: gatewayId,
      instance,
      kind: 'embedded',
      version,
      plugin,
      workers: [{ id: 0, pid }],
      proved: this.proved,
      // Asked more often until every node knows of it: that is news which no answer is waiting for.
      hold_ms: this.settled ? HOLD_MS_MAX : UNLISTED_HOLD_MS,
    };
  }

  /** @throws RefusedError, or the failure of the connection */
  private async post<T>(path: string, body: object, signal: AbortSignal): Promise<T> {
    const { control, send } = this.options;
    const { token } = this;
    const response = await send(`${control[this.at]}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'accept-language': 'en',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal,
    });
    const answer = (await response.json()) as T & { readonly code?: string; readonly detail?: string };
    if (!response.ok) throw new RefusedError(`${answer.code ?? response.status}: ${answer.detail ?? ''}`);
    return answer;
  }
}
