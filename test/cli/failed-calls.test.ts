/** What the commands that ask a node say, and end with, when they do not get what they asked for. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { keys } from '../../src/cli/keys.ts';
import { status } from '../../src/cli/status.ts';
import { wait } from '../../src/cli/wait.ts';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import { ROOT_TOKEN, issueToken } from '../support/tokens.ts';

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
