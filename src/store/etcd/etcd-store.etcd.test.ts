import { afterAll, beforeAll, describe } from 'vitest';
import { ensureEtcd35 } from '../../../scripts/debian.js';
import { startEtcd } from '../../../test/support/etcd.ts';
import type { EtcdCluster } from '../../../test/support/etcd.ts';
import { describeStore } from '../../../test/store/store-contract.ts';
import { openEtcdStore } from './etcd-store.ts';

const etcd35 = ensureEtcd35();

const versions: [name: string, binary: string | undefined, missing: string | undefined][] = [
  ['etcd as installed', undefined, undefined],
  'path' in etcd35
    ? ['etcd 3.5', etcd35.path, undefined]
    : [`etcd 3.5 (skipped: ${etcd35.missing})`, undefined, etcd35.missing],
];

for (const [name, binary, missing] of versions) {
  describe.skipIf(missing !== undefined)(name, () => {
    let cluster: EtcdCluster;
    beforeAll(async () => {
      cluster = await startEtcd(binary === undefined ? {} : { binary });
    });
    afterAll(() => cluster?.stop());

    describeStore({
      name,
      shortestLease_s: 2,
      propertyRuns: 20,
      open: async () => ({
        store: openEtcdStore({ endpoints: cluster.endpoints }),
        compact: async (at) => void (await cluster.admin('/v3/kv/compaction', { revision: String(at) })),
      }),
    });
  });
}
