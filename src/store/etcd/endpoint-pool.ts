/**
 * Which member to ask. All are probed each second: a member that is frozen or has lost its leader is found
 * by a probe and not by a caller's deadline, and what is under way on it is moved when another one is well.
 */
import { Metadata } from '@grpc/grpc-js';
import type { EndpointStatus } from '../port.ts';
import { Endpoint } from './endpoint.ts';
import type { Health } from './endpoint.ts';
import { describeFailure, isTransport } from './failure.ts';
import type { EtcdSettings } from './options.ts';

const PREFERENCE: readonly Health[] = ['healthy', 'unknown', 'doubted', 'ejected'];

export class EndpointPool {
  private readonly members: readonly Endpoint[];
  private readonly settings: EtcdSettings;
  private readonly probing = new Set<Endpoint>();
  private readonly timer: NodeJS.Timeout;
  private preferred: number;
  private closed = false;

  constructor(settings: EtcdSettings) {
    this.settings = settings;
    this.members = settings.addresses.map((address) => new Endpoint(address, settings.tls));
    this.preferred = Math.floor(settings.random() * this.members.length);
    this.timer = setInterval(() => this.probeAll(), settings.deadlines.probe_ms);
    this.probeAll();
  }

  get size(): number {
    return this.members.length;
  }

  /** The last look at each member found it out of reach. */
  get isDown(): boolean {
    return this.members.every(({ health }) => health === 'ejected');
  }

  /** The best member that was not tried yet; any of them when all were. */
  pick(tried: ReadonlySet<Endpoint> = new Set()): Endpoint {
    const rotated = [...this.members.slice(this.preferred), ...this.members.slice(0, this.preferred)];
    const untried = rotated.filter((member) => !tried.has(member));
    const candidates = untried.length > 0 ? untried : rotated;
    for (const health of PREFERENCE) {
      const found = candidates.find((member) => member.health === health);
      if (found) return found;
    }
    throw new Error('a pool has at least one endpoint');
  }

  answered(member: Endpoint): void {
    if (member.health !== 'healthy') this.settings.log.info({ endpoint: member.url }, 'etcd member is well');
    member.health = 'healthy';
  }

  /** Something failed on the member: prefer another one and look at it now. */
  doubt(member: Endpoint, reason: string): void {
    if (this.closed) return;
    if (member.health !== 'ejected') {
      this.settings.log.debug({ endpoint: member.url, reason }, 'etcd member is in doubt');
      member.health = 'doubted';
    }
    if (this.members[this.preferred] === member) this.preferred = (this.preferred + 1) % this.size;
    void this.probe(member);
  }

  status(): readonly EndpointStatus[] {
    return this.members.map(({ url, health }) => ({ endpoint: url, healthy: health === 'healthy' }));
  }

  close(): void {
    this.closed = true;
    clearInterval(this.timer);
    for (const member of this.members) {
      member.abort('the store was closed');
      member.close();
    }
  }

  private probeAll(): void {
    for (const member of this.members) void this.probe(member);
  }

  private async probe(member: Endpoint): Promise<void> {
    if (this.probing.has(member)) return;
    this.probing.add(member);
    const trouble = await this.look(member);
    this.probing.delete(member);
    if (this.closed) return;
    if (trouble === undefined) this.answered(member);
    else this.eject(member, trouble);
  }

  private eject(member: Endpoint, reason: string): void {
    if (member.health !== 'ejected') {
      this.settings.log.warn({ endpoint: member.url, reason }, 'etcd member is ejected');
    }
    member.health = 'ejected';
    if (this.members.some(({ health }) => health === 'healthy')) {
      member.abort(`etcd member ${member.url} ${reason}`);
    }
  }

  /** What is wrong with the member, if anything. */
  private async look(member: Endpoint): Promise<string | undefined> {
    const { probe_ms } = this.settings.deadlines;
    const deadline = new Date(Date.now() + probe_ms);
    if (!(await member.settled('unary', probe_ms))) return 'cannot be reached';
    if (this.closed) return 'was closed';
    return new Promise((resolve) => {
      member.maintenance.status({}, new Metadata(), { deadline }, (error, answer) => {
        if (error) resolve(isTransport(error) ? `does not answer (${describeFailure(error)})` : undefined);
        else resolve(answer?.leader === '0' ? 'knows no leader' : undefined);
      });
    });
  }
}
