/** A real store with faults on demand, in front of a node: what the node sees of a broken network or a dead cluster. */
import {
  type ConfigStore,
  type Lease,
  type LeaseId,
  OutcomeUnknownError,
  type Put,
  StoreUnavailableError,
  type Transaction,
  type Watch,
  type WatchSink,
} from '../../src/store/port.ts';

/** What happens to one transaction. `lost-before`: never applied; `lost-after`: applied, and the answer lost. */
export type TransactFault = 'none' | 'unavailable' | 'lost-before' | 'lost-after';

const LONG_S = 3_600;

export class FlakyStore implements ConfigStore {
  readonly kind;
  /** Decides each transaction's fate; told its position from 0. */
  transactFault: (transaction: Transaction, n: number) => TransactFault | Promise<TransactFault> = () =>
    'none';
  /** Called after each applied transaction, before its answer. */
  afterTransact: (transaction: Transaction, n: number) => void | Promise<void> = () => {};
  /** Called before each range; may throw. */
  beforeRange: () => void | Promise<void> = () => {};
  ranges = 0;
  transactions = 0;
  private inner: ConfigStore;
  private readonly watches = new Map<Watch, WatchSink>();
  private down = false;
  private readonly granted = new Set<LeaseId>();
  /** In the store that it has become: the leases of the one before. */
  private carried = new Map<LeaseId, Promise<Lease>>();

  constructor(inner: ConfigStore) {
    this.inner = inner;
    this.kind = inner.kind;
  }

  /** From now on everything fails, and every watch breaks. */
  fail(): void {
    this.down = true;
    this.cutWatches();
  }

  recover(): void {
    this.down = false;
  }

  /** From now on it is another store, such as one restored from a backup, with the leases; its watches break. */
  become(other: ConfigStore): void {
    this.inner = other;
    this.carried = new Map([...this.granted].map((id) => [id, other.lease(LONG_S)]));
    this.cutWatches();
  }

  /** Breaks the watches; new ones work. */
  cutWatches(): void {
    for (const [watch, sink] of [...this.watches]) {
      this.watches.delete(watch);
      watch.stop();
      sink.onEnd({ reason: 'disconnected', detail: 'cut' });
    }
  }

  async range(...args: Parameters<ConfigStore['range']>): ReturnType<ConfigStore['range']> {
    this.check();
    this.ranges += 1;
    await this.beforeRange();
    return this.inner.range(...args);
  }

  async transact(transaction: Transaction): ReturnType<ConfigStore['transact']> {
    this.check();
    const n = this.transactions++;
    const fault = await this.transactFault(transaction, n);
    if (fault === 'unavailable') throw new StoreUnavailableError('unavailable on demand');
    if (fault === 'lost-before') throw new OutcomeUnknownError('lost before it was applied');
    const result = await this.inner.transact({
      ...transaction,
      puts: await this.underCarried(transaction.puts),
    });
    await this.afterTransact(transaction, n);
    if (fault === 'lost-after') throw new OutcomeUnknownError('lost after it was applied');
    return result;
  }

  watch(prefix: string, after: Parameters<ConfigStore['watch']>[1], sink: WatchSink): Watch {
    if (this.down) {
      setImmediate(() => sink.onEnd({ reason: 'disconnected', detail: 'down' }));
      return { stop: () => {} };
    }
    const watch: Watch = this.inner.watch(prefix, after, {
      onOpen: () => this.watches.has(watch) && sink.onOpen(),
      onStep: (step) => this.watches.has(watch) && sink.onStep(step),
      onAlive: () => this.watches.has(watch) && sink.onAlive(),
      onEnd: (end) => this.watches.delete(watch) && sink.onEnd(end),
    });
    this.watches.set(watch, sink);
    return watch;
  }

  async lease(...args: Parameters<ConfigStore['lease']>): ReturnType<ConfigStore['lease']> {
    this.check();
    const lease = await this.inner.lease(...args);
    this.granted.add(lease.id);
    return lease;
  }

  endpoints(): ReturnType<ConfigStore['endpoints']> {
    return this.inner.endpoints().map((each) => ({ ...each, healthy: each.healthy && !this.down }));
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private underCarried(puts: readonly Put[]): Promise<Put[]> {
    return Promise.all(
      puts.map(async (put) => {
        const carried = put.lease && (await this.carried.get(put.lease));
        return carried ? { ...put, lease: carried.id } : put;
      }),
    );
  }

  private check(): void {
    if (this.down) throw new StoreUnavailableError('down on demand');
  }
}
