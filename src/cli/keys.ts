import type { Client } from '../client/client.ts';
import type { KeysStatus } from '../contract/keys.ts';
import { pause } from '../shared/async.ts';
import { clientOf, clientSettings } from './client-settings.ts';
import type { Command } from './command.ts';
import { reportFailedCall } from './failed-call.ts';
import { SettingError, helpOf, readSettings } from './settings.ts';

const POLL_MS = 250;
/** Counting reads everything that is sealed. */
const TIMEOUT_MS = 120_000;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const plural = (count: number): string => `${count} secret${count === 1 ? '' : 's'}`;

/** Every node that has a master key seals with the same, and everything is under that one. */
const isSettled = ({ kid, nodes, sealed = [] }: KeysStatus): boolean =>
  nodes.every(({ master_keys }) => master_keys?.length === 0 || master_keys?.[0] === kid) &&
  sealed.every((each) => each.kid === kid);

const render = (status: KeysStatus): string => {
  const { kid, nodes, sealed = [], rotation } = status;
  const keysOf = (master_keys: readonly string[] | undefined): string => {
    if (!master_keys) return 'does not say';
    const [first, ...others] = master_keys;
    return first === undefined ? 'none' : [`${first} (seals)`, ...others].join(', ');
  };
  const width = Math.max(4, ...nodes.map(({ node_id }) => node_id.length));
  return [
    `${'NODE'.padEnd(width)}  MASTER KEYS`,
    ...nodes.map(({ node_id, master_keys }) => `${node_id.padEnd(width)}  ${keysOf(master_keys)}`),
    '',
    ...sealed.map(
      (each) => `${plural(each.count)} under ${each.kid}${each.kid === kid ? '' : ', not the current one'}`,
    ),
    `rotation on ${status.node_id}: ${rotation.state}`,
  ].join('\n');
};

const showStatus = async (client: Client): Promise<number> => {
  const status = await client.keys(true);
  say(render(status));
  return isSettled(status) ? 0 : 1;
};

const rotate = async (client: Client): Promise<number> => {
  const { message } = await client.rotateKeys();
  say(message);
  for (let shown = -1; ; ) {
    const { rotation } = await client.keys(false);
    const { state, resealed, unreadable, unreadable_keys, ended_at } = rotation;
    if (resealed !== shown) say(`${plural(resealed)} sealed anew`);
    shown = resealed;
    if (ended_at === undefined) {
      await pause(POLL_MS);
      continue;
    }
    if (state === 'done') break;
    const left = unreadable === 0 ? '' : `; not opened: ${unreadable}, first ${unreadable_keys.join(', ')}`;
    process.stderr.write(`lockstep: the rotation is ${state}${left}\n`);
    return 1;
  }
  const after = await client.keys(true);
  say(render(after));
  if (!isSettled(after)) return 1;
  say('Former master keys are not needed any more.');
  return 0;
};

const ACTIONS: Readonly<Record<string, (client: Client) => Promise<number>>> = { status: showStatus, rotate };

const help = `lockstep keys status|rotate [flags]

status: which node has which master keys, and how many secrets are under which.
rotate: seals everything anew with the master key that every node seals with; waits until it is done.
Exits 0 when every node seals with one master key and everything is under it, 1 when not or when the node refuses,
2 without an answer.

${helpOf(clientSettings)}`;

/** Looks after master keys by way of one node. */
export const keys: Command = {
  help,
  run: async ([action = '', ...rest], env) => {
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!act) throw new SettingError(`lockstep keys takes ${Object.keys(ACTIONS).join(' or ')}`);
    const client = clientOf(readSettings(clientSettings, rest, env), TIMEOUT_MS);
    try {
      return await act(client);
    } catch (error) {
      return reportFailedCall(error);
    }
  },
};
