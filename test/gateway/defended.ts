/** A gateway with the engine in front of one route, `/shop/*`, fed by hand, on a clock that stands still. */
import { afterEach, beforeEach } from 'vitest';
import { EngineDefense } from '../../src/gateway/defense/engine-defense.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { type Log, silentLog } from '../../src/shared/log.ts';
import { BROWSER } from '../support/browser-like.ts';
import { type Cleanup, ask, cleanUp, echo, routeTo, startGateway, startUpstream } from './fixture.ts';

export const SECRET = 'a'.repeat(64);
export const KEY = { id: 'k1', secret: SECRET, state: 'signing' };
export const INJECTION = '/shop/x?id=1%27%20UNION%20SELECT%20password%20FROM%20users--';

/** A clock that moves when told. */
export const stillClock = () => {
  const clock = { at_ms: 1_790_000_040_123, now: () => clock.at_ms, monotonic: () => clock.at_ms };
  return clock satisfies Clock;
};

/** To be called once per test file; cleans up after each test. */
export const defendedGateway = () => {
  const stack: Cleanup = [];
  const lines: Record<string, unknown>[] = [];
  const errors: object[] = [];
  const log: Log = {
    ...silentLog,
    info: (fields) => lines.push(fields as Record<string, unknown>),
    error: (fields) => errors.push(fields),
  };
  beforeEach(() => {
    lines.length = 0;
    errors.length = 0;
  });
  afterEach(() => cleanUp(stack));

  const start = async (
    tenant: object = {},
    policy: object = {},
    options: { trustedProxies?: string[] } = {},
  ) => {
    const upstream = await startUpstream(stack, echo);
    const clock = stillClock();
    const defense = new EngineDefense({ clock, log, ...options });
    const started = await startGateway(stack, { defense, log });
    started.feed.list({
      'routes/shop': routeTo(upstream, {
        uris: ['/shop/*'],
        plugins: { cdn_defense: { tenant: 't1', route: 'shop' } },
      }),
      'cdn_defense/tenants/t1': { id: 't1', ...tenant },
      'cdn_defense/policies/shop': { id: 'shop', tenant: 't1', ...policy },
      'cdn_defense/keyring/k1': KEY,
    });
    const get = (path = '/shop/x', headers: Record<string, string> = {}) =>
      ask(started.port, { path, headers: { ...BROWSER, ...headers } });
    return { ...started, defense, clock, get };
  };

  return {
    stack,
    start,
    /** What the gateway logged as errors. */
    errors,
    /** The explanation of the newest request in the access log. */
    explained: (): Record<string, unknown> =>
      (lines.findLast((line) => 'explanation' in line)?.['explanation'] ?? {}) as Record<string, unknown>,
  };
};
