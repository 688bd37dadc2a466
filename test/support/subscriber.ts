import { createClient } from '@redis/client';
import { type ConfigEvent, EVENT_CHANNEL } from '../../src/contract/event.ts';
import type { RedisServer } from './redis.ts';

/** Somebody who listens to a fleet's changes on Redis, and comes back at once when Redis does. */
export class Subscriber {
  /** Every message as it came, oldest first. */
  readonly texts: string[] = [];
  private readonly client: ReturnType<typeof clientOf>;

  private constructor(server: RedisServer) {
    this.client = clientOf(server);
  }

  /** Resolves when it is subscribed. */
  static async on(server: RedisServer): Promise<Subscriber> {
    const subscriber = new Subscriber(server);
    subscriber.client.on('error', () => {});
    await subscriber.client.connect();
    await subscriber.client.subscribe(EVENT_CHANNEL, (text) => subscriber.texts.push(text));
    return subscriber;
  }

  get events(): ConfigEvent[] {
    return this.texts.map((text) => JSON.parse(text) as ConfigEvent);
  }

  /** The revisions that came, each where it came first. */
  get revisions(): number[] {
    return [...new Set(this.events.map(({ revision }) => revision))];
  }

  get ready(): boolean {
    return this.client.isReady;
  }

  close(): void {
    this.client.destroy();
  }
}

const clientOf = ({ address: { host, port, password } }: RedisServer) =>
  createClient({
    socket: { host, port, reconnectStrategy: () => 20 },
    RESP: 2,
    ...(password === undefined ? {} : { password }),
  });
