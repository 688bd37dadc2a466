import { Agent, request } from 'node:http';
import { type Echo, readAll } from '../../gateway/fixture.ts';
import { BROWSER } from '../../support/browser-like.ts';
import type { DefendedGateway } from '../gateway.ts';
import { type Outcome, outcomeOf } from '../parameter-rows.ts';
import { hostOf } from '../stage.ts';

/** One request and what came of it; moments on the clock of `performance.now()`. */
export interface Probe {
  readonly sent_ms: number;
  readonly answered_ms: number;
  readonly outcome: Outcome;
  /** Of the parameters it was decided by; known of requests that passed, from the upstream. */
  readonly revision: number | undefined;
}

export interface ProbedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const GIVE_UP_MS = 10_000;

/** Asks one gateway the same again and again, on one connection. */
export class Prober {
  readonly gateway: DefendedGateway;
  private readonly asked: ProbedRequest;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(gateway: DefendedGateway, asked: ProbedRequest) {
    this.gateway = gateway;
    this.asked = asked;
  }

  async once(): Promise<Probe> {
    const { agent, gateway, asked } = this;
    const sent_ms = performance.now();
    const answer = await new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
      const headers = { ...BROWSER, host: hostOf('shop'), ...asked.headers };
      const options = { host: '127.0.0.1', port: gateway.port, path: asked.path, headers, agent };
      const outgoing = request(options, (message) => {
        const { statusCode = 0, headers: received } = message;
        const type = String(received['content-type']);
        readAll(message).then((body) => resolve({ status: statusCode, type, body }), reject);
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
    const answered_ms = performance.now();
    const { status, type, body } = answer;
    const outcome = outcomeOf({ status, headers: { 'content-type': type } });
    const told = outcome === 'pass' ? (JSON.parse(body) as Echo).headers['x-lockstep-revision'] : undefined;
    return { sent_ms, answered_ms, outcome, revision: told === undefined ? undefined : Number(told) };
  }

  /** Asks without pause until the outcome is this one. @returns every probe, that one last */
  async until(wanted: Outcome): Promise<Probe[]> {
    const probes: Probe[] = [];
    const end = performance.now() + GIVE_UP_MS;
    do {
      probes.push(await this.once());
      if (performance.now() > end) throw new Error(`${this.gateway.name} never came to ${wanted}`);
    } while (probes.at(-1)?.outcome !== wanted);
    return probes;
  }

  close(): void {
    this.agent.destroy();
  }
}
