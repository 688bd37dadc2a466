/**
 * Does the Lua engine decide as the JavaScript one does? Judges generated requests and the request data in both,
 * compares every byte of the outcome, and fails on the first run with a difference.
 *
 * `npx tsx bench/engine/differential.ts [--count N] [--seed N] [--no-corpus] [--nginx]`; with `--nginx` in
 * nginx with its own matcher and the plugin's host, otherwise in plain LuaJIT.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { CorpusName } from '../../test/engine/corpus.ts';
import { bodyOf, hasCorpus, headOf, readCorpus } from '../../test/engine/corpus.ts';
import type { Vector } from '../../test/engine/differential.ts';
import { compare, judgeInLua, writeReplay } from '../../test/engine/differential.ts';
import { generate, SETUP } from '../../test/engine/generator.ts';
import { startHarness, unpackedNginx } from '../../test/engine/nginx.ts';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    'no-corpus': { type: 'boolean', default: false },
    nginx: { type: 'boolean', default: false },
  },
});

const batch = 5_000;
let judged = 0;
let different = 0;

const root = options.nginx ? unpackedNginx() : undefined;
if (options.nginx && root === undefined)
  throw new Error("Debian's nginx with Lua could not be unpacked here");
const harness = root === undefined ? undefined : await startHarness(root);

const judgeInNginx = async (url: string, vectors: readonly Vector[]): Promise<string[]> => {
  const directory = mkdtempSync(path.join(tmpdir(), 'engine-replay-'));
  try {
    const { policies, requests } = writeReplay(directory, SETUP, vectors);
    const response = await fetch(`${url}/replay?policies=${policies}&vectors=${requests}`);
    return (await response.text()).trimEnd().split('\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const run = async (name: string, vectors: readonly Vector[]): Promise<void> => {
  const lua = harness ? await judgeInNginx(harness.url, vectors) : judgeInLua(SETUP, vectors);
  const found = compare(SETUP, vectors, lua);
  judged += vectors.length;
  different += found.length;
  for (const { vector, node, lua } of found.slice(0, 5)) {
    console.log(`\n${name}: ${JSON.stringify(vector)}\n  node ${node}\n  lua  ${lua}`);
  }
};

for (let done = 0; done < Number(options.count); done += batch) {
  await run(
    'generated',
    generate(Math.min(batch, Number(options.count) - done), Number(options.seed) + done),
  );
}
if (!options['no-corpus'] && hasCorpus()) {
  for (const name of ['attacks', 'legit', 'legit_weak_crs_negative'] satisfies CorpusName[]) {
    await run(
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
await harness?.stop();
console.log(`${judged} requests, ${different} differences`);
process.exitCode = different === 0 ? 0 : 1;
