import { describe, expect, it } from 'vitest';
import { percentile, summary } from '../../../bench/statistics.ts';
import { INJECTION, ODD, type Outcome, stranger } from '../parameter-rows.ts';
import { type Stage, TENANT } from '../stage.ts';
import type { Cases } from './cases.ts';
import { type Probe, type ProbedRequest, Prober } from './prober.ts';

const CHANGES = 100;

/** A parameter that goes back and forth between two values, and a request that each of them decides otherwise. */
interface Swing {
  readonly parameter: string;
  readonly values: readonly [even: object, odd: object];
  readonly outcomes: readonly [even: Outcome, odd: Outcome];
  readonly asked: ProbedRequest;
}

/** Far beyond what the probes of one swing use up. */
const PLENTY = 1_000_000;

const swings = (): readonly Swing[] => [
  {
    parameter: 'threshold',
    values: [
      { threat_threshold: 100, rate_limit: PLENTY },
      { threat_threshold: 0, rate_limit: PLENTY },
    ],
    outcomes: ['pass', 'challenge'],
    asked: { path: '/shop/x', headers: { ...ODD, ...stranger() } },
  },
  {
    parameter: 'limit',
    values: [{ rate_limit: PLENTY }, { rate_limit: 1 }],
    outcomes: ['pass', 'limit'],
    asked: { path: '/shop/x', headers: stranger() },
  },
  {
    parameter: 'switch',
    values: [
      { enabled_defense: false, rate_limit: PLENTY },
      { enabled_defense: true, rate_limit: PLENTY },
    ],
    outcomes: ['pass', 'block'],
    asked: { path: INJECTION, headers: stranger() },
  },
];

/** What was seen of one gateway over all changes. */
class Ledger {
  /** From sending the change to node 3 to the first answer that it decided. */
  readonly fromChange_ms: number[] = [];
  /** From node 3's answer to that; 0 when the gateway was first. */
  readonly fromAnswer_ms: number[] = [];
  /** Probes made while the changes were under way. */
  probes = 0;
  /** Sent after the API had answered, and decided by the parameters before. */
  late = 0;
  /** Decided by the parameters before, after one had been decided by the new ones. */
  fallenBack = 0;
  /** Which told a revision, and of these those decided otherwise than that revision says. */
  told = 0;
  torn = 0;

  add(probes: readonly Probe[], change: { began_ms: number; answered_ms: number; revision: number }): void {
    const effective = probes.at(-1);
    if (!effective) throw new Error('a run of probes has at least one');
    this.fromChange_ms.push(effective.answered_ms - change.began_ms);
    this.fromAnswer_ms.push(Math.max(0, effective.answered_ms - change.answered_ms));
    this.probes += probes.length;
    for (const probe of probes) {
      const changed = probe === effective;
      if (!changed && probe.sent_ms > change.answered_ms) this.late += 1;
      if (probe.revision === undefined) continue;
      this.told += 1;
      if (probe.revision >= change.revision !== changed) this.torn += 1;
    }
  }
}

const change = async (stage: Stage, config: object) => {
  const began_ms = performance.now();
  const { body } = await stage.write(3, '/global-config/tenant', TENANT, { config });
  return { began_ms, answered_ms: performance.now(), revision: body.revision };
};

const swing = async (stage: Stage, { values, outcomes, asked }: Swing): Promise<Map<string, Ledger>> => {
  const probers = stage.gateways.map((gateway) => new Prober(gateway, asked));
  const ledgers = new Map(stage.gateways.map(({ name }) => [name, new Ledger()]));
  await stage.configure(values[0]);
  await Promise.all(probers.map((prober) => prober.until(outcomes[0])));
  for (let i = 1; i <= CHANGES; i++) {
    const side = i % 2 === 0 ? 0 : 1;
    const running = probers.map((prober) => prober.until(outcomes[side]));
    const made = await change(stage, values[side]);
    const runs = await Promise.all(running);
    for (const [n, prober] of probers.entries()) {
      const ledger = ledgers.get(prober.gateway.name);
      ledger?.add(runs[n] ?? [], made);
      for (let again = 0; again < 3; again++) {
        const { outcome } = await prober.once();
        if (ledger && outcome !== outcomes[side]) ledger.fallenBack += 1;
      }
    }
  }
  for (const prober of probers) prober.close();
  return ledgers;
};

const report = (name: string, parameter: string, ledger: Ledger): string =>
  [
    summary(`  ${name}, ${parameter}: from the change to its first verdict`, ledger.fromChange_ms),
    summary('    of these, after node 3 had answered', ledger.fromAnswer_ms),
    `    ${ledger.probes} requests meanwhile; by the old parameters: ${ledger.fallenBack} after the first new verdict, ` +
      `${ledger.late} sent after node 3's answer; ${ledger.torn} of ${ledger.told} against the revision they tell\n`,
  ].join('\n');

/** How soon a change on node 3 decides requests, and that nothing decides by what was before from then on. */
export const nextVerdictCases = ({ stage }: Cases): void => {
  describe('a change on node 3', () => {
    it.each(swings())(
      `of the tenant’s $parameter decides the next request everywhere (${CHANGES} changes)`,
      async (swung) => {
        await stage().apply({});
        const ledgers = await swing(stage(), swung);
        for (const [name, ledger] of ledgers) {
          process.stdout.write(report(name, swung.parameter, ledger));
          const { fallenBack, torn, fromAnswer_ms } = ledger;
          expect({ name, fallenBack, torn, changes: fromAnswer_ms.length }).toEqual({
            ...{ name, fallenBack: 0, torn: 0, changes: CHANGES },
          });
          expect(ledger.told).toBeGreaterThanOrEqual(CHANGES / 2);
          expect(percentile(fromAnswer_ms, 0.99)).toBeLessThan(1_000);
        }
      },
    );
  });
};
