/** One parameter changed on node 3 decides the next request on every gateway, and how soon. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Cleanup, cleanUp } from '../gateway/fixture.ts';
import { type Edge, clear, startEdge } from './edge.ts';

const INJECTION = `/shop/x?id=${encodeURIComponent("1' UNION SELECT name, password FROM users--")}`;
/** Scores a little: an honest tool that names no language. */
const ODD = { 'user-agent': 'curl/8.5.0', 'accept-language': '' };
const SAMPLES = 100;

const stack: Cleanup = [];
let edge: Edge;
let cookie: string;
beforeAll(async () => {
  edge = await startEdge(stack);
  await edge.configure({ challenge_all: true });
  cookie = await clear(edge, 0, '/shop/x', { 'x-real-ip': '198.51.100.250' });
});
afterAll(() => cleanUp(stack));

type Outcome = 'pass' | 'block' | 'challenge' | 'limit';

const outcomeOf = ({ status, headers }: Answer): Outcome => {
  if (status === 200) return 'pass';
  if (status === 429) return 'limit';
  return String(headers['content-type']).startsWith('text/html') ? 'challenge' : 'block';
};

interface Row {
  readonly parameter: string;
  readonly before: object;
  readonly after: object;
  readonly path?: string;
  readonly headers?: () => Readonly<Record<string, string>>;
  /** How many requests the client has made already. */
  readonly earlier?: number;
  readonly expected: readonly [before: Outcome, after: Outcome];
}

/** What both a tenant and a route may set. */
const SHARED: readonly Row[] = [
  {
    parameter: 'threat_threshold',
    before: { threat_threshold: 70 },
    after: { threat_threshold: 5 },
    headers: () => ODD,
    expected: ['pass', 'challenge'],
  },
  {
    parameter: 'threat_threshold, raised',
    before: { threat_threshold: 0 },
    after: { threat_threshold: 100 },
    headers: () => ODD,
    expected: ['challenge', 'pass'],
  },
  {
    parameter: 'rate_limit',
    before: { rate_limit: 1000 },
    after: { rate_limit: 5 },
    earlier: 5,
    expected: ['pass', 'limit'],
  },
  {
    parameter: 'rate_limit, raised',
    before: { rate_limit: 5 },
    after: { rate_limit: 1000 },
    earlier: 5,
    expected: ['limit', 'pass'],
  },
  {
    parameter: 'js_challenge',
    before: { challenge_all: true, js_challenge: true },
    after: { challenge_all: true, js_challenge: false },
    expected: ['challenge', 'block'],
  },
  {
    parameter: 'js_fingerprint',
    before: { challenge_all: true, js_fingerprint: false },
    after: { challenge_all: true, js_fingerprint: true },
    headers: () => ({ cookie }),
    expected: ['pass', 'challenge'],
  },
  {
    parameter: 'mode',
    before: { mode: 'observe' },
    after: { mode: 'enforce' },
    path: INJECTION,
    expected: ['pass', 'block'],
  },
  {
    parameter: 'deny',
    before: { deny: [] },
    after: { deny: ['198.51.100.0/24'] },
    expected: ['pass', 'block'],
  },
  {
    parameter: 'allow',
    before: { allow: [] },
    after: { allow: ['198.51.100.0/24'] },
    path: INJECTION,
    expected: ['block', 'pass'],
  },
  {
    parameter: 'challenge_all',
    before: { challenge_all: false },
    after: { challenge_all: true },
    expected: ['pass', 'challenge'],
  },
];

const OF_TENANT: readonly Row[] = [
  ...SHARED,
  {
    parameter: 'enabled_defense',
    before: { enabled_defense: false },
    after: { enabled_defense: true },
    path: INJECTION,
    expected: ['pass', 'block'],
  },
];
const OF_ROUTE: readonly Row[] = [
  ...SHARED,
  {
    parameter: 'enabled',
    before: { enabled: false },
    after: { enabled: true },
    path: INJECTION,
    expected: ['pass', 'block'],
  },
];

/** Clients 1–240: each row has one of its own, so that what one did earlier does not count for another. */
let clients = 0;
const stranger = () => ({ 'x-real-ip': `198.51.100.${(clients++ % 240) + 1}` });

const bothAnswer = async ({ path, headers }: Row, client: Record<string, string>): Promise<Outcome[]> => {
  const answers = [0, 1].map((gateway) => edge.get(gateway, path, { ...headers?.(), ...client }));
  return (await Promise.all(answers)).map(outcomeOf);
};

const check = async (row: Row, set: (parameters: object) => Promise<unknown>): Promise<void> => {
  edge.time.frozen_ms = Date.now();
  const client = stranger();
  await set({ mode: 'observe' });
  for (let i = 0; i < (row.earlier ?? 0); i++) await bothAnswer({ ...row, path: '/shop/x' }, client);
  const [before, after] = row.expected;
  await set(row.before);
  expect(await bothAnswer(row, client)).toEqual([before, before]);
  await set(row.after);
  expect(await bothAnswer(row, client)).toEqual([after, after]);
};

describe('a parameter changed on node 3 decides the next request on both gateways', () => {
  it.each(OF_TENANT)('of a tenant: $parameter', async (row) => {
    await edge.apply({});
    await check(row, (parameters) => edge.configure(parameters));
  });

  it.each(OF_ROUTE)('of a route: $parameter', async (row) => {
    // The route has the last word.
    await edge.configure({ threat_threshold: 90, rate_limit: 900, mode: 'enforce' });
    await check(row, (parameters) => edge.apply(parameters));
  });

  it('also when it is patched, and when update-all sets it for everybody', async () => {
    await edge.configure({ deny: [] });
    await edge.apply({});
    const client = stranger();
    const row = SHARED.find(({ parameter }) => parameter === 'deny') as Row;
    expect(await bothAnswer(row, client)).toEqual(['pass', 'pass']);
    const patch = { tenant: 'tenant-001', body: { config: { deny: ['198.51.100.0/24'] } } };
    const patched = await edge.fleet.callNode(2, 'PATCH', '/global-config/tenant?wait=nodes', patch);
    expect(patched.status).toBe(200);
    expect(await bothAnswer(row, client)).toEqual(['block', 'block']);
    const all = { body: { defense_config: { deny: [] } } };
    const updated = await edge.fleet.callNode(2, 'POST', '/defense-plugin/update-all?wait=nodes', all);
    expect(updated.status).toBe(200);
    expect(await bothAnswer(row, client)).toEqual(['pass', 'pass']);
  });
});

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * q) - 1)] ?? 0;

const summary = (times: readonly number[]): { p50: number; p99: number; max: number } => {
  const sorted = [...times].sort((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 };
};

const shown = (name: string, times: readonly number[]): void => {
  const { p50, p99, max } = summary(times);
  process.stdout.write(
    `  ${name}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms (n=${times.length})\n`,
  );
};

describe('a change takes effect', () => {
  /** Switches the tenant's `deny` list on and off. */
  const list = (on: boolean) => (on ? ['198.51.100.0/24'] : []);

  it(`within milliseconds of its commit, and before its answer (${SAMPLES} changes)`, async () => {
    edge.time.frozen_ms = undefined;
    await edge.configure({ rate_limit: 1_000_000 });
    await edge.apply({});
    const node = edge.fleet.seen[2];
    if (!node) throw new Error('there are three nodes');
    const client = { 'x-real-ip': '198.51.100.245' };
    const fromCommit: number[] = [];
    const fromAnswer: number[] = [];
    const written: number[] = [];
    let stale = 0;
    for (let i = 0; i < SAMPLES; i++) {
      const wanted = i % 2 === 0 ? 403 : 200;
      let committed = (_at: number): void => {};
      const commit = new Promise<number>((resolve) => {
        committed = resolve;
      });
      node.afterTransact = ({ puts }) => {
        if (puts.some(({ key }) => key.startsWith(edge.fleet.keys.records('config'))))
          committed(performance.now());
      };
      const began = performance.now();
      const posted = edge.configure({ rate_limit: 1_000_000, deny: list(i % 2 === 0) });
      const at = await commit;
      // Asks each gateway again and again until it decides by the new list.
      const effects = [0, 1].map(async (gateway) => {
        while ((await edge.get(gateway, '/shop/x', client)).status !== wanted);
        return performance.now() - at;
      });
      await posted;
      const answered = performance.now();
      written.push(answered - began);
      const next = await Promise.all([0, 1].map((gateway) => edge.get(gateway, '/shop/x', client)));
      fromAnswer.push(performance.now() - answered);
      stale += next.filter(({ status }) => status !== wanted).length;
      fromCommit.push(Math.max(...(await Promise.all(effects))));
    }
    node.afterTransact = () => {};
    shown('from the commit to both gateways deciding by it, request included', fromCommit);
    shown('from the answer of POST ?wait=nodes to both next verdicts, requests included', fromAnswer);
    shown('POST ?wait=nodes', written);
    process.stdout.write(`  next requests decided by the parameters before: ${stale} of ${2 * SAMPLES}\n`);
    expect(stale).toBe(0);
    expect(summary(fromCommit).p99).toBeLessThan(1_000);
  }, 60_000);
});
