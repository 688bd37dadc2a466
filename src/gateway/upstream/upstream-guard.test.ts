import type { LookupAddress } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Cleanup,
  ask,
  cleanUp,
  echo,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { type UpstreamGuard, guardedLookup } from './upstream-guard.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

/** Refuses whatever is, or resolves to, one of these addresses. */
const closedTo =
  (...closed: string[]): UpstreamGuard =>
  (_target, addresses) =>
    addresses.some((address) => closed.includes(address)) ? 'it is closed' : undefined;

describe('the look-up of a name', () => {
  /** A resolver that answers with each list in turn, in the form asked for. */
  const resolver = (...answers: string[][]): LookupFunction => {
    return (_host, options, callback) => {
      const found = (answers.shift() ?? []).map(
        (address): LookupAddress => ({ address, family: isIP(address) }),
      );
      if (options.all) callback(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family);
    };
  };
  const look = (lookup: LookupFunction, all: boolean) =>
    new Promise<{ error: Error | null; found: unknown }>((resolve) => {
      lookup('innocent.example', { all }, (error, found) => resolve({ error, found }));
    });

  it.each([true, false])('passes on what it finds (all: %s)', async (all) => {
    const lookup = guardedLookup(closedTo('10.0.0.1'), 80, resolver(['192.0.2.1']));
    const { error, found } = await look(lookup, all);
    expect(error).toBeNull();
    expect(found).toEqual(all ? [{ address: '192.0.2.1', family: 4 }] : '192.0.2.1');
  });

  it.each([true, false])(
    'fails when the name has been bound to a closed address since (all: %s)',
    async (all) => {
      const lookup = guardedLookup(
        closedTo('169.254.169.254'),
        80,
        resolver(['192.0.2.1'], ['169.254.169.254']),
      );
      expect((await look(lookup, all)).error).toBeNull();
      expect((await look(lookup, all)).error).toMatchObject({
        name: 'ClosedUpstreamError',
        message: 'innocent.example: it is closed',
      });
    },
  );

  it('fails for one closed address among several', async () => {
    const lookup = guardedLookup(closedTo('::1'), 80, resolver(['192.0.2.1', '::1']));
    expect((await look(lookup, true)).error).toMatchObject({ name: 'ClosedUpstreamError' });
  });

  it('leaves a failed look-up as it is', async () => {
    const failing: LookupFunction = (_host, _options, callback) => callback(new Error('ENOTFOUND'), []);
    const lookup = guardedLookup(() => 'never asked', 80, failing);
    expect((await look(lookup, true)).error?.message).toBe('ENOTFOUND');
  });
});

describe('a gateway with a guard', () => {
  it('connects to no closed address, by number or by name, says so in its log, and tells the client nothing', async () => {
    const lines: object[] = [];
    const log: Log = { ...silentLog, info: (fields) => lines.push(fields) };
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack, { log, guard: closedTo('127.0.0.1') });
    for (const host of ['127.0.0.1', 'localhost']) {
      const upstreamOf = {
        ...(routeTo(upstream) as { upstream: object }).upstream,
        nodes: [{ host, port: upstream, weight: 1 }],
      };
      feed.list({ 'routes/one': routeTo(upstream, { upstream: upstreamOf }) });
      const answer = await ask(port);
      expect(answer.status).toBe(502);
      expect(answer.body).not.toContain('closed');
      const failed = expect.stringMatching(/it is closed$/) as string;
      expect(lines.at(-1)).toMatchObject({ status: 502, explanation: { failed } });
    }
  });

  it('asks with host and port, and uses the nodes that are open', async () => {
    const [closed, open] = [await startUpstream(stack, echo), await startUpstream(stack, echo)];
    const asked: number[] = [];
    const guard: UpstreamGuard = ({ host, port }, addresses) => {
      expect([host, addresses]).toEqual(['127.0.0.1', ['127.0.0.1']]);
      asked.push(port);
      return port === closed ? 'it is closed' : undefined;
    };
    const { feed, port } = await startGateway(stack, { guard });
    feed.list({ 'routes/one': routeTo([closed, open]) });
    for (let i = 0; i < 4; i++) expect(JSON.parse((await ask(port)).body)).toMatchObject({ port: open });
    expect(new Set(asked)).toEqual(new Set([closed, open]));
  });
});
