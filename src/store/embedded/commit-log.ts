/**
 * Serialises commits and puts them on disk in groups: while one group is being flushed the next one gathers,
 * so a hundred writers share a flush. Nothing is acknowledged or shown before its flush.
 */
import type { Log } from '../../shared/log.ts';
import type { Revision } from '../../shared/revision.ts';
import type { LeaseId } from '../port.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../port.ts';
import type { Disk, StoredKey, StoredLease } from './disk.ts';
import { EmbeddedStoreBusyError } from './disk.ts';
import type { Commit, History } from './history.ts';

/** One group's bound: keeps a disk transaction small under a flood of writers. */
const MAX_GROUP = 256;

/** The part of the disk that commits need. */
export type CommitDisk = Pick<Disk, 'write' | 'revision'>;

type LeaseWrites = Map<LeaseId, StoredLease | undefined>;

interface Waiting {
  /** Decides and applies in memory; returns what to do once the disk has it. */
  readonly run: (leases: LeaseWrites) => () => void;
  readonly fail: (error: Error) => void;
}

export class CommitLog {
  private readonly waiting: Waiting[] = [];
  private readonly history: History;
  private readonly disk: CommitDisk | undefined;
  private readonly log: Log;
  private readonly publish: (commits: readonly Commit[]) => void;
  private durableRevision: Revision;
  private draining: Promise<void> | undefined;
  private failed: Error | undefined;

  constructor(
    history: History,
    disk: CommitDisk | undefined,
    log: Log,
    publish: (commits: readonly Commit[]) => void,
  ) {
    this.history = history;
    this.disk = disk;
    this.log = log;
    this.publish = publish;
    this.durableRevision = history.latest;
  }

  /** The newest revision that survives a crash, and the newest that anyone may see. */
  get durable(): Revision {
    return this.durableRevision;
  }

  get healthy(): boolean {
    return this.failed === undefined;
  }

  /**
   * Runs `decide` alone, against everything decided before it, and resolves with its result after the flush.
   * @throws StoreUnavailableError | OutcomeUnknownError
   */
  submit<T>(decide: (leases: LeaseWrites) => T, whenDurable: (result: T) => void = () => {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (leases: LeaseWrites) => {
        const result = decide(leases);
        return () => {
          whenDurable(result);
          resolve(result);
        };
      };
      this.waiting.push({ run, fail: reject });
      this.draining ??= this.drain();
    });
  }

  /** Resolves when everything submitted so far is settled. */
  async settled(): Promise<void> {
    await this.draining;
  }

  private async drain(): Promise<void> {
    await Promise.resolve(); // lets writers of the same turn join the first group
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, MAX_GROUP);
      if (this.failed) this.reject(group, this.failed);
      else await this.commitGroup(group);
    }
    this.draining = undefined;
  }

  private async commitGroup(group: readonly Waiting[]): Promise<void> {
    const leases: LeaseWrites = new Map();
    const done: (() => void)[] = [];
    const decided: Waiting[] = [];
    for (const waiting of group) {
      try {
        done.push(waiting.run(leases));
        decided.push(waiting);
      } catch (error) {
        waiting.fail(error as Error); // it decides before it applies: nothing of it is in memory
      }
    }
    const commits = this.history.between(this.durableRevision, this.history.latest);
    if (commits.length > 0 || leases.size > 0) {
      try {
        await this.disk?.write({
          revision: this.history.latest,
          keys: changedKeys(commits, this.history),
          leases,
        });
      } catch (error) {
        this.reject(decided, this.afterFailure(error as Error));
        return;
      }
    }
    this.durableRevision = this.history.latest;
    for (const settle of done) settle();
    this.publish(commits);
    this.history.trim(this.durableRevision);
  }

  private reject(group: readonly Waiting[], error: Error): void {
    for (const { fail } of group) fail(error);
  }

  /** Finds out from the disk itself what a failed write left; without a clear answer the store stops. */
  private afterFailure(cause: Error): Error {
    this.log.error({ err: cause }, 'the embedded store could not write');
    if (cause instanceof EmbeddedStoreBusyError) {
      this.history.rollback(this.durableRevision);
      this.failed = new StoreUnavailableError(cause.message, { cause });
      return this.failed;
    }
    let onDisk: Revision | undefined;
    try {
      onDisk = this.disk?.revision();
    } catch {
      onDisk = undefined;
    }
    if (onDisk === this.durableRevision) {
      this.history.rollback(this.durableRevision);
      return new StoreUnavailableError(`the disk refused the write: ${cause.message}`, { cause });
    }
    this.failed = new StoreUnavailableError('the disk failed during a write; restart to recover', { cause });
    return new OutcomeUnknownError(`the disk failed during the write: ${cause.message}`, { cause });
  }
}

/** The last state of every key that the commits touched. */
const changedKeys = (commits: readonly Commit[], history: History): Map<string, StoredKey | undefined> => {
  const changed = new Map<string, StoredKey | undefined>();
  for (const { events } of commits) {
    for (const { key } of events) {
      const current = history.current(key);
      changed.set(
        key,
        current === undefined ? undefined : ({ ...current, value: current.value } as StoredKey),
      );
    }
  }
  return changed;
};
