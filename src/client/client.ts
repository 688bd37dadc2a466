import type { Problem, SyncStatus } from '../contract/answer.ts';
import type { ChangeWithReceipts } from '../contract/changes.ts';
import type { FleetAnswer } from '../contract/fleet-answer.ts';
import type { KeysRotated, KeysStatus } from '../contract/keys.ts';
import type { ControlFetch } from '../shared/control-fetch.ts';

export interface ClientOptions {
  /** Such as `http://127.0.0.1:5001`. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly timeout_ms?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: ControlFetch;
}

/** The API answered with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

/** The API could not be reached, or what answered is not it. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

const TIMEOUT_MS = 5_000;

/** Why a node's certificate is not trusted, which the caller can do something about. */
const reasonOf = (cause: unknown): string => {
  const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code ?? '') ? ` (${message})` : '';
};

/** Speaks to one Defense API node, typed by the contract. */
export class Client {
  private readonly options: ClientOptions;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  /** @throws ProblemError | UnreachableError */
  syncStatus(): Promise<SyncStatus> {
    return this.call<SyncStatus>('GET', '/sync-status');
  }

  /** Every node and gateway. @throws ProblemError | UnreachableError */
  fleet(): Promise<FleetAnswer> {
    return this.call<FleetAnswer>('GET', '/fleet');
  }

  /** One change with its receipts. @throws ProblemError | UnreachableError */
  change(revision: number): Promise<ChangeWithReceipts> {
    return this.call<ChangeWithReceipts>('GET', `/changes/${revision}`);
  }

  /** @param count read and count everything that is sealed. @throws ProblemError | UnreachableError */
  keys(count: boolean): Promise<KeysStatus> {
    return this.call<KeysStatus>('GET', `/keys?count=${count}`);
  }

  /** Begins to seal everything anew. @throws ProblemError | UnreachableError */
  rotateKeys(): Promise<KeysRotated> {
    return this.call<KeysRotated>('POST', '/keys/rotate');
  }

  private async call<T>(method: string, path: string): Promise<T> {
    const { url, token, timeout_ms = TIMEOUT_MS, fetch: send = fetch } = this.options;
    const headers: Record<string, string> = { accept: 'application/json', 'accept-language': 'en' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    let status: number;
    let body: unknown;
    try {
      const response = await send(`${url}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(timeout_ms),
      });
      status = response.status;
      body = await response.json();
    } catch (cause) {
      throw new UnreachableError(`${url} does not answer as a Lockstep node${reasonOf(cause)}`, { cause });
    }
    if (status >= 400) throw new ProblemError(body as Problem);
    return body as T;
  }
}
