/**
 * The durable state of the embedded store, in lmdb: the live keys, the leases, the revision and who owns it.
 * Every write is one lmdb transaction that also checks the owner's claim, so that a process which lost the
 * directory to another can never write into it.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { revision as toRevision } from '../../shared/revision.ts';
import type { Revision } from '../../shared/revision.ts';
import type { KeyValue, LeaseId } from '../port.ts';
import { isAlive, OwnerFile, thisProcess } from './owner.ts';
import type { Owner } from './owner.ts';

const FILE = 'lockstep.lmdb';
const OWNER_FILE = 'lockstep.owner';
const FORMAT = 1;

/** Where a new store stands, as a new etcd does: revision 0 means "none" everywhere. */
export const FIRST_REVISION = toRevision(1);

/** Another process has the directory, or took it over. */
export class EmbeddedStoreBusyError extends Error {
  override readonly name = 'EmbeddedStoreBusyError';
}

export type StoredKey = Omit<KeyValue, 'key'>;

export interface StoredLease {
  readonly ttl_s: number;
  /** Kept alive by the process that granted it: such a lease ends with that process. */
  readonly kept: boolean;
  /** Wall time when it runs out; milliseconds. Of no meaning when kept. */
  readonly ends_at_ms: number;
}

/** What one disk transaction writes; `undefined` removes. */
export interface DiskBatch {
  readonly revision: Revision;
  readonly keys: ReadonlyMap<string, StoredKey | undefined>;
  readonly leases: ReadonlyMap<LeaseId, StoredLease | undefined>;
}

export interface DiskState {
  readonly clusterId: string;
  readonly revision: Revision;
  readonly keys: readonly KeyValue[];
  readonly leases: readonly (StoredLease & { id: LeaseId })[];
}

/** Makes the directory private to this user: the values hold private keys, if sealed ones. */
const prepare = (directory: string): string => {
  const file = join(directory, FILE);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ours = existsSync(file) || readdirSync(directory).length === 0;
  if (ours && (statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  for (const path of [file, `${file}-lock`]) {
    closeSync(openSync(path, 'a', 0o600)); // before lmdb would create it readable for others
    chmodSync(path, 0o600);
  }
  return file;
};

export class Disk {
  private readonly directory: string;
  private readonly ownerFile: OwnerFile;
  private readonly root: RootDatabase;
  private readonly meta: Database<unknown, string>;
  private readonly keys: Database<StoredKey, Buffer>;
  private readonly leases: Database<StoredLease, string>;
  /** lmdb's entry version of our owner record; whoever takes the directory over writes another. */
  private readonly claim = randomInt(1, 2 ** 47);

  /** @throws EmbeddedStoreBusyError */
  constructor(directory: string, now_ms: number) {
    this.directory = resolve(directory);
    this.ownerFile = new OwnerFile(join(this.directory, OWNER_FILE));
    const owner = this.ownerFile.read();
    if (owner && isAlive(owner)) throw this.busy(owner);
    const options = { encoding: 'json', maxDbs: 8 } as const;
    // Without overlapping sync a commit resolves only after its flush, which is what we acknowledge.
    this.root = open({ ...options, path: prepare(this.directory), noSubdir: true, overlappingSync: false });
    this.meta = this.root.openDB({ name: 'meta', encoding: 'json', useVersions: true });
    this.keys = this.root.openDB({ name: 'keys', encoding: 'json', keyEncoding: 'binary' });
    this.leases = this.root.openDB({ name: 'leases', encoding: 'json' });
    try {
      const self = thisProcess(now_ms);
      this.own(self);
      this.ownerFile.write(self, this.claim);
    } catch (error) {
      void this.root.close();
      throw error;
    }
  }

  load(): DiskState {
    const keys = [];
    for (const { key, value } of this.keys.getRange()) keys.push({ key: key.toString('utf8'), ...value });
    const leases = [];
    for (const { key, value } of this.leases.getRange()) leases.push({ id: key as LeaseId, ...value });
    return {
      clusterId: this.meta.get('cluster_id') as string,
      revision: this.revision(),
      keys,
      leases,
    };
  }

  /** The last revision that the disk holds. */
  revision(): Revision {
    return (this.meta.get('revision') as Revision | undefined) ?? FIRST_REVISION;
  }

  /**
   * Resolves when all of the batch is flushed; nothing of it is there when this rejects.
   * Conditional puts rather than `transaction(callback)`: the latter never calls back under lmdb 3.5.6 with
   * Node 20.20 (measured), and this one leaves commit and flush to a thread anyway.
   * @throws EmbeddedStoreBusyError when another process has taken the directory over
   */
  async write({ revision, keys, leases }: DiskBatch): Promise<void> {
    const ours = await this.meta.ifVersion('owner', this.claim, () => {
      for (const [key, stored] of keys) {
        void (stored ? this.keys.put(Buffer.from(key), stored) : this.keys.remove(Buffer.from(key)));
      }
      for (const [id, stored] of leases) {
        void (stored ? this.leases.put(id, stored) : this.leases.remove(id));
      }
      void this.meta.put('revision', revision, 1);
    });
    if (!ours) throw new EmbeddedStoreBusyError(`another process has taken over ${this.directory}`);
  }

  async close(): Promise<void> {
    await this.meta.ifVersion('owner', this.claim, () => void this.meta.remove('owner'));
    this.ownerFile.remove(this.claim);
    await this.root.close();
  }

  private busy(owner: Owner): EmbeddedStoreBusyError {
    return new EmbeddedStoreBusyError(
      `${this.directory} is in use by process ${owner.pid} since ${owner.since}; ` +
        'stop that process, or give this one another directory',
    );
  }

  /** Claims the directory; the lmdb write lock makes check and claim one step between processes. */
  private own(self: Owner): void {
    this.meta.transactionSync(() => {
      const owner = this.meta.get('owner') as Owner | undefined;
      if (owner && isAlive(owner)) throw this.busy(owner);
      const format = this.meta.get('format') as number | undefined;
      if (format !== undefined && format !== FORMAT) {
        throw new Error(`${this.directory} has format ${format}; this version reads ${FORMAT}`);
      }
      this.meta.putSync('owner', self, this.claim);
      if (format !== undefined) return;
      this.meta.putSync('format', FORMAT, 1);
      this.meta.putSync('cluster_id', randomBytes(8).toString('hex'), 1);
    });
  }
}
