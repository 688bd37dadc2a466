import { EVENT_CHANNEL, type ConfigEvent } from '../contract/event.ts';
import { Bell } from '../shared/bell.ts';
import { type RedisAddress, RedisConnection } from '../shared/redis.ts';
import { type Stamp, revision as toRevision } from '../shared/revision.ts';

/** The last revision that was published, as Redis remembers it. */
export interface Position extends Stamp {
  /** A history entry of that revision; empty after a resync. */
  readonly entry: string;
}

export type Published =
  | 'published'
  /** It, or something later, was published before. */
  | 'already'
  /** What was published before is of another cluster. */
  | 'elsewhere';

/**
 * Publishes what one revision changed, all of it or nothing, and only if it comes after what was published before. So
 * whoever repeats a publication, or wakes up late, adds nothing.
 */
const PUBLISH = `local at = redis.call('HMGET', KEYS[1], 'cluster_id', 'revision')
if ARGV[1] == 'next' and at[1] then
  if at[1] ~= ARGV[2] then return 'elsewhere' end
  if tonumber(at[2]) >= tonumber(ARGV[3]) then return 'already' end
end
for i = 6, #ARGV do redis.call('PUBLISH', ARGV[5], ARGV[i]) end
redis.call('HSET', KEYS[1], 'cluster_id', ARGV[2], 'revision', ARGV[3], 'entry', ARGV[4])
return 'published'`;

/** The Redis channel of changes, and how far it has got. */
export class EventChannel {
  private readonly connection: RedisConnection;
  private readonly key: string;
  private readonly bell = new Bell();

  /**
   * Begins to connect.
   * @param prefix of the records' keys: what two fleets on one Redis are told apart by
   * @param onError a connection was lost or could not be made; the next one is on its way
   */
  constructor(address: RedisAddress, prefix: string, onError: (error: Error) => void) {
    this.key = `lockstep:events:${prefix}`;
    this.connection = new RedisConnection(address, { onReady: () => this.bell.ring(), onError });
    this.connection.open();
  }

  get ready(): boolean {
    return this.connection.ready;
  }

  /** @returns whether there is a connection; waits for one for `timeout_ms`, or until `signal` aborts */
  async settled(timeout_ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.ready) return true;
    await this.bell.wait(timeout_ms, signal);
    return this.ready;
  }

  close(): void {
    this.connection.close();
  }

  /** @returns `undefined` when Redis remembers none. @throws when Redis does not answer */
  async position(): Promise<Position | undefined> {
    const [cluster, revision, entry] = await this.connection.client.hmGet(this.key, [
      'cluster_id',
      'revision',
      'entry',
    ]);
    if (!cluster || !revision || !/^\d{1,15}$/.test(revision)) return undefined;
    return { clusterId: cluster, revision: toRevision(Number(revision)), entry: entry ?? '' };
  }

  /** @throws when Redis does not answer: it may or may not have been published */
  publish(position: Position, events: readonly ConfigEvent[]): Promise<Published> {
    return this.send('next', position, events);
  }

  /** Publishes, whatever was published before. @throws when Redis does not answer */
  async restart(position: Position, events: readonly ConfigEvent[]): Promise<void> {
    await this.send('anew', position, events);
  }

  private async send(
    mode: 'next' | 'anew',
    { clusterId, revision, entry }: Position,
    events: readonly ConfigEvent[],
  ): Promise<Published> {
    const texts = events.map((event) => JSON.stringify(event));
    const answer = await this.connection.client.eval(PUBLISH, {
      keys: [this.key],
      arguments: [mode, clusterId, String(revision), entry, EVENT_CHANNEL, ...texts],
    });
    if (answer === 'published' || answer === 'already' || answer === 'elsewhere') return answer;
    throw new TypeError('Redis answered a publication with something else than its outcome');
  }
}
