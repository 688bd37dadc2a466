import { ProblemError, UnreachableError } from '../client/client.ts';
import type { SyncStatus } from '../contract/answer.ts';
import { clientOf, clientSettings } from './client-settings.ts';
import type { Command } from './command.ts';
import { helpOf, readSettings } from './settings.ts';

const render = (status: SyncStatus): string => {
  const { sync_status: cached, nodes, quarantined, repaired } = status;
  const rows = nodes.map(({ node_id, revision, behind, reported_at }) => [
    node_id,
    String(revision),
    behind === null ? 'unknown' : behind === 0 ? 'has everything' : `behind by ${behind}`,
    reported_at,
  ]);
  const head = ['NODE', 'REVISION', 'STATE', 'REPORTED'];
  const width = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(width[i] ?? 0))
      .join('  ')
      .trimEnd();
  const store = status.etcd_connected ? 'connected' : `not heard for ${status.age_ms} ms; reads are stale`;
  return [
    `${status.node_id}: ${status.state}, revision ${status.revision} of cluster ${status.cluster_id}`,
    `store: ${status.store.kind}, ${store}`,
    `cached: ${cached.total_cached_configs} configs, ${cached.total_cached_routes} routes, ${cached.total_cached_certificates} certificates`,
    ...(quarantined.length > 0
      ? [`quarantined: ${quarantined.map(({ key, reason }) => `${key} (${reason})`).join('; ')}`]
      : []),
    ...(repaired.length > 0
      ? [`repaired here: ${repaired.length}, last ${repaired.at(-1)?.directory}/${repaired.at(-1)?.id}`]
      : []),
    '',
    line(head),
    ...rows.map(line),
  ].join('\n');
};

/** Exit code 0: every live node has every change. 1: some have not. 2: nobody answered. */
export const status: Command = {
  help: `lockstep status [flags]\n\nAsks one node. Exits 0 when every live node has the newest change, 1 when not, 2 without an answer.\n\n${helpOf(clientSettings)}`,
  run: async (argv, env) => {
    const client = clientOf(readSettings(clientSettings, argv, env));
    try {
      const answer = await client.syncStatus();
      process.stdout.write(`${render(answer)}\n`);
      return answer.etcd_connected && answer.nodes.every(({ behind }) => behind === 0) ? 0 : 1;
    } catch (error) {
      if (!(error instanceof ProblemError) && !(error instanceof UnreachableError)) throw error;
      process.stderr.write(`lockstep: ${error.message}\n`);
      return 2;
    }
  },
};
