import type { NodeCache, Snapshot } from '../../reflector/cache.ts';
import { pause } from '../../shared/async.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import type { ChangeRoom } from '../context.ts';

/** How often this node looks for uses worth writing. */
const LOOK_MS = 60_000;
/** A use is written only when the store's note of the last one is older than this. */
const COARSE_MS = 600_000;
/** Tokens noted in one transaction; etcd takes 128 operations. */
const BATCH = 50;

export interface TokenUsesOptions {
  readonly room: Pick<ChangeRoom, 'store' | 'keys' | 'clock' | 'log'>;
  readonly cache: Pick<NodeCache, 'snapshot'>;
  /** How often to look; default a minute. */
  readonly look_ms?: number;
}

/**
 * When tokens were last used: kept exactly in memory, and in the store to about ten minutes, so that requests cost no
 * writes. However busy it is, a token is noted six times an hour, give or take a race between nodes.
 */
export class TokenUses {
  private readonly options: TokenUsesOptions;
  private readonly used = new Map<string, number>();
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;

  constructor(options: TokenUsesOptions) {
    this.options = options;
  }

  start(): void {
    this.running = this.run();
  }

  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** A token that is in the cache was used now. */
  note(id: string): void {
    this.used.set(id, this.options.room.clock.now());
  }

  /** As far as this node knows, ISO 8601. */
  last(id: string): string | undefined {
    const known = Math.max(this.used.get(id) ?? 0, storedUse(this.options.cache.snapshot(), id));
    return known === 0 ? undefined : new Date(known).toISOString();
  }

  private async run(): Promise<void> {
    const { room, look_ms = LOOK_MS } = this.options;
    for (;;) {
      await pause(look_ms, this.stopped.signal);
      if (this.stopped.signal.aborted) return;
      try {
        await this.write();
      } catch (error) {
        room.log.debug({ err: error }, 'uses of tokens could not be noted; later');
      }
    }
  }

  private async write(): Promise<void> {
    const snapshot = this.options.cache.snapshot();
    if (!snapshot) return;
    for (const id of this.used.keys()) if (!snapshot.tokens.has(id)) this.used.delete(id);
    const due = [...this.used].filter(([id, at]) => at - storedUse(snapshot, id) >= COARSE_MS);
    for (let i = 0; i < due.length; i += BATCH) await this.writeBatch(snapshot, due.slice(i, i + BATCH));
  }

  /** Not written when one of them was revoked meanwhile: the next look leaves that one out. */
  private async writeBatch(snapshot: Snapshot, batch: readonly (readonly [string, number])[]): Promise<void> {
    const { store, keys } = this.options.room;
    await store.transact({
      guards: batch.map(([id]) => ({
        key: keys.token(id),
        modRevision: snapshot.tokens.get(id)?.revision ?? NO_REVISION,
      })),
      puts: batch.map(([id, at]) => ({
        key: keys.tokenUse(id),
        value: JSON.stringify({ last_used_at: new Date(at).toISOString() }),
      })),
      deletes: [],
    });
  }
}

/** Milliseconds since the epoch; 0 for never. */
const storedUse = (snapshot: Snapshot | undefined, id: string): number => {
  const use = snapshot?.token_uses.get(id)?.value;
  return use ? Date.parse(use.last_used_at) : 0;
};
