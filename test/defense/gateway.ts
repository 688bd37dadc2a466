/** Gateways that the defense list is run against, whatever they are made of. */
import { APISIX_HOME, startNginxGateway } from '../engine/nginx-gateway.ts';
import { unpackedNginx } from '../engine/nginx.ts';
import type { Workplace } from '../support/lockstep.ts';

export interface DefendedGateway {
  readonly name: string;
  /** Of its HTTP listener on 127.0.0.1. */
  readonly port: number;
  /** Whether claims of the defense's headers are dropped on routes without the defense too. */
  readonly dropsClaimsEverywhere: boolean;
}

/** What a gateway is started with. It ends with the stack. */
export interface Surroundings {
  readonly etcd: readonly string[];
  readonly nodes: readonly string[];
  readonly place: Workplace;
  readonly stack: (() => Promise<unknown> | void)[];
}

export type StartGateway = (surroundings: Surroundings) => Promise<DefendedGateway>;

const portOf = (url: string): number => Number(new URL(url).port);

/** `lockstep gateway`, built, as a process. */
export const embeddedGateway: StartGateway = async ({ etcd, place }) => {
  const { http } = await place.gateway('embedded', etcd);
  return { name: 'embedded', port: portOf(http), dropsClaimsEverywhere: true };
};

/** What `nginxGateway` starts: with `APISIX_HOME` a real Apache APISIX, otherwise nginx behind a harness. */
export const NGINX = APISIX_HOME === undefined ? 'nginx' : 'APISIX';

/**
 * The real plugin in nginx with LuaJIT, watching the real etcd: in the Apache APISIX of `APISIX_HOME`, or in Debian's
 * nginx where a harness stands in for APISIX. One worker, so that what one connection sees is what the gateway does.
 */
export const nginxGateway: StartGateway = async ({ etcd, nodes, stack }) => {
  const nginxRoot = APISIX_HOME === undefined ? unpackedNginx() : '';
  if (nginxRoot === undefined) throw new Error("Debian's nginx with Lua could not be unpacked here");
  const gateway = await startNginxGateway({ nginxRoot, id: NGINX, etcd, controlUrls: nodes, workers: 1 });
  stack.push(() => gateway.dispose());
  return { name: NGINX, port: portOf(gateway.url), dropsClaimsEverywhere: false };
};
