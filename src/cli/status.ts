import type { SyncStatus } from '../contract/answer.ts';
import type { FleetAnswer, FleetGateway } from '../contract/fleet-answer.ts';
import { clientOf, clientSettings } from './client-settings.ts';
import type { Command } from './command.ts';
import { reportFailedCall } from './failed-call.ts';
import { helpOf, readSettings } from './settings.ts';
import { table } from './table.ts';

const behindText = (behind: number | null): string =>
  behind === null ? 'unknown' : behind === 0 ? 'has everything' : `behind by ${behind}`;

const renderNode = (status: SyncStatus): string[] => {
  const { sync_status: cached, quarantined, repaired } = status;
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
  ];
};

const renderNodes = ({ nodes }: FleetAnswer): string[] => {
  const rows = nodes.map(({ node_id, revision, state, behind, last_seen }) => [
    node_id,
    String(revision),
    state,
    behindText(behind),
    last_seen,
  ]);
  return ['', table(['NODE', 'REVISION', 'STATE', '', 'LAST SEEN'], rows)];
};

const pluginText = ({ plugin }: FleetGateway): string =>
  plugin.loaded ? `cdn_defense ${plugin.version ?? ''}`.trimEnd() : 'no cdn_defense';

const renderGateways = ({ gateways }: FleetAnswer): string[] => {
  if (gateways.length === 0) return ['', 'No gateway reports: nothing is known of what gateways serve.'];
  const rows = gateways.map((gateway) => [
    gateway.gateway_id,
    gateway.kind,
    String(gateway.revision),
    gateway.state,
    behindText(gateway.behind),
    gateway.node_id,
    pluginText(gateway),
  ]);
  const turnedDown = gateways.flatMap(({ gateway_id, rejected }) =>
    rejected.map(({ directory, id, reason }) => `${gateway_id} rejects ${directory}/${id}: ${reason}`),
  );
  return [
    '',
    table(['GATEWAY', 'KIND', 'REVISION', 'STATE', '', 'HEARD BY', 'PLUGIN'], rows),
    ...(turnedDown.length > 0 ? ['', ...turnedDown] : []),
  ];
};

/**
 * Exit code 0: every live node and every known gateway has every change. 1: some have not, or the node refused. 2: nobody
 * answered.
 */
export const status: Command = {
  help: `lockstep status [flags]\n\nAsks one node. Exits 0 when every live node and every known gateway has the newest change,\n1 when not or when the node refuses, 2 without an answer.\n\n${helpOf(clientSettings)}`,
  run: async (argv, env) => {
    const client = clientOf(readSettings(clientSettings, argv, env));
    try {
      const answer = await client.syncStatus();
      const fleet = await client.fleet();
      process.stdout.write(
        `${[...renderNode(answer), ...renderNodes(fleet), ...renderGateways(fleet)].join('\n')}\n`,
      );
      const synced =
        fleet.nodes.every(({ state }) => state === 'synced') &&
        fleet.gateways.every(({ state }) => state === 'synced');
      return answer.etcd_connected && synced ? 0 : 1;
    } catch (error) {
      return reportFailedCall(error);
    }
  },
};
