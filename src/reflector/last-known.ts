import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { KINDS } from '../contract/record.ts';
import { isObject, parseJson } from '../shared/json.ts';
import type { Log } from '../shared/log.ts';
import { pause, turn } from '../shared/async.ts';
import { revision } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { KeyValue } from '../store/port.ts';
import type { NodeCache, Snapshot } from './cache.ts';

/** At most one write in this time; a crash loses no more than what the store has anyway. */
const INTERVAL_MS = 1_000;
/** Rests this many times as long as a save took: it is not what a node is for. */
const REST = 20;
/** Records rendered before others have their turn. */
const CHUNK = 200;

/** Tokens, hashed, go with the records: a node that answers must know whom. */
const FAMILIES = [...KINDS, 'tokens'] as const;
type Family = (typeof FAMILIES)[number];

interface Saved {
  readonly cluster_id: string;
  readonly revision: number;
  /** Milliseconds since the epoch at which this was known to be current. */
  readonly at: number;
  readonly records: readonly (readonly [Family, id: string, revision: number, record: unknown])[];
}

/**
 * The last known configuration, in a file: a node that is started while the store is away answers from it, stale and
 * saying so. Private keys are in it only as sealed as they are in the store.
 */
export class LastKnown {
  private readonly directory: string;
  private readonly keys: Keyspace;
  private readonly cache: NodeCache;
  private readonly log: Log;
  private readonly heardAt: () => number | undefined;
  private readonly stopped = new AbortController();
  private saved: Snapshot | undefined;
  private running: Promise<void> | undefined;

  /** @param heardAt wall time at which the store was last heard from */
  constructor(
    directory: string,
    parts: { keys: Keyspace; cache: NodeCache; log: Log; heardAt: () => number | undefined },
  ) {
    this.directory = directory;
    this.keys = parts.keys;
    this.cache = parts.cache;
    this.log = parts.log;
    this.heardAt = parts.heardAt;
  }

  /** Fills the cache from the file, if there is a good one. @returns when it was current, ms since the epoch */
  async load(): Promise<number | undefined> {
    const text = await readFile(this.path(), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT')
        this.log.warn({ err: error }, 'the last known configuration can not be read');
      return undefined;
    });
    const saved = text === undefined ? undefined : parseJson(text);
    if (!isSaved(saved)) {
      if (text !== undefined)
        this.log.warn({ file: this.path() }, 'the last known configuration can not be read');
      return undefined;
    }
    const kvs = saved.records.map(([family, id, at, record]): KeyValue => {
      const modRevision = revision(at);
      return {
        key: family === 'tokens' ? this.keys.token(id) : this.keys.record(family, id),
        value: JSON.stringify(record),
        modRevision,
        createRevision: modRevision,
      };
    });
    this.cache.replace(kvs, { clusterId: saved.cluster_id, revision: revision(saved.revision) });
    this.saved = this.cache.snapshot();
    return saved.at;
  }

  start(): void {
    this.running = this.run();
  }

  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.running;
    // Nothing may have changed since the last save, but it was current until now.
    this.saved = undefined;
    await this.save();
  }

  private async run(): Promise<void> {
    let took_ms = 0;
    while (!this.stopped.signal.aborted) {
      await pause(Math.max(INTERVAL_MS, took_ms * REST), this.stopped.signal);
      const from = performance.now();
      await this.save();
      took_ms = performance.now() - from;
    }
  }

  private async save(): Promise<void> {
    const snapshot = this.cache.snapshot();
    if (!snapshot || snapshot.applied === this.saved?.applied) return;
    try {
      await this.write(await this.render(snapshot));
      this.saved = snapshot;
    } catch (error) {
      this.log.warn({ err: error }, 'the last known configuration could not be saved');
    }
  }

  /** A `Saved` as text. Others have their turn in between: there may be many records. */
  private async render(snapshot: Snapshot): Promise<string> {
    const about: Omit<Saved, 'records'> = {
      cluster_id: snapshot.stamp.clusterId,
      revision: snapshot.applied,
      at: this.heardAt() ?? 0,
    };
    const records: string[] = [];
    for (const family of FAMILIES) {
      for (const [id, { revision: at, value }] of snapshot[family]) {
        const record: Saved['records'][number] = [family, id, at, value];
        if (records.push(JSON.stringify(record)) % CHUNK === 0) await turn();
      }
    }
    return `${JSON.stringify(about).slice(0, -1)},"records":[${records.join(',')}]}`;
  }

  /** Whole or not at all: written beside, flushed, then renamed over. */
  private async write(text: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const beside = `${this.path()}.new`;
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.path());
  }

  private path(): string {
    return join(this.directory, 'last-known.json');
  }
}

const isSaved = (value: unknown): value is Saved =>
  isObject(value) &&
  typeof value['cluster_id'] === 'string' &&
  Number.isSafeInteger(value['revision']) &&
  Number(value['revision']) >= 0 &&
  typeof value['at'] === 'number' &&
  Array.isArray(value['records']) &&
  value['records'].every(
    (entry) => Array.isArray(entry) && Number.isSafeInteger(entry[2]) && Number(entry[2]) >= 0,
  );
