import { Metadata, status } from '@grpc/grpc-js';
import type { Log } from '../../shared/log.ts';
import { StoreRefusedError } from '../port.ts';
import type { Endpoint } from './endpoint.ts';
import { isServiceError, NotSentError, toStoreError, verdictOf } from './failure.ts';

interface Login {
  readonly user: string;
  readonly password: string;
}

/** Gives every call its metadata, and holds the token that etcd handed out for the user and password. */
export class Authenticator {
  private readonly login: Login | undefined;
  private readonly log: Log;
  private token: Promise<string | undefined> | undefined;

  constructor(login: Login | undefined, log: Log) {
    this.login = login;
    this.log = log;
  }

  /**
   * @throws NotSentError when no token could be had now, StoreRefusedError when etcd rejects the login
   */
  async metadata(endpoint: Endpoint, timeout_ms: number): Promise<Metadata> {
    const metadata = new Metadata();
    // A member without a leader then refuses at once instead of answering from a past it can't check.
    metadata.set('hasleader', 'true');
    if (!this.login) return metadata;
    this.token ??= this.authenticate(endpoint, this.login, timeout_ms);
    const token = await this.token.catch((error: unknown) => {
      this.token = undefined;
      throw error;
    });
    if (token !== undefined) metadata.set('token', token);
    return metadata;
  }

  /** The token was rejected: the next call asks for another one. */
  forget(): void {
    this.token = undefined;
  }

  private authenticate(endpoint: Endpoint, login: Login, timeout_ms: number): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const deadline = new Date(Date.now() + timeout_ms);
      const request = { name: login.user, password: login.password };
      endpoint.auth.authenticate(request, new Metadata(), { deadline }, (error, answer) => {
        if (!error) resolve(answer?.token);
        else if (error.code === status.FAILED_PRECONDITION && error.details.includes('not enabled')) {
          this.log.warn({ endpoint: endpoint.url }, 'etcd has authentication off; going on without a token');
          resolve(undefined);
        } else reject(this.failure(error));
      });
    });
  }

  private failure(error: unknown): Error {
    const refused = isServiceError(error) && verdictOf(error) === 'refused';
    const mapped = toStoreError('the login', error, false);
    return refused && mapped instanceof StoreRefusedError
      ? mapped
      : new NotSentError(mapped.message, { cause: error });
  }
}
