/** Nodes in a process of their own, to be measured from outside: `scale-nodes.ts ENDPOINTS ID...` with a channel to its parent. */
import { randomBytes } from 'node:crypto';
import { Sealer } from '../../src/change/keys/sealer.ts';
import { startControlPlane } from '../../src/compose/control-plane.ts';
import { silentLog } from '../../src/shared/log.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { keys } from '../support/truth.ts';
import type { Use } from './scaled-fleet.ts';

const [endpoints = '', ...ids] = process.argv.slice(2);
const tell = (message: object): void => {
  process.send?.(message);
};

const start = (nodeId: string) =>
  startControlPlane({
    nodeId,
    host: '127.0.0.1',
    port: 0,
    store: openEtcdStore({ endpoints: endpoints.split(',') }),
    keys,
    // Each process makes its own: nothing that is sealed is opened here.
    sealer: new Sealer(randomBytes(32)),
    upstreams: { privateRanges: [], reserved: [] },
    hostlessRoutes: 'allow',
    gate: { mode: 'off' },
    version: '0.0.0-scale',
    log: silentLog,
  });

const used = (): Use => {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { heap_bytes: heapUsed + external, rss_bytes: rss, cpu_us: user + system };
};

process.on('message', () => tell({ used: used() }));
// The parent ends it, or has ended.
process.on('disconnect', () => process.exit());

const nodes = await Promise.all(ids.map(start));
tell({ urls: nodes.map(({ url }) => url) });
