/** What the commands that ask a node say, and end with, when they do not get what they asked for. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { keys } from '../../src/cli/keys.ts';
import { status } from '../../src/cli/status.ts';
import { wait } from '../../src/cli/wait.ts';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import { ROOT_TOKEN, issueToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';
import { ProtocolGateway } from '../fleet/protocol-gateway.ts';

let fleet: Fleet;
let viewer: string;

beforeAll(async () => {
  fleet = await startFleet({ gate: { mode: 'on', rootToken: ROOT_TOKEN } });
  viewer = (await issueToken(fleet, { role: 'viewer', tenants: ['acme'] })).token;
});
afterAll(() => fleet.dispose());
afterEach(() => vi.restoreAllMocks());

const commands: [name: string, run: typeof status.run, argv: string[]][] = [
  ['status', status.run, []],
  ['wait', wait.run, ['1']],
  ['keys status', keys.run, ['status']],
  ['keys rotate', keys.run, ['rotate']],
];

/** Runs a command in this process. @returns its exit code, and what it wrote */
const ended = async (run: typeof status.run, argv: readonly string[], token: string) => {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  try {
    return { code: await run(argv, { LOCKSTEP_TOKEN: token }), ...written };
  } finally {
    vi.restoreAllMocks();
  }
};

const nodeUrl = (): string => fleet.nodes[0]?.url ?? '';

test.each(commands)('%s ends 1 and says why when the node refuses', async (_name, run, argv) => {
  const { code, stdout, stderr } = await ended(run, [...argv, '--url', nodeUrl()], viewer);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^lockstep: forbidden: .+\n$/);
});

test.each(commands)('%s ends 2 when nobody answers', async (_name, run, argv) => {
  const { code, stdout, stderr } = await ended(run, [...argv, '--url', 'http://127.0.0.1:9'], viewer);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^lockstep: http:\S+ does not answer as a Lockstep node\n$/);
});

test('waiting for a change that the node does not know ends 1', async () => {
  const { code, stderr } = await ended(wait.run, ['999999', '--url', nodeUrl()], ROOT_TOKEN);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lockstep: change_not_found: .+\n$/);
});

test('a node that fell silent is shown so, and ends status with 1', async () => {
  const two = await startFleet({ nodes: 2 });
  try {
    const url = two.nodes[0]?.url ?? '';
    expect((await ended(status.run, ['--url', url], ROOT_TOKEN)).code).toBe(0);
    // Its pulse goes, and it can't write it again.
    two.seen[1]?.fail();
    await two.store.transact({ guards: [], puts: [], deletes: [two.keys.pulse('node-2')] });
    await until('it is seen to be silent', () =>
      Boolean(two.nodes[0]?.node.fleet.nodes().some(({ state }) => state === 'stale')),
    );
    const { code, stdout } = await ended(status.run, ['--url', url], ROOT_TOKEN);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^node-2 .*stale/m);
  } finally {
    await two.dispose();
  }
});

test('waiting for a gateway that is taken off the list, silent, ends 1 and names it', async () => {
  let ahead_ms = 0;
  const clock = { now: () => Date.now() + ahead_ms, monotonic: () => performance.now() + ahead_ms };
  const timed = await startFleet({ clock });
  try {
    const url = timed.nodes[0]?.url ?? '';
    await new ProtocolGateway({ id: 'mute' }).catchUp(url);
    const body = { config: { threat_threshold: 9 } };
    const written = await timed.call('POST', '/global-config/tenant', { tenant: 'acme', body });
    const waiting = ended(wait.run, [String(written.body['revision']), '--url', url], ROOT_TOKEN);
    // It has been asked for at least once while the gateway lacks it.
    await until('it waits', () => (timed.nodes[0]?.node.fleet.gateways().length ?? 0) === 1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    ahead_ms += 31_000;
    const { code, stderr } = await waiting;
    expect(stderr).toBe('lockstep: gateway mute had not proved it when it was last heard\n');
    expect(code).toBe(1);
  } finally {
    await timed.dispose();
  }
});
