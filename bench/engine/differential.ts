/**
 * Does the Lua engine decide as the JavaScript one does? Judges generated requests and the request data in both,
 * compares every byte of the outcome, and fails on the first run with a difference.
 *
 * `npx tsx bench/engine/differential.ts [--count N] [--seed N] [--no-corpus]`
 */
import { parseArgs } from 'node:util';
import type { CorpusName } from '../../test/engine/corpus.ts';
import { bodyOf, hasCorpus, headOf, readCorpus } from '../../test/engine/corpus.ts';
import type { Vector } from '../../test/engine/differential.ts';
import { differences } from '../../test/engine/differential.ts';
import { generate, SETUP } from '../../test/engine/generator.ts';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    'no-corpus': { type: 'boolean', default: false },
  },
});

const batch = 10_000;
let judged = 0;
let different = 0;

const run = (name: string, vectors: readonly Vector[]): void => {
  const found = differences(SETUP, vectors);
  judged += vectors.length;
  different += found.length;
  for (const { vector, node, lua } of found.slice(0, 5)) {
    console.log(`\n${name}: ${JSON.stringify(vector)}\n  node ${node}\n  lua  ${lua}`);
  }
};

for (let done = 0; done < Number(options.count); done += batch) {
  run('generated', generate(Math.min(batch, Number(options.count) - done), Number(options.seed) + done));
}
if (!options['no-corpus'] && hasCorpus()) {
  for (const name of ['attacks', 'legit', 'legit_weak_crs_negative'] satisfies CorpusName[]) {
    run(
      name,
      readCorpus(name).map((sample, at) => ({
        now_ms: 1_790_000_000_000 + at * 1000,
        policy: 0,
        request: headOf(sample),
        body: bodyOf(sample),
      })),
    );
  }
}
console.log(`${judged} requests, ${different} differences`);
process.exitCode = different === 0 ? 0 : 1;
