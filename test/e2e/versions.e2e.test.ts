import { expect, it } from 'vitest';
import { startEtcd } from '../support/etcd.ts';
import { Workplace } from '../support/lockstep.ts';

const WRITERS = 200;

it('ends at version 200 with 200 history entries after 200 concurrent writers on three nodes', async () => {
  await using etcd = await startEtcd({ members: 3 });
  await using place = await Workplace.create();
  const nodes = await Promise.all([1, 2, 3].map((i) => place.serve(`node-${i}`, etcd.endpoints)));
  const headers = { 'x-tenant-id': 'busy', 'content-type': 'application/json' };
  const write = async (i: number): Promise<number> => {
    const url = `${nodes[i % nodes.length]?.url}/global-config/tenant`;
    const body = JSON.stringify({ config: { rate_limit: i + 1 } });
    const answer = await fetch(url, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { version: number }).version;
  };
  const versions = await Promise.all(Array.from({ length: WRITERS }, (_, i) => write(i)));
  expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: WRITERS }, (_, i) => i + 1));
  for (const { url } of nodes) {
    await expect
      .poll(async () => (await (await fetch(`${url}/global-config/tenant`, { headers })).json()) as object)
      .toMatchObject({ version: WRITERS, synced: true });
    const history = (await (await fetch(`${url}/history/config/busy?limit=500`, { headers })).json()) as {
      total: number;
      entries: { version: number; record: { rate_limit: number } }[];
    };
    expect(history.total).toBe(WRITERS);
    expect(new Set(history.entries.map(({ record }) => record.rate_limit)).size).toBe(WRITERS);
  }
});
