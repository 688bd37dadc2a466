/**
 * Every endpoint there is × everybody who might call it: who may is decided here a second time, from the declaration
 * alone. A new endpoint is in it as soon as it is registered.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ENDPOINTS } from '../../src/api/api.ts';
import type { Endpoint } from '../../src/api/endpoint.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import type { CallOptions, Reply } from '../support/http-call.ts';
import { TestIssuer } from '../support/issuer.ts';
import { SAMPLED, type Sample, type World, keyOf, samplesOf } from '../support/samples.ts';
import {
  CANARY,
  CANARY_ADDRESS,
  OF_A,
  OF_B,
  OF_NOBODY,
  elsewhere,
  furnishTenants,
  worldOf,
} from '../support/tenants.ts';
import { ROOT_TOKEN, bearer, issueToken } from '../support/tokens.ts';

/** Everybody, and what the matrix expects of them: 401, or what their role may do for tenant A. */
const CALLERS = {
  nobody: 401,
  'a wrong token': 401,
  'no token at all': 401,
  'an expired token': 401,
  'a revoked token': 401,
  'a JWT for another audience': 401,
  'an expired JWT': 401,
  'a viewer of A': 'viewer',
  'an editor of A': 'editor',
  'an editor of A by JWT': 'editor',
  'an editor of A and others': 'editor',
  'an editor of B': 'stranger',
  'a viewer of B': 'stranger',
  'a gateway': 'gateway',
  'an operator': 'operator',
  'the root token': 'operator',
} as const;
type Caller = keyof typeof CALLERS;
const NAMES = Object.keys(CALLERS) as Caller[];
const OF_A_ONLY: readonly Caller[] = ['a viewer of A', 'an editor of A', 'an editor of A by JWT'];

type Standing = Exclude<(typeof CALLERS)[Caller], 401>;

/** Who may call what: `writes` and every method but GET is a change. */
const MAY: Readonly<Record<Endpoint['access'], (standing: Standing, changes: boolean) => boolean>> = {
  public: () => true,
  tenant: (who, changes) => who === 'operator' || who === 'editor' || (who === 'viewer' && !changes),
  gateway: (who) => who === 'operator' || who === 'gateway',
  operator: (who) => who === 'operator',
  metrics: (who) => who === 'operator',
};

const expected = (endpoint: Endpoint, caller: Caller): 200 | 401 | 403 => {
  const standing = CALLERS[caller];
  if (endpoint.access === 'public') return 200;
  if (standing === 401) return 401;
  return MAY[endpoint.access](standing, endpoint.writes || endpoint.method !== 'GET') ? 200 : 403;
};

let now_ms = 0;
const clock: Clock = { now: () => Date.now() + now_ms, monotonic: () => performance.now() };

let fleet: Fleet;
let issuer: TestIssuer;
let world: World;
type Headers = NonNullable<CallOptions['headers']>;
/** What each caller sends, by caller. */
const headersOf = new Map<Caller, () => Headers | Promise<Headers>>();

/** A token too often wrong has its users wait, so it is another one after some time. */
const renewed = (make: () => Promise<string>): (() => Promise<Headers>) => {
  let uses = 0;
  let token = '';
  return async () => {
    if (uses++ % 10 === 0) token = await make();
    return bearer(token).headers;
  };
};

const makeCallers = async (): Promise<void> => {
  const [a, b] = [OF_A.tenant, OF_B.tenant];
  const token = async (spec: Parameters<typeof issueToken>[1]) =>
    bearer((await issueToken(fleet, spec)).token).headers;
  const claims = { lockstep_role: 'editor', lockstep_tenants: [a] };
  const expired = await token({
    role: 'operator',
    expires_at: new Date(clock.now() + 3_600_000).toISOString(),
  });
  now_ms = 3_600_001;
  const revoked = async () => {
    const { id, token: text } = await issueToken(fleet, { role: 'operator' });
    await fleet.call('DELETE', `/tokens/${id}`, bearer(ROOT_TOKEN));
    return text;
  };
  const wrong = async () => `ls_${randomBytes(6).toString('hex')}_${'0'.repeat(48)}`;
  const exp = Math.floor(clock.now() / 1000) + 3_600;
  const made: Record<Caller, Headers | (() => Promise<Headers>)> = {
    nobody: {},
    'a wrong token': renewed(wrong),
    'no token at all': { authorization: `Basic ${btoa(`operator:${ROOT_TOKEN}`)}` },
    'an expired token': expired,
    'a revoked token': renewed(revoked),
    'a JWT for another audience': bearer(await issuer.sign({ ...claims, exp, aud: 'others' })).headers,
    'an expired JWT': bearer(await issuer.sign({ ...claims, lockstep_role: 'operator' })).headers,
    'a viewer of A': await token({ role: 'viewer', tenants: [a] }),
    'an editor of A': await token({ role: 'editor', tenants: [a] }),
    'an editor of A by JWT': bearer(await issuer.sign({ ...claims, exp })).headers,
    'an editor of A and others': await token({ role: 'editor', tenants: [a, 'tenant-003'] }),
    'an editor of B': await token({ role: 'editor', tenants: [b] }),
    'a viewer of B': await token({ role: 'viewer', tenants: [b] }),
    'a gateway': await token({ role: 'gateway' }),
    'an operator': { 'x-api-key': (await issueToken(fleet, { role: 'operator' })).token },
    'the root token': bearer(ROOT_TOKEN).headers,
  };
  for (const name of NAMES) {
    const headers = made[name];
    headersOf.set(name, typeof headers === 'function' ? headers : () => headers);
  }
};

beforeAll(async () => {
  issuer = await TestIssuer.start();
  fleet = await startFleet({
    clock,
    // Comparisons on a schedule read the store as well, page by page, and would be taken for a caller's reads.
    drift: { interval_ms: 3_600_000 },
    gate: { mode: 'on', rootToken: ROOT_TOKEN, issuer: issuer.options() },
  });
  await furnishTenants(fleet);
  world = await worldOf(fleet);
  await makeCallers();
  for (const seen of fleet.seen) {
    const range = seen.range.bind(seen);
    vi.spyOn(seen, 'range').mockImplementation((...args) => {
      asked.push(JSON.stringify(args[0]));
      return range(...args);
    });
  }
});

afterAll(async () => {
  await fleet.dispose();
  await issuer.stop();
});

const ask = async (method: string, { path, body }: Sample, caller: Caller, tenant?: string): Promise<Reply> =>
  fleet.call(method, path, {
    headers: (await headersOf.get(caller)?.()) ?? {},
    from: elsewhere(),
    ...(tenant === undefined ? {} : { tenant }),
    ...(body === undefined ? {} : { body }),
  });

/** All that reaches the caller. */
const bytesOf = ({ status, headers, text }: Reply): string =>
  `${status}\n${JSON.stringify(headers)}\n${text}`;

const EACH = ENDPOINTS.map((endpoint) => [keyOf(endpoint), endpoint] as const);

test('every endpoint says who may call it, and every sample is of an endpoint', () => {
  for (const { access } of ENDPOINTS) expect(Object.keys(MAY)).toContain(access);
  const keys = ENDPOINTS.map(keyOf);
  expect(SAMPLED.filter((key) => !keys.includes(key))).toEqual([]);
});

describe.each(EACH)('%s', (_, endpoint) => {
  const tenant = endpoint.access === 'tenant' ? OF_A.tenant : undefined;

  test.each(NAMES)('answers %s by its declaration', async (caller) => {
    const wanted = expected(endpoint, caller);
    for (const sample of await samplesOf(endpoint, OF_A, world)) {
      const reply = await ask(endpoint.method, sample, caller, tenant);
      const { status, body } = reply;
      if (wanted === 200) {
        expect({ status, body }).toMatchObject({
          status: expect.toSatisfy((n: number) => n < 300) as number,
        });
      } else {
        expect({ status, code: body.code }).toEqual({
          status: wanted,
          code:
            wanted === 403
              ? 'forbidden'
              : caller.startsWith('an expired')
                ? 'token_expired'
                : 'unauthenticated',
        });
        expect(reply.headers['www-authenticate']).toBe(wanted === 401 ? 'Bearer' : undefined);
      }
      if (endpoint.method === 'GET') {
        expect((await ask('HEAD', sample, caller, tenant)).status).toBe(status);
      }
    }
  });

  test.each(OF_A_ONLY)('shows nothing of B to %s', async (caller) => {
    for (const sample of await samplesOf(endpoint, OF_A, world)) {
      const bytes = bytesOf(await ask(endpoint.method, sample, caller, tenant));
      expect(bytes).not.toContain(CANARY);
      expect(bytes).not.toContain(CANARY_ADDRESS);
    }
  });
});

/** Only these say that a name is taken. They do not say by whom. */
const CLAIMING = ['POST /global-routes', 'POST /global-ssl'];

const replaceAll = (text: string, from: string, to: string): string => text.split(from).join(to);

/** Ranges that node 1 asked the store for. */
const asked: string[] = [];
const readsAbout = (word: string): number => asked.filter((range) => range.includes(word)).length;

/** An answer about the canary's things, as if it were about nobody's; and without what differs each time. */
const plain = (reply: Reply): string =>
  [
    CANARY,
    'absent',
    reply.body.request_id,
    String(reply.headers['x-request-id']),
    String(reply.headers['date']),
  ]
    .filter((text) => text !== '' && text !== 'undefined')
    .reduce((text, each) => replaceAll(text, each, '…'), bytesOf(reply));

describe.each(EACH.filter(([key, { access }]) => access === 'tenant' && !CLAIMING.includes(key)))(
  '%s answers about what B has as about what nobody has,',
  (_, endpoint) => {
    const compare = async (caller: Caller, tenants: readonly [string?, string?]): Promise<Reply[]> => {
      const ofB = await samplesOf(endpoint, OF_B, world);
      const ofNobody = await samplesOf(endpoint, OF_NOBODY, world);
      const replies: Reply[] = [];
      const before = [readsAbout(CANARY), readsAbout('absent')];
      for (const [i, sample] of ofB.entries()) {
        const about = await ask(endpoint.method, sample, caller, tenants[0]);
        const absent = await ask(endpoint.method, ofNobody[i] ?? sample, caller, tenants[1]);
        expect(plain(about)).toBe(plain(absent));
        replies.push(about);
      }
      // Nor does it take another path through the store, which would take another time.
      const [ofCanary = 0, ofAbsent = 0] = before;
      expect(readsAbout(CANARY) - ofCanary).toBe(readsAbout('absent') - ofAbsent);
      return replies;
    };

    test.each(OF_A_ONLY)('byte for byte, to %s', async (caller) => {
      await compare(caller, [OF_A.tenant, OF_A.tenant]);
      await compare(caller, []);
    });

    test.each(OF_A_ONLY)('and refuses the tenant itself the same, to %s', async (caller) => {
      const replies = await compare(caller, [OF_B.tenant, OF_NOBODY.tenant]);
      for (const { status, body } of replies) {
        expect({ status, code: body.code }).toEqual({ status: 403, code: 'forbidden' });
      }
    });
  },
);

test('a claim on what B has is refused without saying whose it is', async () => {
  const route = { id: 'mine', path: '/mine/*', upstream: 'http://mine:8080' };
  const { cert, key } = world.certificate;
  const claims = [
    [
      '/global-routes',
      { route: { ...route, id: OF_B.route, hosts: ['mine.example.com'] } },
      'route_id_taken',
    ],
    ['/global-routes', { route: { ...route, hosts: [OF_B.host] } }, 'domain_taken'],
    ['/global-ssl', { domain: OF_B.domain, cert, key }, 'domain_taken'],
  ] as const;
  for (const [path, body, code] of claims) {
    const reply = await ask('POST', { path, body }, 'an editor of A');
    expect(reply).toMatchObject({ status: 409, body: { code } });
    expect(bytesOf(reply)).not.toContain(OF_B.tenant);
    expect(bytesOf(reply)).not.toContain(CANARY_ADDRESS);
  }
});
