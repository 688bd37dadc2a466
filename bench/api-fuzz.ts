/** `npm run fuzz:api [-- COUNT [SEED]]`: so many requests, in shape and out of it, to a real node on a real etcd. */
import { fuzzNode, summaryOf } from '../test/fuzz/target.ts';

const [count = '100000', seed = String(Date.now() % 1_000_000_000)] = process.argv.slice(2);
console.log(`seed ${seed}`);
const run = await fuzzNode(Number(count), Number(seed));
console.log(summaryOf(run));
process.exitCode = run.troubles.length === 0 ? 0 : 1;
