/** Two nodes on a store in memory, anew for each test, and what the tests of gateways ask of them. */
import { afterEach, beforeEach, expect } from 'vitest';
import type { FleetAnswer, FleetGateway } from '../../src/contract/fleet-answer.ts';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { ProtocolGateway, type ProtocolGatewayOptions } from './protocol-gateway.ts';

export interface TwoNodes {
  /** Of the test that runs. */
  readonly fleet: Fleet;
  readonly url: (n?: number) => string;
  /** @returns the revision of the change */
  readonly setConfig: (threat_threshold: number, tenant?: string) => Promise<number>;
  /** `GET /fleet` of node `n`. */
  readonly shown: (n?: number) => Promise<FleetAnswer>;
  readonly gateway: (id: string, n?: number) => Promise<FleetGateway | undefined>;
  readonly stateOf: (id: string, n?: number) => Promise<string | undefined>;
  /** A gateway that has everything, at node `n`. */
  readonly joined: (
    id?: string,
    options?: Partial<ProtocolGatewayOptions>,
    n?: number,
  ) => Promise<ProtocolGateway>;
}

/** To be called once in a file, outside of its tests. */
export const useTwoNodes = (): TwoNodes => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await startFleet({ nodes: 2 });
  });
  afterEach(() => fleet.dispose());

  const url = (n = 0): string => fleet.nodes[n]?.url ?? '';
  const shown = async (n = 0): Promise<FleetAnswer> =>
    (await fleet.callNode(n, 'GET', '/fleet')).body as unknown as FleetAnswer;
  const gateway = async (id: string, n = 0): Promise<FleetGateway | undefined> =>
    (await shown(n)).gateways.find((view) => view.gateway_id === id);
  return {
    get fleet() {
      return fleet;
    },
    url,
    setConfig: async (threat_threshold, tenant = TENANT) => {
      const reply = await fleet.call('POST', '/global-config/tenant', {
        tenant,
        body: { config: { threat_threshold } },
      });
      expect(reply.status, reply.text).toBe(200);
      return reply.body.revision;
    },
    shown,
    gateway,
    stateOf: async (id, n = 0) => (await gateway(id, n))?.state,
    joined: async (id = 'edge-1', options = {}, n = 0) => {
      const one = new ProtocolGateway({ id, ...options });
      await one.catchUp(url(n));
      return one;
    },
  };
};
