/** Whether the store lets its caller do what it needs, told before anything goes wrong for want of it. */
import { type Disposable, pause } from '../shared/async.ts';
import type { Log } from '../shared/log.ts';
import { revision } from '../shared/revision.ts';
import type { Keyspace } from './keys.ts';
import { type ConfigStore, StoreRefusedError } from './port.ts';

/** Read everything under a prefix, and perhaps write there. */
export interface AccessNeed {
  readonly prefix: string;
  /** A key to try the right to write with; absent: nothing is written there. */
  readonly probe?: string;
}

/** A node reads and writes the source records and what gateways read. */
export const nodeNeeds = (keys: Keyspace): AccessNeed[] => [
  { prefix: keys.source, probe: keys.probe(keys.source) },
  { prefix: keys.projection, probe: keys.probe(keys.projection) },
];

/** A gateway reads what is meant for it, and nothing else. */
export const gatewayNeeds = (keys: Keyspace): AccessNeed[] => [{ prefix: keys.projection }];

/** No key has this revision, so what it guards is never carried out; but etcd checks the right to do it first. */
const NEVER = revision(Number.MAX_SAFE_INTEGER);

const refusalOf = async (attempt: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (error instanceof StoreRefusedError) return error.message;
    throw error;
  }
};

/**
 * What the store refuses of what is needed, as sentences; empty when it refuses nothing. Changes nothing.
 * @throws StoreUnavailableError | OutcomeUnknownError when the store does not answer
 */
export const missingAccess = async (store: ConfigStore, needs: readonly AccessNeed[]): Promise<string[]> => {
  const missing: string[] = [];
  for (const { prefix, probe: key } of needs) {
    const read = await refusalOf(() => store.range({ prefix }, { limit: 1, keysOnly: true }));
    if (read !== undefined) missing.push(`may not read under ${prefix}: ${read}`);
    if (key === undefined) continue;
    const guards = [{ key, modRevision: NEVER }];
    const written = await refusalOf(() =>
      store.transact({ guards, puts: [{ key, value: '' }], deletes: [] }),
    );
    if (written !== undefined) missing.push(`may not write under ${prefix}: ${written}`);
  }
  return missing;
};

const RETRY_MS = 1_000;
const LOOK_MS = 5_000;

/** Says in the log what the store refuses, at the start and whenever that changes, until it refuses nothing. */
export const watchAccess = (store: ConfigStore, needs: readonly AccessNeed[], log: Log): Disposable => {
  const stopped = new AbortController();
  const watch = async (): Promise<void> => {
    let told = '';
    while (!stopped.signal.aborted) {
      const missing = await missingAccess(store, needs).catch(() => undefined);
      if (missing?.length === 0) {
        if (told !== '') log.info({}, 'the store now allows everything that is needed');
        return;
      }
      const now = missing?.join('; ');
      if (now !== undefined && now !== told && !stopped.signal.aborted) {
        told = now;
        log.error({ missing }, 'the store refuses what is needed; docs/etcd-access.md has the roles');
      }
      await pause(now === undefined ? RETRY_MS : LOOK_MS, stopped.signal);
    }
  };
  const watching = watch();
  return {
    dispose: async () => {
      stopped.abort();
      await watching;
    },
  };
};
