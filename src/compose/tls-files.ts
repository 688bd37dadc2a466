import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type TlsMaterial, checkMaterial } from '../api/listener.ts';
import type { Node } from '../api/node.ts';
import { type Disposable, pause } from '../shared/async.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';

/** A certificate and its key are seldom replaced in one step, so one look at a pair that does not fit means nothing. */
const LOOKS_TO_FAIL = 2;

/**
 * Between two looks at the files. Looking, rather than being told by the file system, also works for mounted volumes
 * and for links that are switched.
 */
const LOOK_MS = 2_000;

export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

/** How the listener's certificate stands. */
export interface TlsStatus {
  /** When the certificate in use ends, milliseconds since the epoch. */
  readonly not_after_ms: number;
  /** The files hold what can't be used; what they held before goes on being served. */
  readonly failing: boolean;
  readonly reloads: number;
}

export interface TlsFilesOptions {
  readonly paths: TlsPaths;
  readonly clock: Clock;
  readonly log: Log;
  readonly look_ms?: number;
}

const same = (a: TlsMaterial, b: TlsMaterial): boolean =>
  a.cert.equals(b.cert) &&
  a.key.equals(b.key) &&
  (a.clientCa ?? Buffer.alloc(0)).equals(b.clientCa ?? Buffer.alloc(0));

/**
 * The certificate files of an HTTPS listener. Looks at them again and again; new ones that can be used are handed on,
 * others are told about loudly and left alone.
 */
export class TlsFiles implements Disposable {
  private readonly options: TlsFilesOptions;
  private readonly stopped = new AbortController();
  private inUse: TlsMaterial;
  /** Looks in a row that found something unusable. */
  private failures = 0;
  private reloads = 0;
  private looking: Promise<void> | undefined;

  private constructor(options: TlsFilesOptions, material: TlsMaterial) {
    this.options = options;
    this.inUse = material;
  }

  /** @throws Error when they can't be read, or used together */
  static async open(options: TlsFilesOptions): Promise<TlsFiles> {
    const material = await readMaterial(options.paths);
    checkMaterial(material);
    const files = new TlsFiles(options, material);
    if (endOf(material) < options.clock.now()) {
      options.log.error({ file: options.paths.cert }, 'the certificate of this listener has expired');
    }
    return files;
  }

  get material(): TlsMaterial {
    return this.inUse;
  }

  get status(): TlsStatus {
    return {
      not_after_ms: endOf(this.inUse),
      failing: this.failures >= LOOKS_TO_FAIL,
      reloads: this.reloads,
    };
  }

  /** Calls `renew` with each new certificate, until disposed of. */
  watch(renew: (material: TlsMaterial) => void): void {
    this.looking ??= this.look(renew);
  }

  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.looking;
  }

  private async look(renew: (material: TlsMaterial) => void): Promise<void> {
    const { look_ms = LOOK_MS, paths, log } = this.options;
    const { signal } = this.stopped;
    for (;;) {
      await pause(look_ms, signal);
      if (signal.aborted) return;
      try {
        const material = await readMaterial(paths);
        if (!same(material, this.inUse)) this.take(material, renew);
        this.failures = 0;
      } catch (error) {
        this.failures += 1;
        if (this.failures !== LOOKS_TO_FAIL) continue;
        // The message alone: OpenSSL's errors carry no key, but what they are given might.
        const reason = error instanceof Error ? error.message : 'unknown';
        const fields = { cert: paths.cert, key: paths.key, reason };
        log.error(fields, 'new certificate files can not be used; the old ones stay');
      }
    }
  }

  /** @throws Error when it can't be used */
  private take(material: TlsMaterial, renew: (material: TlsMaterial) => void): void {
    const { clock, log, paths } = this.options;
    checkMaterial(material);
    if (endOf(material) < clock.now()) throw new Error('the new certificate has expired');
    renew(material);
    this.inUse = material;
    this.reloads += 1;
    log.info(
      { cert: paths.cert, not_after: new Date(endOf(material)).toISOString() },
      'a new certificate is in use',
    );
  }
}

/** The end of the first certificate of the chain. */
const endOf = ({ cert }: TlsMaterial): number => Date.parse(new X509Certificate(cert).validTo);

const readMaterial = async ({ cert, key, clientCa }: TlsPaths): Promise<TlsMaterial> => ({
  cert: await readFile(cert),
  key: await readFile(key),
  ...(clientCa === undefined ? {} : { clientCa: await readFile(clientCa) }),
});

/** The certificate files of a node's listener, if it has any, and how they stand among its metrics. @throws Error */
export const openTls = async (
  paths: TlsPaths | undefined,
  { clock, log, metrics }: Pick<Node, 'clock' | 'log' | 'metrics'>,
): Promise<TlsFiles | undefined> => {
  if (!paths) return undefined;
  const files = await TlsFiles.open({ paths, clock, log });
  const about = 'The certificate of the API’s listener';
  metrics.gauge('lockstep_tls_not_after_seconds', `${about}: its end, Unix time`, () =>
    Math.floor(files.status.not_after_ms / 1_000),
  );
  metrics.gauge('lockstep_tls_reloads', `${about}: times it was renewed`, () => files.status.reloads);
  metrics.gauge('lockstep_tls_reload_failing', `${about}: 1 while the files can not be used`, () =>
    files.status.failing ? 1 : 0,
  );
  return files;
};
