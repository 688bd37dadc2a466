import { describe, expect, it } from 'vitest';
import { silentLog } from '../../shared/log.ts';
import { revision } from '../../shared/revision.ts';
import type { Revision } from '../../shared/revision.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../port.ts';
import { CommitLog } from './commit-log.ts';
import type { DiskBatch } from './disk.ts';
import { EmbeddedStoreBusyError } from './disk.ts';
import type { Commit } from './history.ts';
import { History } from './history.ts';

/** A disk whose next write fails in a chosen way. */
class FailingDisk {
  readonly written: DiskBatch[] = [];
  failure: Error | undefined;
  /** Whether a failing write reached the disk all the same. */
  wroteAnyway = false;

  async write(batch: DiskBatch): Promise<void> {
    if (!this.failure || this.wroteAnyway) this.written.push(batch);
    if (this.failure) throw this.failure;
  }

  revision(): Revision {
    return this.written.at(-1)?.revision ?? revision(1);
  }
}

const setUp = () => {
  const history = new History([], revision(1), { commits: 100, bytes: 1_000_000 });
  const disk = new FailingDisk();
  const shown: Commit[] = [];
  const log = new CommitLog(history, disk, silentLog, (commits) => shown.push(...commits));
  const put = (key: string) => log.submit(() => history.commit([{ key, value: 'x' }], [])?.revision);
  return { history, disk, shown, log, put };
};

describe('the commit log', () => {
  it('shares one flush among the writers of one moment, and keeps their order', async () => {
    const { disk, shown, put } = setUp();
    expect(await Promise.all(['a', 'b', 'c'].map(put))).toEqual([2, 3, 4]);
    expect(disk.written.length).toBe(1);
    expect(shown.map((commit) => commit.revision)).toEqual([2, 3, 4]);
  });

  it('takes back what the disk refused, shows nothing of it, and goes on', async () => {
    const { history, disk, shown, log, put } = setUp();
    await put('a');
    disk.failure = new Error('ENOSPC');
    const refused = await Promise.allSettled([put('a'), put('b')]);
    expect(refused.map((each) => each.status === 'rejected' && (each.reason as Error))).toEqual([
      expect.any(StoreUnavailableError),
      expect.any(StoreUnavailableError),
    ]);
    expect([history.latest, log.durable, history.current('b')]).toEqual([2, 2, undefined]);
    disk.failure = undefined;
    expect(await put('b')).toBe(3);
    expect(shown.map((commit) => commit.revision)).toEqual([2, 3]);
  });

  it('says that the outcome is unknown, and stops, when the disk holds more than it acknowledged', async () => {
    const { disk, shown, log, put } = setUp();
    disk.failure = new Error('EIO');
    disk.wroteAnyway = true;
    await expect(put('a')).rejects.toBeInstanceOf(OutcomeUnknownError);
    disk.failure = undefined;
    await expect(put('b')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect([log.healthy, shown]).toEqual([false, []]);
  });

  it('stops for good once another process has the directory', async () => {
    const { disk, log, put } = setUp();
    disk.failure = new EmbeddedStoreBusyError('another process has taken over the directory');
    await expect(put('a')).rejects.toThrow('taken over');
    disk.failure = undefined;
    await expect(put('b')).rejects.toThrow('taken over');
    expect(log.healthy).toBe(false);
  });
});
