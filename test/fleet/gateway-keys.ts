/** Writes what gateways read straight into etcd, as the projection would, for tests of a gateway alone. */
import type { Directory } from '../../src/contract/directory.ts';
import type { ProveItem } from '../../src/contract/fleet.ts';
import { Keyspace } from '../../src/store/keys.ts';
import type { EtcdCluster } from '../support/etcd.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const keyspace = new Keyspace('/cdn-defense', '/apisix');

interface Answer {
  readonly header: { readonly revision: string };
}

export class GatewayKeys {
  private readonly etcd: EtcdCluster;

  constructor(etcd: EtcdCluster) {
    this.etcd = etcd;
  }

  /** The placeholders that APISIX wants to find. */
  async prepare(): Promise<void> {
    for (const key of keyspace.apisixDirectories()) await this.write(key, 'init_dir');
  }

  /** @param body an object, or text that is stored as it is. @returns what a node would ask a gateway to prove */
  async put(directory: Directory, id: string, body: object | string): Promise<ProveItem> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { directory, id, revision: await this.write(`/apisix/${directory}/${id}`, text), op: 'put' };
  }

  async delete(directory: Directory, id: string): Promise<ProveItem> {
    const answer = await this.etcd.admin('/v3/kv/deleterange', { key: base64(`/apisix/${directory}/${id}`) });
    return { directory, id, revision: Number((answer as Answer).header.revision), op: 'delete' };
  }

  private async write(key: string, text: string): Promise<number> {
    const answer = await this.etcd.admin('/v3/kv/put', { key: base64(key), value: base64(text) });
    return Number((answer as Answer).header.revision);
  }
}

/** A route as the projection writes it. */
export const routeTo = (port: number, id: string, fields: object = {}): object => ({
  id,
  uris: [`/${id}`, `/${id}/*`],
  priority: 0,
  status: 1,
  upstream: {
    type: 'roundrobin',
    scheme: 'http',
    nodes: [{ host: '127.0.0.1', port, weight: 1 }],
    pass_host: 'pass',
  },
  ...fields,
});
