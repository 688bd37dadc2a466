/** One parameter changed on node 3 decides the next request on every gateway, and how soon. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cleanup, cleanUp } from '../gateway/fixture.ts';
import { type Edge, clear, startEdge } from './edge.ts';
import {
  CLIENTS,
  OF_ROUTE,
  OF_TENANT,
  type Outcome,
  type Row,
  outcomeOf,
  stranger,
} from './parameter-rows.ts';

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

const bothAnswer = async ({ path, headers, cleared }: Row, client: object): Promise<Outcome[]> => {
  const sent = { ...headers, ...(cleared ? { cookie } : {}), ...client };
  const answers = [0, 1].map((gateway) => edge.get(gateway, path, sent));
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
    const row = OF_TENANT.find(({ parameter }) => parameter === 'deny') as Row;
    expect(await bothAnswer(row, client)).toEqual(['pass', 'pass']);
    const patch = { tenant: 'tenant-001', body: { config: { deny: [CLIENTS] } } };
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
  const list = (on: boolean) => (on ? [CLIENTS] : []);

  it(`within milliseconds of its commit, and before its answer (${SAMPLES} changes)`, async () => {
    edge.time.frozen_ms = undefined;
    await edge.configure({ rate_limit: 1_000_000 });
    await edge.apply({});
    const node = edge.fleet.seen[2];
    if (!node) throw new Error('there are three nodes');
    const client = { 'x-real-ip': '198.18.255.245' };
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
