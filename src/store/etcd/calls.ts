/** Unary calls with a deadline, failover between members, and an honest end. */
import type { ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js';
import { jittered, pause } from '../../shared/async.ts';
import { StoreRefusedError, StoreUnavailableError } from '../port.ts';
import type { Authenticator } from './authenticator.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Endpoint } from './endpoint.ts';
import { isReasonless, NotSentError, toStoreError, verdictOf } from './failure.ts';
import type { EtcdSettings } from './options.ts';

export interface Attempt {
  readonly endpoint: Endpoint;
  readonly metadata: Metadata;
  readonly deadline: Date;
}

export interface Call<T> {
  /** As named in errors. */
  readonly name: string;
  /** Whether doing it twice does no harm. What is not repeatable is sent on only if it surely had no effect. */
  readonly repeatable: boolean;
  /** Shorter than the usual limit for a whole call. */
  readonly timeout_ms?: number;
  readonly invoke: (attempt: Attempt) => Promise<T>;
}

type Callback<T> = (error: ServiceError | null, answer?: T) => void;

/** Starts one unary request as a promise; when the member is ejected it is cancelled. */
export const request = <T>(endpoint: Endpoint, start: (done: Callback<T>) => ClientUnaryCall): Promise<T> =>
  new Promise((resolve, reject) => {
    const call = start((error, answer) => {
      release();
      if (error) reject(error);
      else if (answer === undefined) reject(new Error('an answer without a message'));
      else resolve(answer);
    });
    const release = endpoint.track({ abort: () => call.cancel() });
  });

/** Rejected tokens are renewed this often within one call, so that a server that rejects all can't hold us. */
const MAX_LOGINS = 2;

export class Calls {
  private readonly pool: EndpointPool;
  private readonly auth: Authenticator;
  private readonly settings: EtcdSettings;
  private readonly closing = new AbortController();

  constructor(pool: EndpointPool, auth: Authenticator, settings: EtcdSettings) {
    this.pool = pool;
    this.auth = auth;
    this.settings = settings;
  }

  /** @throws StoreUnavailableError | OutcomeUnknownError (not repeatable) | StoreRefusedError | CompactedError */
  async run<T>(call: Call<T>): Promise<T> {
    const { clock, deadlines, random } = this.settings;
    const ends_ms = clock.monotonic() + (call.timeout_ms ?? deadlines.call_ms);
    const tried = new Set<Endpoint>();
    // With all members known to be away one round tells; who finds them gone just now may see them come back.
    const wasDown = this.pool.isDown;
    let reason: unknown = new NotSentError('there was no time for an attempt');
    let logins = 0;
    for (let round = 0; clock.monotonic() < ends_ms; ) {
      if (this.closing.signal.aborted) throw new StoreUnavailableError('the store is closed');
      const endpoint = this.pool.pick(tried);
      try {
        const answer = await this.attempt(call, endpoint, ends_ms - clock.monotonic());
        this.pool.answered(endpoint);
        return answer;
      } catch (error) {
        if (this.isFinal(call, error)) throw this.finalError(call, error);
        if (!isReasonless(error) || isReasonless(reason)) reason = error;
        if (verdictOf(error) === 'reauthenticate') {
          if (++logins > MAX_LOGINS) break;
          this.auth.forget();
          continue;
        }
      }
      this.pool.doubt(endpoint, `${call.name} failed`);
      tried.add(endpoint);
      if (tried.size < this.pool.size) continue;
      if (wasDown && this.pool.isDown) break;
      tried.clear();
      await pause(jittered(round++, 50, 400, random), this.closing.signal);
    }
    throw this.finalError(call, reason);
  }

  close(): void {
    this.closing.abort();
  }

  private isFinal(call: Call<unknown>, error: unknown): boolean {
    if (error instanceof StoreRefusedError) return true;
    const verdict = verdictOf(error);
    return verdict === 'refused' || verdict === 'compacted' || (verdict === 'ambiguous' && !call.repeatable);
  }

  private finalError(call: Call<unknown>, error: unknown): Error {
    return error instanceof StoreRefusedError ? error : toStoreError(call.name, error, !call.repeatable);
  }

  private async attempt<T>(call: Call<T>, endpoint: Endpoint, left_ms: number): Promise<T> {
    const { connect_ms, attempt_ms, commit_ms } = this.settings.deadlines;
    const start_ms = this.settings.clock.monotonic();
    const most_ms = call.repeatable ? attempt_ms : commit_ms;
    // Short only where there is another member to turn to.
    const timeout_ms = this.pool.size > 1 ? Math.min(most_ms, left_ms) : left_ms;
    if (!(await endpoint.settled('unary', Math.min(connect_ms, timeout_ms)))) {
      throw new NotSentError(`${endpoint.url} cannot be reached`);
    }
    const metadata = await this.auth.metadata(endpoint, timeout_ms);
    const spent_ms = this.settings.clock.monotonic() - start_ms;
    const deadline = new Date(Date.now() + Math.max(1, timeout_ms - spent_ms));
    return call.invoke({ endpoint, metadata, deadline });
  }
}
