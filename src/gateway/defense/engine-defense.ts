import { randomUUID } from 'node:crypto';
import {
  type Action,
  BODY_LIMIT_BYTES,
  type Cidr,
  type Decision,
  type Verdict as EngineVerdict,
  type Gateway,
  type Host,
  type Policy,
  type RequestHead,
  decideBody,
  decideHead,
  parseCidr,
} from '../../engine/engine.ts';
import { type Page, compilePage, languageOf, solutionIn } from '../../engine/challenge/page.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { Counters } from '../limits/counters.ts';
import { answerOf, unjudged } from './defense-answer.ts';
import { checkDefenseObject } from './defense-check.ts';
import type { Defense, DefenseRequest, Verdict } from './defense.ts';
import { engineHost, unshared } from './engine-host.ts';
import type { FleetCounters } from '../limits/fleet-counters.ts';
import { PolicyCache } from './policy-cache.ts';

export interface EngineDefenseOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Addresses and CIDRs of proxies whose X-Forwarded-For is believed. None by default. */
  readonly trustedProxies?: readonly string[];
  /** Most clients whose counts are kept. */
  readonly maxCounters?: number;
  /** What the fleet counts together. Absent: each gateway grants a limit of scope `fleet` by itself. */
  readonly fleetCounters?: FleetCounters | undefined;
}

/** How often each thing was decided since the start, and how often nothing could be. */
export type Tally = Readonly<Record<Action | 'failed', number>>;

const readProxies = (texts: readonly string[]): Cidr[] =>
  texts.map((text) => {
    const cidr = parseCidr(text);
    if (!cidr) throw new RangeError(`not an address or CIDR: ${text}`);
    return cidr;
  });

const headOf = (request: DefenseRequest): RequestHead => ({
  method: request.method,
  target: request.target,
  host: request.host,
  scheme: request.scheme,
  remote_ip: request.remoteAddress,
  headers: request.headers.map(([name, value]) => ({ name: name.toLowerCase(), value })),
  // It speaks HTTP/1.1 only, where headers tell of every body.
  unannounced_body: false,
});

/** One request with all that its verdict depends on, so that a change in the middle of it changes nothing. */
interface Case {
  readonly event_id: string;
  readonly gateway: Gateway;
  readonly policy: Policy;
  readonly head: RequestHead;
  readonly decision: Decision;
}

/** `cdn_defense` in the embedded gateway: the same engine that APISIX runs, on Node. */
export class EngineDefense implements Defense {
  readonly check = checkDefenseObject;
  private readonly host: Host;
  private readonly page: Page;
  private readonly cache = new PolicyCache();
  private readonly trusted: readonly Cidr[];
  private readonly log: Log;
  private readonly counts = { pass: 0, block: 0, deny: 0, limit: 0, challenge: 0, answer: 0, failed: 0 };

  /** @throws RangeError for a trusted proxy that is neither an address nor a CIDR */
  constructor({ clock, log, trustedProxies = [], maxCounters, fleetCounters }: EngineDefenseOptions) {
    const counters = new Counters(clock, maxCounters);
    this.host = engineHost(clock, counters, fleetCounters ?? unshared(counters, log));
    this.page = compilePage(this.host);
    this.trusted = readProxies(trustedProxies);
    this.log = log;
  }

  get tally(): Tally {
    return { ...this.counts };
  }

  decide(request: DefenseRequest): Verdict | Promise<Verdict> {
    const event_id = randomUUID();
    const found = this.guarded(request, event_id, () => this.open(request, event_id));
    return 'action' in found ? found : this.readOn(request, found);
  }

  /** Decides by the head alone if it can. */
  private open(request: DefenseRequest, event_id: string): Verdict | Case {
    const { objects, tenant, route } = request;
    const sent = headOf(request);
    const solution = solutionIn(sent);
    const head = solution?.request ?? sent;
    const policy = this.cache.policy(objects, tenant, route);
    const keyring = this.cache.keyring(objects.keyring);
    const gateway: Gateway = { trusted_proxies: this.trusted, keyring };
    const decision = decideHead(this.host, gateway, policy, head);
    const opened: Case = { event_id, gateway, policy, head, decision };
    if (decision.verdict) return this.settle(request, opened, decision.verdict);
    return solution ? this.judge(request, opened, solution.body) : opened;
  }

  private async readOn(request: DefenseRequest, opened: Case): Promise<Verdict> {
    const body = await request.body(BODY_LIMIT_BYTES);
    const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
    return this.guarded(request, opened.event_id, () => this.judge(request, opened, text));
  }

  private judge(request: DefenseRequest, opened: Case, body: string): Verdict {
    const { gateway, policy, head, decision } = opened;
    return this.settle(request, opened, decideBody(this.host, gateway, policy, head, decision, body));
  }

  private settle({ objects }: DefenseRequest, { event_id, decision }: Case, verdict: EngineVerdict): Verdict {
    const answer = answerOf(verdict, {
      event_id,
      revision: objects.stamp.revision,
      language: () => languageOf(this.host, decision.facts.accept_language),
      page: this.page,
    });
    this.counts[verdict.decided] += 1;
    return answer;
  }

  /** An error in here must not take a site down: the request passes, counted and logged. */
  private guarded<T>(request: DefenseRequest, event_id: string, work: () => T): T | Verdict {
    try {
      return work();
    } catch (error) {
      this.counts.failed += 1;
      const { tenant, route } = request;
      this.log.error({ err: error, event_id, tenant, route }, 'the request could not be judged and passes');
      return unjudged(event_id, request.objects.stamp.revision);
    }
  }
}
