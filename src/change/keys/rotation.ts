import { Refusal } from '../../contract/errors.ts';
import { decodeNodeReceipt } from '../../domain/record.ts';
import type { Disposable } from '../../shared/async.ts';
import type { Log } from '../../shared/log.ts';
import { list } from '../../store/listing.ts';
import type { Term } from '../../store/term.ts';
import { changePut } from '../history/change-log.ts';
import type { ChangeAuthor, ChangeRoom } from '../context.ts';
import { type ResealRoom, resealAll } from './reseal.ts';
import { storeRefusal } from '../store-refusal.ts';
import { submit } from '../submit.ts';

/**
 * `waiting`: another node is at it. `incomplete`: some secrets can't be opened with any master key of this node.
 * `interrupted`: this node lost its turn, and another run finishes it.
 */
export type RotationState = 'idle' | 'waiting' | 'running' | 'done' | 'incomplete' | 'interrupted' | 'failed';

/** What became of the last rotation that this node was asked for. */
export interface RotationStatus {
  readonly state: RotationState;
  /** The master key everything is put under. */
  readonly kid?: string;
  readonly resealed: number;
  /** Values that could not be opened; the first few of them in `unreadable_keys`. */
  readonly unreadable: number;
  readonly unreadable_keys: readonly string[];
  /** ISO 8601. */
  readonly started_at?: string;
  readonly ended_at?: string;
}

/** The master keys a live node says it has, the one it seals with first; `undefined` of a node that does not say. */
export interface NodeMasterKeys {
  readonly node_id: string;
  readonly master_keys: readonly string[] | undefined;
}

const KEYS_SHOWN = 10;
const IDLE: RotationStatus = { state: 'idle', resealed: 0, unreadable: 0, unreadable_keys: [] };

/** Stands for election, does its work once elected, and gives up when disposed of. */
type Election = Disposable & { start(): void };

export interface RotationOptions {
  readonly room: ResealRoom & { readonly log: Log };
  /** Makes sure that one node of the fleet works at a time. */
  readonly elect: (work: (term: Term) => Promise<void>) => Election;
}

/** What every live node says of its master keys, read from the store. @throws Refusal etcd_unavailable */
export const readMasterKeys = async ({
  store,
  keys,
}: Pick<ChangeRoom, 'store' | 'keys'>): Promise<NodeMasterKeys[]> => {
  const { kvs } = await list(store, [keys.nodes()]).catch((error: unknown) => {
    throw storeRefusal(error);
  });
  return kvs.flatMap((kv) => {
    const decoded = decodeNodeReceipt(kv.value);
    return decoded.ok && kv.lease !== undefined
      ? [{ node_id: decoded.value.node_id, master_keys: decoded.value.master_keys }]
      : [];
  });
};

/** Puts everything that is sealed under the master key that this node seals with, when asked to. */
export class Rotation implements Disposable {
  private readonly options: RotationOptions;
  private current = IDLE;
  private election: Election | undefined;

  constructor(options: RotationOptions) {
    this.options = options;
  }

  status(): RotationStatus {
    return this.current;
  }

  /**
   * Begins, unless it is under way already. Every live node must seal with the same key first: one that lacks it could read
   * nothing afterwards, and one that still seals with another would leave secrets behind.
   * @throws Refusal master_key_not_everywhere, etcd_unavailable
   */
  async start(author: ChangeAuthor): Promise<RotationStatus> {
    const { room, elect } = this.options;
    const { kid } = room.sealer;
    refuseUnlessEverywhere(kid, await readMasterKeys(room));
    if (this.election) return this.current;
    const started_at = new Date(room.clock.now()).toISOString();
    this.current = { ...IDLE, state: 'waiting', kid, started_at };
    room.log.info({ kid, actor: author.actor, request_id: author.request_id }, 'the rotation begins');
    const election = elect(async (term) => {
      await this.run(term, author);
      this.election = undefined;
      // Not awaited: the election ends once its work, this, has ended.
      void election.dispose();
    });
    this.election = election;
    election.start();
    return this.current;
  }

  async dispose(): Promise<void> {
    await this.election?.dispose();
  }

  private async run(term: Term, author: ChangeAuthor): Promise<void> {
    const { room } = this.options;
    this.current = { ...this.current, state: 'running' };
    let ended: RotationState;
    try {
      const complete = await resealAll(room, term, ({ resealed, unreadable }) => {
        const shown = { unreadable: unreadable.length, unreadable_keys: unreadable.slice(0, KEYS_SHOWN) };
        this.current = { ...this.current, resealed, ...shown };
      });
      ended = complete ? (this.current.unreadable === 0 ? 'done' : 'incomplete') : 'interrupted';
      if (complete) await this.remember(term, author);
    } catch (error) {
      room.log.error({ err: error }, 'the rotation failed');
      ended = 'failed';
    }
    this.current = { ...this.current, state: ended, ended_at: new Date(room.clock.now()).toISOString() };
    room.log.info({ ...this.current }, 'the rotation has ended');
  }

  /** Leaves in the change log who had it done. */
  private async remember({ fence }: Term, author: ChangeAuthor): Promise<void> {
    const { room } = this.options;
    const { store, keys, clock, sealer, log } = room;
    const at = new Date(clock.now()).toISOString();
    const { resealed, unreadable } = this.current;
    const edit = {
      kind: 'master_keys',
      id: sealer.kid,
      action: 'update',
      written: { resealed, unreadable },
    } as const;
    try {
      const { revision } = await store.range({ key: keys.leader('rotation') });
      const put = changePut(keys, revision, { ...author, at }, [edit]);
      const written = async () => (await store.range({ key: put.key })).kvs[0]?.modRevision;
      await submit(room, { guards: [fence], puts: [put], deletes: [] }, written);
    } catch (error) {
      log.warn({ err: error, request_id: author.request_id }, 'the rotation is not in the change log');
    }
  }
}

const refuseUnlessEverywhere = (kid: string, nodes: readonly NodeMasterKeys[]): void => {
  // A node without any master key seals and opens nothing, before and after.
  const keyed = nodes.filter(({ master_keys }) => master_keys === undefined || master_keys.length > 0);
  const lacking = keyed.filter(({ master_keys }) => !master_keys?.includes(kid)).map((node) => node.node_id);
  const otherwise = keyed
    .filter(({ node_id, master_keys }) => !lacking.includes(node_id) && master_keys?.[0] !== kid)
    .map((node) => node.node_id);
  if (lacking.length + otherwise.length === 0) return;
  throw new Refusal('master_key_not_everywhere', {
    params: { kid, nodes: [...lacking, ...otherwise].join(', ') },
    extra: { lacking, sealing_with_another: otherwise },
  });
};
