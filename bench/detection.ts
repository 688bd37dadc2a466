/**
 * What the engine acts on at the default policy, per source of `../shared/data/requests/`.
 *
 * `npx tsx bench/detection.ts [--part 0|1|2] [--threshold N] [--misses N] [--false N] [--only text]`
 */
import { parseArgs } from 'node:util';
import type { Verdict } from '../src/engine/engine.ts';
import { compileKeyring, compilePolicy, decideBody, decideHead, explain } from '../src/engine/engine.ts';
import type { CorpusName, Sample } from '../test/engine/corpus.ts';
import { bodyOf, partOf, headOf, readCorpus } from '../test/engine/corpus.ts';
import { TestHost } from '../test/engine/host.ts';

const { values: options } = parseArgs({
  options: {
    part: { type: 'string' },
    threshold: { type: 'string', default: '70' },
    misses: { type: 'string', default: '0' },
    false: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
  },
});

const gateway = {
  trusted_proxies: [],
  keyring: compileKeyring([{ id: 'k1', secret: 'a secret of the benchmark', state: 'signing' }]),
};
const policy = compilePolicy({ id: 'bench', threat_threshold: Number(options.threshold) }, { id: 'route' });

/** Each request by itself: counters do not carry over. */
const judge = (sample: Sample): Verdict => {
  const host = new TestHost();
  const head = headOf(sample);
  const decision = decideHead(host, gateway, policy, head);
  return decision.verdict ?? decideBody(host, gateway, policy, head, decision, bodyOf(sample));
};

interface Tally {
  total: number;
  acted: number;
}

const brief = (text: string): string => JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);

const show = (sample: Sample, verdict: Verdict): void => {
  const odd = sample.headers.filter(
    ([name]) => !/^(host|accept.*|connection|keep-alive|content-length)$/i.test(name),
  );
  console.log(`\n${sample.id} ${sample.category} ${sample.method} ${brief(sample.path)}`);
  if (odd.length > 0)
    console.log(`  headers ${brief(odd.map(([name, value]) => `${name}: ${value}`).join(' | '))}`);
  if (sample.body !== '') console.log(`  body ${brief(sample.body)}`);
  console.log(`  ${explain(verdict)}`);
};

const percent = (tally: Tally): string => `${((100 * tally.acted) / Math.max(1, tally.total)).toFixed(2)} %`;

/** Measures one corpus; shows up to `shown` samples whose outcome is not the wanted one. */
const measure = (name: CorpusName, wanted: boolean, shown: number): void => {
  const tallies = new Map<string, Tally>();
  const overall: Tally = { total: 0, acted: 0 };
  let left = shown;
  for (const sample of readCorpus(name)) {
    if (options.part !== undefined && partOf(sample) !== Number(options.part)) continue;
    if (!sample.category.includes(options.only)) continue;
    const tally = tallies.get(sample.category) ?? { total: 0, acted: 0 };
    tallies.set(sample.category, tally);
    const verdict = judge(sample);
    const acted = verdict.decided !== 'pass';
    for (const each of [tally, overall]) {
      each.total += 1;
      each.acted += acted ? 1 : 0;
    }
    if (acted !== wanted && left-- > 0) show(sample, verdict);
  }
  console.log(`\n${name}`);
  for (const [category, tally] of [...tallies, ['all', overall] as const]) {
    console.log(
      `  ${category.padEnd(40)} ${`${tally.acted}/${tally.total}`.padStart(12)} ${percent(tally).padStart(9)}`,
    );
  }
};

measure('attacks', true, Number(options.misses));
measure('legit', false, Number(options.false));
measure('legit_weak_crs_negative', false, 0);
