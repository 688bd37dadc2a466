import type { Stamp } from '../../src/shared/revision.ts';
import type { Watch, WatchSink } from '../../src/store/port.ts';
import { FlakyStore } from './flaky-store.ts';

/** A store whose watches lose what is written while `losing`, without an error: as etcd 3.4.23 loses deletes. */
export class LosingStore extends FlakyStore {
  losing = false;

  override watch(prefix: string, after: Stamp, sink: WatchSink): Watch {
    return super.watch(prefix, after, {
      onOpen: () => sink.onOpen(),
      onAlive: () => sink.onAlive(),
      onEnd: (end) => sink.onEnd(end),
      onStep: (step) => {
        if (!this.losing) sink.onStep(step);
      },
    });
  }
}
