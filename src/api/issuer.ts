import { errors, jwtVerify } from 'jose';
import { Refusal } from '../contract/errors.ts';
import { type ClaimMapping, type Identity, identityOf } from '../domain/identity.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { IssuerKeys, KeysUnavailableError } from './issuer-keys.ts';

/** Signatures by a key pair. `none` signs nothing, and `HS*` would take a public key for the secret. */
export const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** An identity provider whose JWTs are accepted. */
export interface IssuerOptions {
  /** What `iss` must be. */
  readonly issuer: string;
  /** One of which must be in `aud`. */
  readonly audience: readonly string[];
  readonly jwksUrl: string;
  /** Of `ALGORITHMS`. */
  readonly algorithms: readonly string[];
  /** How far its clock may be from ours. */
  readonly clockTolerance_s: number;
  readonly claims: ClaimMapping;
}

/** Three parts in base64url: a signed JWT, if it is anything. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export const looksLikeJwt = (text: string): boolean => JWT.test(text);

/** Verifies the JWTs of one identity provider. */
export class Issuer {
  private readonly options: IssuerOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly keys: IssuerKeys;

  constructor(options: IssuerOptions, { clock, log }: { clock: Clock; log: Log }) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.keys = new IssuerKeys({ url: options.jwksUrl, clock, log });
  }

  /**
   * @returns whom it speaks for; `undefined` when it is not to be believed
   * @throws Refusal token_expired, issuer_unavailable
   */
  async verify(jwt: string): Promise<Identity | undefined> {
    const { issuer, audience, algorithms, clockTolerance_s, claims } = this.options;
    try {
      const { payload } = await jwtVerify(jwt, this.keys.keyFor, {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        clockTolerance: clockTolerance_s,
        currentDate: new Date(this.clock.now()),
        requiredClaims: ['exp', 'sub'],
      });
      return identityOf(payload, claims);
    } catch (error) {
      if (error instanceof KeysUnavailableError) throw new Refusal('issuer_unavailable', { cause: error });
      if (error instanceof errors.JWTExpired)
        throw new Refusal('token_expired', { in: 'header', pointer: '/authorization' });
      // Anything else, a key of the provider's that can't be used included, is no reason to let somebody in.
      this.log.debug({ err: error }, 'a JWT was refused');
      return undefined;
    }
  }

  dispose(): Promise<void> {
    return this.keys.dispose();
  }
}
