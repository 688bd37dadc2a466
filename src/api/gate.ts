import { timingSafeEqual } from 'node:crypto';
import { tokenHash } from '../change/tokens/token.ts';
import { TokenUses, type TokenUsesOptions } from '../change/tokens/token-uses.ts';
import { type ErrorCode, Refusal } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import { isExpired, tokenIdOf } from '../domain/token.ts';
import { FailedLogins } from './failed-logins.ts';
import { Issuer, type IssuerOptions, looksLikeJwt } from './issuer.ts';

export type GateOptions =
  /** Development on loopback: everybody is the administrator. */
  | { readonly mode: 'off' }
  | {
      readonly mode: 'on';
      /** An operator's, for a fleet that has no tokens yet. */
      readonly rootToken?: string | undefined;
      readonly issuer?: IssuerOptions | undefined;
      /** Who reads `/docs` and `/openapi.json`: everybody (the default), or who has any token. */
      readonly docs?: 'public' | 'token' | undefined;
      /** Who reads `/metrics`: operators (the default), or everybody. */
      readonly metrics?: 'operator' | 'public' | undefined;
    };

/** What the gate looks at of a request. */
export interface Asking {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remote: string;
}

/** @param request one of Fastify's */
export const askingOf = ({ headers }: { readonly headers: object }, remote: string): Asking => ({
  headers: headers as Asking['headers'],
  remote,
});

const refused = (code: ErrorCode): Refusal => new Refusal(code, { in: 'header', pointer: '/authorization' });

/**
 * An API token has 192 random bits and a JWT a signature, so there is nothing to guess in what looks like one. Any other
 * text may be a guess at the root token, which somebody may have chosen.
 */
type Shape = 'token' | 'jwt' | 'text';

/** Stands in for the hash of a token that does not exist: looking for one takes as long as finding one. */
const NO_HASH = '0'.repeat(64);

const sameHash = (digest: Buffer, hex: string): boolean => timingSafeEqual(digest, Buffer.from(hex, 'hex'));

const credentialOf = (headers: Asking['headers']): string | undefined =>
  /^Bearer ([\x21-\x7e]+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? headers['x-api-key'];

/** Finds out who asks: by root token, API token or JWT. What they may do is decided in `authorise.ts`. */
export class Gate {
  readonly docs: 'public' | 'token';
  readonly metrics: 'operator' | 'public';
  readonly uses: TokenUses;
  private readonly open: boolean;
  private readonly root: string | undefined;
  private readonly rootShape: Shape | undefined;
  private readonly issuer: Issuer | undefined;
  private readonly parts: TokenUsesOptions;
  private readonly failedLogins: FailedLogins;

  constructor(options: GateOptions, parts: TokenUsesOptions) {
    const on = options.mode === 'on' ? options : undefined;
    this.open = on === undefined;
    this.root = on?.rootToken === undefined ? undefined : tokenHash(on.rootToken).toString('hex');
    this.issuer = on?.issuer && new Issuer(on.issuer, parts.room);
    this.rootShape = on?.rootToken === undefined ? undefined : this.shapeOf(on.rootToken);
    this.docs = on?.docs ?? 'public';
    this.metrics = on?.metrics ?? 'operator';
    this.parts = parts;
    this.uses = new TokenUses(parts);
    this.failedLogins = new FailedLogins(() => parts.room.clock.monotonic());
  }

  /**
   * @throws Refusal unauthenticated, token_expired, too_many_failed_logins; forbidden for a JWT without a role of ours;
   * not_ready and issuer_unavailable when it can't be told now
   */
  async admit({ headers, remote }: Asking): Promise<Principal> {
    if (this.open) return { actor: 'admin', role: 'operator', tenants: [], remote };
    const credential = credentialOf(headers);
    if (credential === undefined) throw refused('unauthenticated');
    const digest = tokenHash(credential);
    const shape = this.shapeOf(credential);
    const guess = shape === 'text' || (shape === 'jwt' && shape === this.rootShape);
    const wait_ms = guess ? this.failedLogins.wait_ms(remote, digest) : 0;
    if (wait_ms > 0 && shape === 'text') throw tooMany(wait_ms);
    // Whether a guess that must wait is right is not found out.
    const root = wait_ms === 0 ? this.byRoot(digest, remote) : undefined;
    const principal = root ?? (await this.recognise(credential, digest, remote));
    if (principal) {
      if (guess) this.failedLogins.succeeded(remote, digest);
      return principal;
    }
    const more_ms = guess
      ? this.failedLogins.guessed(remote, digest)
      : this.failedLogins.failed(remote, tokenIdOf(credential));
    throw more_ms > 0 ? tooMany(more_ms) : refused('unauthenticated');
  }

  start(): void {
    this.uses.start();
  }

  async dispose(): Promise<void> {
    await Promise.all([this.uses.dispose(), this.issuer?.dispose()]);
  }

  private shapeOf(credential: string): Shape {
    if (tokenIdOf(credential) !== undefined) return 'token';
    return this.issuer && looksLikeJwt(credential) ? 'jwt' : 'text';
  }

  private byRoot(digest: Buffer, remote: string): Principal | undefined {
    const isRoot = sameHash(digest, this.root ?? NO_HASH) && this.root !== undefined;
    return isRoot ? { actor: 'root', role: 'operator', tenants: [], remote } : undefined;
  }

  private async recognise(
    credential: string,
    digest: Buffer,
    remote: string,
  ): Promise<Principal | undefined> {
    const id = tokenIdOf(credential);
    if (id !== undefined) return this.byToken(id, digest, remote);
    if (!this.issuer || this.shapeOf(credential) !== 'jwt') return undefined;
    const identity = await this.issuer.verify(credential);
    if (!identity) return undefined;
    const { actor, role, tenants } = identity;
    if (role === undefined) throw refused('forbidden');
    return { actor, role, tenants, remote };
  }

  /** From the cache: no request waits for the store, and a node that is cut off goes on knowing its callers. */
  private byToken(id: string, digest: Buffer, remote: string): Principal | undefined {
    const { cache, room } = this.parts;
    const snapshot = cache.snapshot();
    if (!snapshot) throw new Refusal('not_ready');
    const cached = snapshot.tokens.get(id);
    const record = cached?.value;
    if (!sameHash(digest, record?.hash ?? NO_HASH) || !cached || !record) return undefined;
    if (isExpired(record, room.clock.now())) throw refused('token_expired');
    this.uses.note(id);
    const { role, tenants } = record;
    return { actor: `token:${id}`, role, tenants, token_id: id, token_revision: cached.revision, remote };
  }
}

const tooMany = (wait_ms: number): Refusal => {
  const seconds = Math.ceil(wait_ms / 1_000);
  const about = { in: 'header', pointer: '/authorization' } as const;
  return new Refusal('too_many_failed_logins', {
    ...about,
    params: { seconds },
    extra: { retry_after_s: seconds },
  });
};
