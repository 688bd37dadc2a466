/** Which process owns a store directory, in a form that outlives it and can be checked by another process. */
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isObject, parseJson } from '../../shared/json.ts';

export interface Owner {
  readonly pid: number;
  /** Kernel's start tick of the process, boot and pid namespace: they tell a reused pid from the owner's. */
  readonly started?: string;
  readonly boot?: string;
  readonly namespace?: string;
  readonly since: string;
}

const optionally = (read: () => string | undefined): string | undefined => {
  try {
    return read();
  } catch {
    return undefined; // no such file, or no /proc on this system
  }
};

const startOf = (pid: number): string | undefined =>
  optionally(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command, may hold spaces and parentheses; the start is field 22 of all.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  });

const here = () => ({
  boot: optionally(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  namespace: optionally(() => readlinkSync('/proc/self/ns/pid')),
});

export const thisProcess = (now_ms: number): Owner => {
  const started = startOf(process.pid);
  const { boot, namespace } = here();
  return {
    pid: process.pid,
    since: new Date(now_ms).toISOString(),
    ...(started === undefined ? {} : { started }),
    ...(boot === undefined ? {} : { boot }),
    ...(namespace === undefined ? {} : { namespace }),
  };
};

/**
 * Whether the owner still runs. An owner of another boot or pid namespace (an earlier container) counts as
 * gone: it can't be seen from here, and refusing would lock a restarted container out for ever. Should it
 * live after all, its next write fails on the claim that it lost.
 */
export const isAlive = (owner: Owner): boolean => {
  const { boot, namespace } = here();
  if (owner.boot !== boot || owner.namespace !== namespace) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.started === undefined || owner.started === startOf(owner.pid);
};

/**
 * The owner as a plain file beside the database. The claim in the database decides; this one can be read
 * without its lock, which a frozen owner may hold for ever (measured: opening then blocks the whole process).
 */
export class OwnerFile {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  read(): (Owner & { readonly claim: number }) | undefined {
    const text = optionally(() => readFileSync(this.path, 'utf8'));
    const value = text === undefined ? undefined : parseJson(text);
    return isObject(value) && typeof value['pid'] === 'number'
      ? (value as unknown as Owner & { claim: number })
      : undefined;
  }

  write(owner: Owner, claim: number): void {
    const next = `${this.path}.${claim}`;
    writeFileSync(next, JSON.stringify({ ...owner, claim }), { mode: 0o600 });
    renameSync(next, this.path);
  }

  /** Removes it, unless somebody else's claim is in it. */
  remove(claim: number): void {
    if (this.read()?.claim === claim) rmSync(this.path, { force: true });
  }
}
