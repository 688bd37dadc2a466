import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode } from '../../contract/errors.ts';
import type { Principal } from '../../contract/principal.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Endpoint } from '../endpoint.ts';

/** Lines about what changed nothing: so many at once, and then so many a second. The rest is counted. */
const BURST_LINES = 200;
const LINES_PER_S = 20;

const PATH_CHARS = 300;
const TENANT_CHARS = 64;

interface Attempt {
  readonly definition: Endpoint;
  principal?: Principal;
  refused?: ErrorCode;
}

/** What became of an attempt. `unknown`: the store did not say whether it took the write. */
type Outcome = 'accepted' | 'looked_at' | 'read' | 'refused' | 'unknown';

/**
 * The audit's lines in the structured log: each change, each attempt at one that was refused, each attempt without a
 * right to be there, and reads of what only operators see. Changes are in the store's change log too; the rest is here
 * only, and bounded, because whoever makes it need not prove who they are.
 */
export class Attempts {
  readonly remoteOf: (request: FastifyRequest) => string;
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly attempts = new WeakMap<FastifyRequest, Attempt>();
  private tokens = BURST_LINES;
  private filledAt_ms: number;
  private suppressed = 0;

  /** @param remoteOf the address a request came from */
  constructor(log: Log, clock: Clock, remoteOf: (request: FastifyRequest) => string) {
    this.log = log;
    this.clock = clock;
    this.remoteOf = remoteOf;
    this.filledAt_ms = clock.monotonic();
  }

  /** A request has come for an endpoint. */
  begin(request: FastifyRequest, definition: Endpoint): void {
    this.attempts.set(request, { definition });
  }

  /** It has proved who asks. */
  by(request: FastifyRequest, principal: Principal): void {
    const attempt = this.attempts.get(request);
    if (attempt) attempt.principal = principal;
  }

  refused(request: FastifyRequest, code: ErrorCode): void {
    const attempt = this.attempts.get(request);
    if (attempt) attempt.refused = code;
  }

  /** It has been answered. */
  end(request: FastifyRequest, reply: FastifyReply): void {
    const attempt = this.attempts.get(request);
    // An answer that could not be sent is followed by another one.
    this.attempts.delete(request);
    const outcome = attempt && outcomeOf(attempt, request);
    if (!attempt || !outcome) return;
    const changed = outcome === 'accepted' || outcome === 'unknown';
    if (!changed && !this.spend()) return;
    const { definition, principal, refused } = attempt;
    const tenant = request.headers['x-tenant-id'];
    const revision = Number(reply.getHeader('x-lockstep-revision'));
    const audit = {
      outcome,
      ...(refused === undefined ? {} : { code: refused }),
      status: reply.statusCode,
      actor: principal?.actor,
      role: principal?.role ?? 'none',
      token_id: principal?.token_id,
      from: this.remoteOf(request),
      operation: `${definition.method} ${definition.url}`,
      path: (request.url.split('?')[0] ?? '').slice(0, PATH_CHARS),
      ...(typeof tenant === 'string' ? { tenant_id: tenant.slice(0, TENANT_CHARS) } : {}),
      ...(Number.isSafeInteger(revision) ? { revision } : {}),
      request_id: request.id,
    };
    const suppressed = changed ? 0 : this.suppressed;
    if (!changed) this.suppressed = 0;
    const fields = { audit, ...(suppressed === 0 ? {} : { suppressed }) };
    if (outcome === 'refused' || outcome === 'unknown') this.log.warn(fields, 'audit');
    else this.log.info(fields, 'audit');
  }

  /** Whether there is room for a line. */
  private spend(): boolean {
    const now_ms = this.clock.monotonic();
    const filled = this.tokens + ((now_ms - this.filledAt_ms) / 1_000) * LINES_PER_S;
    this.tokens = Math.min(BURST_LINES, filled);
    this.filledAt_ms = now_ms;
    if (this.tokens < 1) {
      this.suppressed += 1;
      return false;
    }
    this.tokens -= 1;
    return true;
  }
}

/** `undefined` for what the audit does not look at. */
const outcomeOf = ({ definition, refused }: Attempt, request: FastifyRequest): Outcome | undefined => {
  const { method, access, sensitive } = definition;
  const status: number = refused === undefined ? 200 : ERRORS[refused][0];
  if (status === 401 || status === 403 || status === 429) return 'refused';
  // Gateways report all the time, and change nothing.
  if (access === 'gateway') return undefined;
  if (method === 'GET') return sensitive && refused === undefined ? 'read' : undefined;
  if (refused === 'outcome_unknown') return 'unknown';
  if (refused !== undefined) return 'refused';
  return (request.query as { dry_run?: boolean }).dry_run ? 'looked_at' : 'accepted';
};
