import { randomUUID } from 'node:crypto';
import { type Disposable, jittered, pause } from '../shared/async.ts';
import { isObject, parseJson } from '../shared/json.ts';
import type { Log } from '../shared/log.ts';
import { NO_REVISION, type Stamp } from '../shared/revision.ts';
import { type ConfigStore, type Guard, type Lease, OutcomeUnknownError } from '../store/port.ts';
import type { Term } from '../store/term.ts';

/** How long the others wait for a leader that vanished without a word. */
const LEASE_S = 10;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 2_000;

export interface LeaderOptions {
  readonly store: ConfigStore;
  /** The election's key: who holds it leads. */
  readonly key: string;
  readonly nodeId: string;
  readonly log: Log;
  /** Done while leading; ends when the term's signal aborts. One that ends or fails before gives the term up. */
  readonly work: (term: Term) => Promise<void>;
  readonly lease_s?: number;
  readonly random?: () => number;
}

interface Won {
  readonly lease: Lease;
  readonly stamp: Stamp;
}

/** Stands for election again and again, and leads while elected. At most one of all candidates can write. */
export class Leader implements Disposable {
  private readonly options: LeaderOptions;
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;
  private reigning = false;

  constructor(options: LeaderOptions) {
    this.options = options;
  }

  /** Whether this process believes that it leads. Only the fence proves it. */
  get leads(): boolean {
    return this.reigning;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends the work and gives the term up, so that another candidate takes over at once. */
  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { log, random = Math.random } = this.options;
    const { signal } = this.stopped;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const held = await this.holder();
        const won = held ? undefined : await this.stand();
        if (won) await this.lead(won);
        else if (held) await this.change(held, signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        log.warn({ err: error }, 'the election is interrupted');
      }
      // Also without a failure: a watch that ends at once must not make this a busy loop.
      await pause(jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), signal);
    }
  }

  /** When somebody leads: the moment at which that was seen. */
  private async holder(): Promise<Stamp | undefined> {
    const { store, key, log } = this.options;
    const { clusterId, revision, kvs } = await store.range({ key });
    const kv = kvs[0];
    if (!kv) return undefined;
    if (kv.lease !== undefined) return { clusterId, revision };
    // Whoever wrote it does not lead, and it would stay for ever.
    const guard: Guard = { key, modRevision: kv.modRevision };
    const { committed } = await store.transact({ guards: [guard], puts: [], deletes: [key] });
    if (committed) log.error({ key }, 'an election was held by a key without a lease, which is deleted');
    return undefined;
  }

  /** @returns the term, or `undefined` when somebody else was first */
  private async stand(): Promise<Won | undefined> {
    const { store, key, nodeId, lease_s = LEASE_S } = this.options;
    const lease = await store.lease(lease_s);
    let won: Won | undefined;
    try {
      const candidacy = randomUUID();
      const value = JSON.stringify({ node_id: nodeId, candidacy });
      const stamp = await this.claim(value, lease, candidacy, key);
      won = stamp && { lease, stamp };
      return won;
    } finally {
      if (!won) await lease.revoke().catch(() => lease.abandon());
    }
  }

  private async claim(
    value: string,
    lease: Lease,
    candidacy: string,
    key: string,
  ): Promise<Stamp | undefined> {
    const { store } = this.options;
    const guards: Guard[] = [{ key, modRevision: NO_REVISION }];
    try {
      const result = await store.transact({ guards, puts: [{ key, value, lease: lease.id }], deletes: [] });
      return result.committed ? result : undefined;
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error;
      const { clusterId, kvs } = await store.range({ key });
      const kv = kvs[0];
      const holder = kv && parseJson(kv.value);
      if (!kv || !isObject(holder) || holder['candidacy'] !== candidacy) return undefined;
      return { clusterId, revision: kv.createRevision };
    }
  }

  private async lead({ lease, stamp }: Won): Promise<void> {
    const { key, log, work } = this.options;
    const term = new AbortController();
    const end = (): void => term.abort();
    this.stopped.signal.addEventListener('abort', end, { once: true });
    if (this.stopped.signal.aborted) end();
    void lease.lost.then(end);
    const guarding = this.guardTerm(stamp, term);
    this.reigning = true;
    log.info({ key }, 'elected');
    try {
      await work({ fence: { key, createRevision: stamp.revision }, signal: term.signal });
    } finally {
      this.reigning = false;
      end();
      this.stopped.signal.removeEventListener('abort', end);
      await guarding;
      await lease.revoke().catch(() => lease.abandon());
      log.info({ key }, 'the term is over');
    }
  }

  /** Ends the term when its key is taken away or overwritten, by hand or by a restored backup. */
  private async guardTerm({ clusterId, revision }: Stamp, term: AbortController): Promise<void> {
    const { store, key, random = Math.random } = this.options;
    for (let after: Stamp = { clusterId, revision }; !term.signal.aborted; ) {
      await this.change(after, term.signal);
      if (term.signal.aborted) return;
      try {
        const page = await store.range({ key });
        // It is put once.
        if (page.kvs[0]?.modRevision !== revision) term.abort();
        after = { clusterId: page.clusterId, revision: page.revision };
      } catch {
        // The lease says when a store that is away has been away for too long.
      }
      await pause(jittered(0, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), term.signal);
    }
  }

  /** Resolves when the key may have changed after `after`, or `signal` aborts. */
  private change(after: Stamp, signal: AbortSignal): Promise<void> {
    const { store, key } = this.options;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        signal.removeEventListener('abort', done);
        watch.stop();
        resolve();
      };
      const watch = store.watch(key, after, {
        onOpen: () => {},
        onAlive: () => {},
        onStep: (step) => {
          if (step.events.some((event) => event.key === key)) done();
        },
        onEnd: () => {
          signal.removeEventListener('abort', done);
          resolve();
        },
      });
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
