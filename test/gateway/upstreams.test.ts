/** The embedded gateway holds connections to the same rules as the API holds routes. */
import { afterEach, expect, test } from 'vitest';
import { startGateway } from '../../src/compose/gateway.ts';
import type { UpstreamRules } from '../../src/domain/upstream-rules.ts';
import { silentLog } from '../../src/shared/log.ts';
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { Keyspace } from '../../src/store/keys.ts';
import { type Cleanup, cleanUp, echo, routeTo, startUpstream } from './fixture.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

/** The status of a request through a gateway with these rules, whose route was put in the store by hand. */
const statusUnder = async (rules: (port: number) => UpstreamRules | undefined): Promise<number> => {
  const upstream = await startUpstream(stack, echo);
  const store = await openEmbeddedStore({});
  stack.push(() => store.close());
  const keys = new Keyspace('/cdn-defense', '/apisix');
  const value = JSON.stringify(routeTo(upstream));
  await store.transact({ guards: [], puts: [{ key: keys.projected('routes', 'r'), value }], deletes: [] });
  const upstreams = rules(upstream);
  const gateway = await startGateway({
    gatewayId: 'gateway-1',
    http: { host: '127.0.0.1', port: 0 },
    store,
    keys,
    log: silentLog,
    ...(upstreams ? { upstreams } : {}),
  });
  stack.push(() => gateway.dispose());
  const answer = await fetch(gateway.urls[0] ?? '');
  await answer.arrayBuffer();
  return answer.status;
};

test.each<[name: string, status: number, rules: (port: number) => UpstreamRules | undefined]>([
  ['loopback is reached by default', 200, () => undefined],
  [
    'loopback is reached where the operator opens it',
    200,
    () => ({ privateRanges: ['127.0.0.0/8'], reserved: [] }),
  ],
  [
    'loopback is not reached where only other ranges are open',
    502,
    () => ({ privateRanges: ['10.0.0.0/8'], reserved: [] }),
  ],
  [
    'a closed port is not reached',
    502,
    (port) => ({ privateRanges: 'open', reserved: [], closedPorts: [port] }),
  ],
  [
    'the store is not reached',
    502,
    (port) => ({ privateRanges: 'open', reserved: [{ host: '::1', port, use: 'store' }] }),
  ],
])('%s: %i', async (_name, status, rules) => {
  expect(await statusUnder(rules)).toBe(status);
});
