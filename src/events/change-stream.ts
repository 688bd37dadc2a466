import { Bell } from '../shared/bell.ts';
import type { Stamp } from '../shared/revision.ts';
import type { ConfigStore, KeyValue, Watch, WatchEnd } from '../store/port.ts';
import { entriesOf } from './message.ts';

const WAITING_MAX = 2_000;
const WAITING_CHARS_MAX = 32_000_000;

/** The stream has ended, or was cut because nobody kept up; what was given out is all that came. */
export class StreamEndedError extends Error {
  override readonly name = 'StreamEndedError';
  readonly reason: WatchEnd['reason'];

  constructor(reason: WatchEnd['reason']) {
    super(`the stream of changes has ended: ${reason}`);
    this.reason = reason;
  }
}

/** One revision that changed something. */
export interface ChangeStep extends Stamp {
  /** The history entries it made, in the order of their keys. */
  readonly entries: readonly KeyValue[];
}

/** Changes as they come, whole revisions at a time, in order. Holds a bounded number that nobody has taken yet. */
export class ChangeStream {
  private readonly watch: Watch;
  private readonly steps: ChangeStep[] = [];
  private chars = 0;
  private ended: WatchEnd['reason'] | undefined;
  private readonly bell = new Bell();

  /** @param prefix of the history entries. @param after the last revision that is not wanted */
  constructor(store: Pick<ConfigStore, 'watch'>, prefix: string, after: Stamp) {
    this.watch = store.watch(prefix, after, {
      onOpen: () => {},
      onAlive: () => {},
      onStep: ({ clusterId, revision, events }) => {
        if (this.ended) return;
        const entries = entriesOf(events);
        if (entries.length === 0) return;
        this.steps.push({ clusterId, revision, entries });
        this.chars += charsOf(entries);
        if (this.steps.length >= WAITING_MAX || this.chars >= WAITING_CHARS_MAX) this.cut();
        this.bell.ring();
      },
      onEnd: ({ reason }) => {
        this.ended ??= reason;
        this.bell.ring();
      },
    });
  }

  /** How many revisions have come that nobody has taken. */
  get waiting(): number {
    return this.steps.length;
  }

  /**
   * The next change, or `undefined` when none has come within `timeout_ms`, or `signal` aborts.
   * @throws StreamEndedError once everything that came has been taken
   */
  async next(timeout_ms: number, signal: AbortSignal): Promise<ChangeStep | undefined> {
    if (this.steps.length === 0 && !this.ended) await this.bell.wait(timeout_ms, signal);
    const step = this.steps.shift();
    if (step) this.chars -= charsOf(step.entries);
    else if (this.ended) throw new StreamEndedError(this.ended);
    return step;
  }

  stop(): void {
    this.ended ??= 'stopped';
    this.watch.stop();
  }

  /** Whoever is this slow goes on from where it has got to. */
  private cut(): void {
    this.ended = 'disconnected';
    this.watch.stop();
  }
}

const charsOf = (entries: readonly KeyValue[]): number =>
  entries.reduce((sum, { value }) => sum + value.length, 0);
