/** Nodes in a few processes on a real etcd, with simulated gateways, and what they cost. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import type { ConfigStore, Step } from '../../src/store/port.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd.ts';
import { type Reply, httpCall } from '../support/http-call.ts';
import { keys } from '../support/truth.ts';
import { until } from '../support/until.ts';
import { SimulatedGateways } from './simulated-gateways.ts';

const NODES = fileURLToPath(new URL('scale-nodes.ts', import.meta.url));
/** Trailing writes of a change come well within this. */
const QUIET_MS = 1_500;

/** What a process of nodes uses: bytes of its heap right after it was collected, and CPU time since its start. */
export interface Use {
  readonly heap_bytes: number;
  readonly rss_bytes: number;
  readonly cpu_us: number;
}

/** Transactions that etcd saw, by what they were for. */
export interface Writes {
  readonly changes: number;
  readonly receipts: number;
  readonly summaries: number;
  readonly others: number;
}

export interface Measured {
  readonly took_ms: number[];
  readonly writes: Writes;
  readonly cpu: { readonly nodes_ms: number; readonly gateways_ms: number };
}

const NO_WRITES: Writes = { changes: 0, receipts: 0, summaries: 0, others: 0 };

const kindOf = ({ events }: Step): keyof Writes => {
  const starts = (part: string) => events.some(({ key }) => key.startsWith(`${keys.source}${part}/`));
  if (starts('changes')) return 'changes';
  if (starts('nodes')) return 'receipts';
  return starts('gateways') ? 'summaries' : 'others';
};

const reply = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T;

export class ScaledFleet {
  readonly urls: readonly string[];
  readonly gateways = new SimulatedGateways();
  private readonly etcd: EtcdCluster;
  private readonly store: ConfigStore;
  private readonly processes: readonly ChildProcess[];
  private counted: Record<keyof Writes, number> = { ...NO_WRITES };
  private calls = 0;

  private constructor(parts: {
    etcd: EtcdCluster;
    store: ConfigStore;
    processes: readonly ChildProcess[];
    urls: readonly string[];
  }) {
    this.etcd = parts.etcd;
    this.store = parts.store;
    this.processes = parts.processes;
    this.urls = parts.urls;
  }

  /** @param options how many nodes, and in how many processes */
  static async start(options: { readonly nodes: number; readonly processes: number }): Promise<ScaledFleet> {
    const etcd = await startEtcd();
    const ids = Array.from({ length: options.nodes }, (_, n) => `node-${n + 1}`);
    const processes = Array.from({ length: options.processes }, (_, p) => {
      const own = ids.filter((_id, n) => n % options.processes === p);
      const execArgv = ['--import', 'tsx', '--expose-gc'];
      return fork(NODES, [etcd.endpoints.join(','), ...own], { execArgv });
    });
    const started = await Promise.all(processes.map((child) => reply<{ urls: string[] }>(child)));
    const urls = started.flatMap((one) => one.urls);
    const store = openEtcdStore({ endpoints: etcd.endpoints });
    const fleet = new ScaledFleet({ etcd, store, processes, urls });
    store.watch(keys.source, await store.range({ key: keys.source }), {
      onOpen: () => {},
      onStep: (step) => (fleet.counted[kindOf(step)] += 1),
      onAlive: () => {},
      onEnd: () => {},
    });
    await until(
      'every node answers and knows all',
      async () => {
        const all = await Promise.all(urls.map((url) => httpCall(url, 'GET', '/fleet')));
        return all.every(
          ({ status, body }) => status === 200 && (body['nodes'] as []).length === urls.length,
        );
      },
      30_000,
    );
    return fleet;
  }

  /** A parameter of one tenant, changed at the next node in turn. @returns the answer, once all have it or it is time */
  change(timeout_ms = 10_000): Promise<Reply> {
    this.calls += 1;
    const url = this.urls[this.calls % this.urls.length] ?? '';
    return httpCall(url, 'POST', `/global-config/tenant?wait=fleet&timeout_ms=${timeout_ms}`, {
      tenant: 'acme',
      body: { config: { rate_limit: 1_000 + this.calls } },
    });
  }

  /**
   * Changes one after the other. @returns how long each took until all had it, ms; what etcd had to write for each; CPU time
   * for each of the nodes and of this process, which plays the gateways, ms: what is left to say on a busy machine
   */
  async changes(count: number): Promise<Measured> {
    await this.quiet();
    const [nodes, here] = [await this.used(), process.cpuUsage()];
    const before = { ...this.counted };
    const took_ms: number[] = [];
    for (let i = 0; i < count; i++) {
      const start = performance.now();
      const { status, text } = await this.change();
      if (status !== 200) throw new Error(text);
      took_ms.push(performance.now() - start);
    }
    const spent = process.cpuUsage(here);
    const cpu = {
      nodes_ms: ((await this.used()).cpu_us - nodes.cpu_us) / count / 1_000,
      gateways_ms: (spent.user + spent.system) / count / 1_000,
    };
    await this.quiet();
    const of = (kind: keyof Writes) => (this.counted[kind] - before[kind]) / count;
    const writes = {
      changes: of('changes'),
      receipts: of('receipts'),
      summaries: of('summaries'),
      others: of('others'),
    };
    return { took_ms, writes, cpu };
  }

  /** Of all processes of nodes together. */
  async used(): Promise<Use> {
    const each = await Promise.all(
      this.processes.map((child) => {
        const answer = reply<{ used: Use }>(child);
        child.send({});
        return answer;
      }),
    );
    const sum = (of: (use: Use) => number) => each.reduce((all, { used }) => all + of(used), 0);
    return {
      heap_bytes: sum((u) => u.heap_bytes),
      rss_bytes: sum((u) => u.rss_bytes),
      cpu_us: sum((u) => u.cpu_us),
    };
  }

  /** Resolves when nothing about changes has been written for a while. */
  async quiet(): Promise<void> {
    let known = -1;
    const total = () => this.counted.changes + this.counted.receipts + this.counted.summaries;
    while (total() !== known) {
      known = total();
      await pause(QUIET_MS);
    }
  }

  async stop(): Promise<void> {
    try {
      await this.gateways.stop();
    } finally {
      await Promise.all(
        this.processes.map(async (child) => {
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        }),
      );
      await this.store.close();
      await this.etcd.stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
