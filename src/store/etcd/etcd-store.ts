/** ConfigStore on etcd v3: the production store. Speaks to every member itself; see the files beside this one. */
import type { Stamp } from '../../shared/revision.ts';
import { checkRange, checkTransaction } from '../limits.ts';
import type * as port from '../port.ts';
import { StoreRefusedError, StoreUnavailableError } from '../port.ts';
import { Authenticator } from './authenticator.ts';
import { Calls, request } from './calls.ts';
import { toKeyValue, toRangeRequest, toStamp, toTxnRequest } from './codec.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { EtcdLease } from './etcd-lease.ts';
import { EtcdWatch } from './etcd-watch.ts';
import type { LeaseGrantResponse__Output } from './generated/etcdserverpb/LeaseGrantResponse.ts';
import type { RangeResponse__Output } from './generated/etcdserverpb/RangeResponse.ts';
import type { TxnResponse__Output } from './generated/etcdserverpb/TxnResponse.ts';
import { settle } from './options.ts';
import type { EtcdSettings, EtcdStoreOptions } from './options.ts';

/**
 * Opens the store. Connects in the background: an etcd that is away makes calls fail, not this.
 * @throws TypeError when the options can't work
 */
export const openEtcdStore = (options: EtcdStoreOptions): EtcdStore => new EtcdStore(settle(options));

export class EtcdStore implements port.ConfigStore {
  readonly kind = 'etcd';
  private readonly settings: EtcdSettings;
  private readonly pool: EndpointPool;
  private readonly auth: Authenticator;
  private readonly calls: Calls;
  private readonly watches = new Set<EtcdWatch>();
  /** Those with a timer or a loop: kept ones, and ones whose loss somebody waits for. */
  private readonly leases = new Set<EtcdLease>();
  private closed = false;

  /** Use `openEtcdStore`. */
  constructor(settings: EtcdSettings) {
    this.settings = settings;
    this.pool = new EndpointPool(settings);
    this.auth = new Authenticator(settings.auth, settings.log);
    this.calls = new Calls(this.pool, this.auth, settings);
  }

  async range(range: port.KeyRange, options: port.RangeOptions = {}): Promise<port.RangePage> {
    this.checkOpen();
    checkRange(range);
    const message = toRangeRequest(range, options);
    const answer = await this.calls.run<RangeResponse__Output>({
      name: 'Range',
      repeatable: true,
      invoke: ({ endpoint, metadata, deadline }) =>
        request(endpoint, (done) => endpoint.kv.range(message, metadata, { deadline }, done)),
    });
    return { ...toStamp(answer.header), kvs: answer.kvs.map(toKeyValue), more: answer.more };
  }

  async transact(transaction: port.Transaction): Promise<port.TransactResult> {
    this.checkOpen();
    checkTransaction(transaction);
    const message = toTxnRequest(transaction);
    const answer = await this.calls.run<TxnResponse__Output>({
      name: 'Txn',
      repeatable: false,
      invoke: ({ endpoint, metadata, deadline }) =>
        request(endpoint, (done) => endpoint.kv.txn(message, metadata, { deadline }, done)),
    });
    return { ...toStamp(answer.header), committed: answer.succeeded };
  }

  watch(prefix: string, after: Stamp, sink: port.WatchSink): port.Watch {
    checkRange({ prefix });
    const { pool, auth, settings } = this;
    const watch = new EtcdWatch({
      prefix,
      after,
      sink,
      pool,
      auth,
      settings,
      quorum: () => this.range({ key: prefix }, { keysOnly: true }),
      onGone: (gone) => this.watches.delete(gone),
    });
    this.watches.add(watch);
    if (this.closed) queueMicrotask(() => watch.stop());
    return watch;
  }

  async lease(ttl_s: number, options: { readonly keep?: boolean } = {}): Promise<port.Lease> {
    this.checkOpen();
    if (!(ttl_s > 0)) throw new StoreRefusedError(`a lease of ${ttl_s} s is not possible`);
    let sentAt_ms = 0;
    const { ID, TTL } = await this.calls.run<LeaseGrantResponse__Output>({
      name: 'LeaseGrant',
      repeatable: true, // a grant whose answer was lost runs out by itself
      invoke: ({ endpoint, metadata, deadline }) => {
        sentAt_ms = this.settings.clock.monotonic();
        const message = { TTL: Math.ceil(ttl_s) };
        return request(endpoint, (done) => endpoint.lease.leaseGrant(message, metadata, { deadline }, done));
      },
    });
    const { calls, settings } = this;
    const lease = new EtcdLease({
      id: ID as port.LeaseId,
      ttl_s: Number(TTL),
      sentAt_ms,
      calls,
      settings,
      active: this.leases,
    });
    if (options.keep ?? true) void lease.keep();
    return lease;
  }

  endpoints(): readonly port.EndpointStatus[] {
    return this.pool.status();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const watch of [...this.watches]) watch.stop();
    for (const lease of [...this.leases]) lease.release();
    this.calls.close();
    this.pool.close();
  }

  private checkOpen(): void {
    if (this.closed) throw new StoreUnavailableError('the store is closed');
  }
}
