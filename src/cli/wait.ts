import type { Client } from '../client/client.ts';
import type { Reach } from '../contract/changes.ts';
import { pause } from '../shared/async.ts';
import { clientOf, clientSettings } from './client-settings.ts';
import type { Command } from './command.ts';
import { reportFailedCall } from './failed-call.ts';
import { SettingError, helpOf, readSettings } from './settings.ts';
import { milliseconds } from './values.ts';

const POLL_MS = 100;

const settings = {
  'timeout-ms': {
    value: 'MS',
    help: 'how long to wait for those who have not got it',
    default: '30000',
    parse: milliseconds,
  },
  ...clientSettings,
} as const;

const missing = ({ nodes_pending, gateways_pending, gateways_pending_total, gateways_rejecting }: Reach) => {
  const more = gateways_pending_total - gateways_pending.length;
  return [
    ...nodes_pending.map((id) => `node ${id} has not reported it`),
    ...gateways_pending.map((id) => `gateway ${id} has not proved it`),
    ...(more > 0 ? [`${more} more gateways have not proved it`] : []),
    ...gateways_rejecting.map((id) => `gateway ${id} has turned something of it down`),
  ];
};

/** Who lacked it a moment ago and is off the list: silence proves nothing. */
const lost = (before: Reach | undefined, now: Reach): readonly string[] =>
  before && now.gateways < before.gateways ? before.gateways_pending : [];

const waitFor = async (client: Client, revision: number, timeout_ms: number): Promise<number> => {
  const deadline = performance.now() + timeout_ms;
  for (let before: Reach | undefined; ; ) {
    const { reach } = await client.change(revision);
    const gone = lost(before, reach);
    before = reach;
    if (gone.length > 0) {
      for (const id of gone)
        process.stderr.write(`lockstep: gateway ${id} had not proved it when it was last heard\n`);
      return 1;
    }
    if (reach.complete) {
      process.stdout.write(
        `revision ${revision}: all ${reach.nodes} nodes and ${reach.gateways} gateways have it\n`,
      );
      return 0;
    }
    const settled = reach.nodes_pending.length + reach.gateways_pending_total === 0;
    if (settled || performance.now() >= deadline) {
      for (const line of missing(reach)) process.stderr.write(`lockstep: ${line}\n`);
      return 1;
    }
    await pause(POLL_MS);
  }
};

/**
 * Exit code 0: everybody has it. 1: somebody has not, or has turned it down; who, is said. Also 1: the node refused, or
 * knows no such change. 2: nobody answered.
 */
export const wait: Command = {
  help: `lockstep wait REVISION [flags]\n\nWaits until every live node and every known gateway has a change, by the revision that its answer named.\nExits 0 when they have, 1 naming those who have not, or when the node refuses or knows no such\nchange, 2 without an answer.\n\n${helpOf(settings)}`,
  run: async ([first = '', ...argv], env) => {
    const revision = Number(first);
    if (!/^[1-9]\d{0,15}$/.test(first) || !Number.isSafeInteger(revision)) {
      throw new SettingError('say which revision to wait for: lockstep wait REVISION');
    }
    const values = readSettings(settings, argv, env);
    try {
      return await waitFor(clientOf(values), revision, values['timeout-ms']);
    } catch (error) {
      return reportFailedCall(error);
    }
  },
};
