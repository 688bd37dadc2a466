/**
 * A large fleet on one machine: simulated gateways that speak the fleet's protocol, nodes in processes of their own, a real
 * etcd. What etcd writes for each change, what a gateway costs the node that hears it, and how long all take to prove.
 *
 * `npm run bench:fleet [-- --gateways N] [--nodes N] [--processes N] [--changes N] [--part one|many]`
 */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ScaledFleet, type Writes } from '../test/fleet/scaled-fleet.ts';
import { summary } from './statistics.ts';

const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '1000' },
    nodes: { type: 'string', default: '10' },
    processes: { type: 'string', default: '2' },
    changes: { type: 'string', default: '100' },
    part: { type: 'string', default: 'both' },
  },
});
const [GATEWAYS, NODES, PROCESSES, CHANGES] = [
  Number(values.gateways),
  Number(values.nodes),
  Number(values.processes),
  Number(values.changes),
];
const IDLE_S = 10;

const rounded = (number: number): string => number.toFixed(1);
const told = ({ changes, receipts, summaries, others }: Writes): string =>
  `${rounded(changes + receipts + summaries + others)} (the change ${rounded(changes)}, nodes’ receipts ${rounded(receipts)}, ` +
  `summaries ${rounded(summaries)}, others ${rounded(others)})`;

/** CPU that the nodes use while nothing changes, us in each second. */
const idle = async (fleet: ScaledFleet): Promise<number> => {
  await fleet.quiet();
  const before = await fleet.used();
  await pause(IDLE_S * 1_000);
  return ((await fleet.used()).cpu_us - before.cpu_us) / IDLE_S;
};

const onOneNode = async (): Promise<void> => {
  await using fleet = await ScaledFleet.start({ nodes: 1, processes: 1 });
  await fleet.changes(20);
  let [heap, cpu] = [0, 0];
  for (const count of [0, GATEWAYS / 2, GATEWAYS]) {
    await fleet.gateways.grow(count, fleet.urls);
    await fleet.changes(20);
    const spent = await idle(fleet);
    const { heap_bytes } = await fleet.used();
    if (count === 0) [heap, cpu] = [heap_bytes, spent];
    const each = count === 0 ? '' : `, ${Math.round((heap_bytes - heap) / count)} bytes each`;
    const eachCpu = count === 0 ? '' : `, ${((spent - cpu) / count).toFixed(0)} us a second each`;
    console.log(
      `one node, ${count} gateways: ${(heap_bytes / 2 ** 20).toFixed(1)} MiB after collection${each}; ` +
        `idle ${(spent / 10_000).toFixed(1)} % of a core${eachCpu}`,
    );
  }
};

const onManyNodes = async (): Promise<void> => {
  await using fleet = await ScaledFleet.start({ nodes: NODES, processes: PROCESSES });
  for (const count of [0, GATEWAYS / 10, GATEWAYS / 2, GATEWAYS]) {
    await fleet.gateways.grow(count, fleet.urls);
    const { took_ms, writes, cpu } = await fleet.changes(CHANGES);
    console.log(summary(`${NODES} nodes, ${count} gateways: ?wait=fleet`, took_ms));
    console.log(`  etcd’s writes for a change: ${told(writes)}`);
    const { nodes_ms, gateways_ms } = cpu;
    console.log(
      `  CPU for a change: nodes ${rounded(nodes_ms)} ms, simulated gateways ${rounded(gateways_ms)} ms`,
    );
  }
};

console.log(
  `${GATEWAYS} gateways of 2 workers, simulated in this process; ${NODES} nodes in ${PROCESSES} processes; etcd of one member; ` +
    `all on ${availableParallelism()} cores, load ${rounded(loadavg()[0] ?? NaN)} before the start`,
);
if (values.part !== 'many') await onOneNode();
if (values.part !== 'one') await onManyNodes();
