/** Changes of every kind that a fleet sees, each with the traffic that tells whether a gateway answers by it. */
import { X509Certificate } from 'node:crypto';
import type { DemoOrigin } from '../../src/gateway/demo-origin.ts';
import { BROWSER } from '../support/browser-like.ts';
import { makeCertificate } from '../support/certificates.ts';
import type { Answer, Sent } from '../support/probe.ts';

/** A change as it is asked for, and what every worker of every gateway must answer as soon as it is said to have it. */
export interface MixedChange {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly probe: { readonly target: string } & Sent;
  readonly read: (answer: Answer) => unknown;
  readonly expected: unknown;
}

/** What threatens enough to be turned away at most thresholds, and passes at 100. */
const SCANNER = { ...BROWSER, 'user-agent': 'sqlmap/1.8.4#stable (https://sqlmap.org)' };

const hostOf = (id: string): string => `${id}.example.com`;
const policyOf = ({ headers }: Answer): unknown => headers['ratelimit-policy'];
const policyText = (limit: number): string => `"default";q=${limit};w=60`;
const originOf = ({ status, text }: Answer): string => {
  const { origin } = status === 200 ? (JSON.parse(text) as { origin: string }) : { origin: 'none' };
  return `${status} ${origin}`;
};
const to = (id: string): MixedChange['probe'] => ({ target: '/x', host: hostOf(id), headers: BROWSER });
const scan = { ...to('shop'), headers: SCANNER };

const tenant = (name: string, config: object): Pick<MixedChange, 'name' | 'method' | 'path' | 'body'> => ({
  name,
  method: 'POST',
  path: '/global-config/tenant',
  body: { config },
});

/** What the changes are made to: one tenant's routes `shop` and `site`, which are defended, and `brief`, which comes and goes. */
export class MixedChanges {
  private readonly origins: readonly [DemoOrigin, DemoOrigin];
  /** So many kinds follow each other. */
  static readonly kinds = 10;

  constructor(origins: readonly [DemoOrigin, DemoOrigin]) {
    this.origins = origins;
  }

  /** What there is before the first change. */
  setUp(): { readonly path: string; readonly body: object }[] {
    const routes = ['shop', 'site'].flatMap((id) => [
      {
        path: '/global-routes',
        body: { route: { id, path: '/*', hosts: [hostOf(id)], upstream: this.origins[1].url } },
      },
      { path: '/defense-plugin/apply', body: { route_id: id, defense_config: {} } },
    ]);
    return [{ path: '/global-config/tenant', body: { config: { enabled_defense: true } } }, ...routes];
  }

  /** @param n 0 for the first: each follows from those before it */
  async change(n: number): Promise<MixedChange> {
    const round = Math.floor(n / MixedChanges.kinds);
    const limit = 1_000_000 + n;
    const upstream = this.origins[round % 2 === 0 ? 0 : 1];
    switch (n % MixedChanges.kinds) {
      case 0:
        return {
          name: 'a route changed',
          method: 'PUT',
          path: '/global-routes/shop',
          body: { updates: { upstream: upstream.url } },
          probe: to('shop'),
          read: originOf,
          expected: `200 ${round % 2 === 0 ? 'A' : 'B'}`,
        };
      case 1:
        return {
          ...tenant('a tenant’s limit', { rate_limit: limit }),
          probe: to('shop'),
          read: policyOf,
          expected: policyText(limit),
        };
      case 2:
        return {
          ...tenant('a tenant’s threshold, low', { threat_threshold: 20 + round }),
          probe: scan,
          read: ({ status }) => status,
          expected: 403,
        };
      case 3:
        return {
          ...tenant('a tenant’s switch, off', { enabled_defense: false }),
          probe: scan,
          read: (answer) => `${answer.status} ${String(policyOf(answer))}`,
          expected: '200 undefined',
        };
      case 4:
        return {
          ...tenant('a tenant’s switch, on', { enabled_defense: true }),
          probe: scan,
          read: ({ status }) => status,
          expected: 403,
        };
      case 5:
        return {
          ...tenant('a tenant’s threshold, high', { threat_threshold: 100 }),
          probe: scan,
          read: ({ status }) => status,
          expected: 200,
        };
      default:
        return this.objectChange(n, limit);
    }
  }

  private async objectChange(n: number, limit: number): Promise<MixedChange> {
    switch (n % MixedChanges.kinds) {
      case 6:
        return {
          name: 'a new route',
          method: 'POST',
          path: '/global-routes',
          body: {
            route: { id: 'brief', path: '/*', hosts: [hostOf('brief')], upstream: this.origins[1].url },
          },
          probe: to('brief'),
          read: originOf,
          expected: '200 B',
        };
      case 7:
        return {
          name: 'defense applied to a route',
          method: 'POST',
          path: '/defense-plugin/apply',
          body: { route_id: 'site', defense_config: { rate_limit: limit } },
          probe: to('site'),
          read: policyOf,
          expected: policyText(limit),
        };
      case 8:
        return {
          name: 'a route deleted',
          method: 'DELETE',
          path: '/global-routes/brief',
          probe: to('brief'),
          read: ({ status }) => status,
          expected: 404,
        };
      default: {
        const domain = hostOf('shop');
        const { cert, key } = await makeCertificate({ names: [domain] });
        return {
          name: 'a certificate',
          method: 'POST',
          path: '/global-ssl',
          body: { domain, cert, key },
          probe: { ...to('shop'), tls: true },
          read: ({ fingerprint }) => fingerprint,
          expected: new X509Certificate(cert).fingerprint256,
        };
      }
    }
  }
}
