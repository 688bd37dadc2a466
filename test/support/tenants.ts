/** A fleet with two tenants that own everything there is to own. One of them is full of canaries. */
import { makeCertificate } from './certificates.ts';
import { type Fleet, ROUTE } from './control-plane.ts';
import { GATEWAY, type Names, type World } from './samples.ts';
import { ROOT_TOKEN, bearer, issueToken } from './tokens.ts';

/** Stands in everything that tenant B has. */
export const CANARY = 'canary';
/** The same for what can't hold words. */
export const CANARY_ADDRESS = '203.0.113.77';

const namesOf = (word: string, tenant: string): Names => ({
  tenant,
  route: `${word}-route`,
  host: `${word}-host.example.com`,
  domain: `${word}-ssl.example.com`,
});

export const OF_A = namesOf('acme', 'acme');
export const OF_B = namesOf(CANARY, `${CANARY}-tenant`);
/** What nobody has, in words as long as the canary's. */
export const OF_NOBODY = namesOf('absent', 'absent-tenant');

/** Gives a tenant a config, a route with defense, a certificate, and a history of each. */
const furnish = async (fleet: Fleet, names: Names, word: string, address: string): Promise<void> => {
  const { tenant, route, host, domain } = names;
  const send = async (method: string, path: string, body: object): Promise<void> => {
    const headers = { ...bearer(ROOT_TOKEN).headers, 'x-change-reason': `${word}-reason` };
    const reply = await fleet.call(method, path, { tenant, headers, body });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.text}`);
  };
  const { cert, key } = await makeCertificate({ names: [domain] });
  await send('POST', '/global-config/tenant', { config: { deny: [address] } });
  await send('PATCH', '/global-config/tenant', { config: { threat_threshold: 60 } });
  await send('POST', '/global-routes', {
    route: {
      ...ROUTE,
      id: route,
      path: `/${word}-path/*`,
      hosts: [host],
      upstream: `http://${word}-upstream:8080`,
    },
  });
  await send('POST', '/defense-plugin/apply', { route_id: route, defense_config: { deny: [address] } });
  await send('POST', '/global-ssl', { domain, cert, key });
};

export const furnishTenants = async (fleet: Fleet): Promise<void> => {
  await furnish(fleet, OF_A, 'acme', '198.51.100.1');
  await furnish(fleet, OF_B, CANARY, CANARY_ADDRESS);
  await issueToken(fleet, { role: 'editor', tenants: [OF_B.tenant], description: `${CANARY}-token` });
};

export const worldOf = async (fleet: Fleet): Promise<World> => {
  const certificate = await makeCertificate({ names: [OF_A, OF_B, OF_NOBODY].map(({ domain }) => domain) });
  let count = 0;
  const unused = () => `unused-${(count += 1)}`;
  return {
    certificate,
    unused,
    token: async () => (await issueToken(fleet, { role: 'viewer', tenants: [OF_A.tenant] })).id,
    change: async () => {
      const reply = await fleet.call('PATCH', '/global-config/tenant', {
        ...bearer(ROOT_TOKEN),
        tenant: OF_A.tenant,
        body: { config: { threat_threshold: 40 + (count++ % 20) } },
      });
      return reply.body.revision;
    },
    gateway: async () => {
      const gateway_id = unused();
      await fleet.call('POST', '/fleet/heartbeat', {
        ...bearer(ROOT_TOKEN),
        body: { ...GATEWAY, gateway_id },
      });
      return { gateway_id, instance: GATEWAY.instance };
    },
  };
};

let callers = 0;

/** Another address each time, so that nobody is told to wait for another's wrong tokens. */
export const elsewhere = (): string => {
  callers += 1;
  return `127.3.${callers >> 8}.${callers & 255}`;
};
