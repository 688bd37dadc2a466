/**
 * CPU that the plugin adds to a request in nginx with LuaJIT: the process's own time for many requests to the same
 * location with and without it. The harness stands in for APISIX, whose own cost per request is not in here.
 *
 * `npx tsx bench/engine/nginx-cost.ts [--requests N]`
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { startHarness, unpackedNginx } from '../../test/engine/nginx.ts';

const { values: options } = parseArgs({ options: { requests: { type: 'string', default: '20000' } } });
const root = unpackedNginx();
if (root === undefined) throw new Error("Debian's nginx with Lua could not be unpacked here");
const harness = await startHarness(root);
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

const headers = {
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-US,en;q=0.9',
  cookie: '_ga=GA1.2.1234567890.1700000000; theme=dark; session=8f14e45fceea167a5a36dedd4bea2543',
};

const get = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = request(`${harness.url}${path}`, { agent, headers }, (incoming) => {
      incoming.resume();
      incoming.once('end', resolve);
    });
    sent.once('error', reject);
    sent.end();
  });

/** User and system time of the process, in microseconds (a clock tick is 10 ms). */
const spent_us = (): number => {
  const fields = readFileSync(`/proc/${harness.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
};

const measure = async (path: string, count: number): Promise<number> => {
  const from = spent_us();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await get(path);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return (spent_us() - from) / count;
};

const count = Number(options.requests);
await harness.put('tenants', 't1', { id: 't1', rate_limit: 1_000_000_000 });
await measure('/defended?page=2', count / 4);
const rounds: { readonly bare: number; readonly defended: number }[] = [];
for (let round = 0; round < 3; round++) {
  rounds.push({
    bare: await measure('/bare?page=2', count),
    defended: await measure('/defended?page=2', count),
  });
}
const best = (name: 'bare' | 'defended'): number => Math.min(...rounds.map((round) => round[name]));
const added = best('defended') - best('bare');
console.log(
  `without ${best('bare').toFixed(1)} us, with ${best('defended').toFixed(1)} us: +${added.toFixed(1)} us a request`,
);
agent.destroy();
await harness.stop();
