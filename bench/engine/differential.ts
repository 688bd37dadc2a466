/**
 * Does the Lua engine decide as the JavaScript one does? Judges generated requests and the request data in both,
 * compares every byte of the outcome, and fails when there is a difference.
 *
 * `npm run fuzz:engine [-- --count N --seed N --no-corpus]` judges in nginx with its own matcher and the plugin's host;
 * without `--nginx`, `tsx bench/engine/differential.ts` judges in plain LuaJIT.
 */
import { parseArgs } from 'node:util';
import { judgeInLua } from '../../test/engine/differential.ts';
import { type Batch, corpora, foundLine, fuzz, generated, judgeInNginx } from '../../test/engine/fuzz.ts';
import { SETUP } from '../../test/engine/generator.ts';
import { startHarness, unpackedNginx } from '../../test/engine/nginx.ts';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    'no-corpus': { type: 'boolean', default: false },
    nginx: { type: 'boolean', default: false },
  },
});
const SHOWN = 5;

const root = options.nginx ? unpackedNginx() : undefined;
if (options.nginx && root === undefined)
  throw new Error("Debian's nginx with Lua could not be unpacked here");
const harness = root === undefined ? undefined : await startHarness(root);

function* batches(): Generator<Batch> {
  yield* generated(Number(options.count), Number(options.seed));
  if (!options['no-corpus']) yield* corpora();
}

const found = await fuzz(batches(), (vectors) =>
  harness ? judgeInNginx(harness.url, vectors) : judgeInLua(SETUP, vectors),
);
await harness?.stop();
for (const { name, vector, node, lua } of found.differences.slice(0, SHOWN)) {
  console.log(`\n${name}: ${JSON.stringify(vector)}\n  node ${node}\n  lua  ${lua}`);
}
console.log(foundLine(found));
process.exitCode = found.differences.length === 0 ? 0 : 1;
