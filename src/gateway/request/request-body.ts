import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { Framing } from './header-lists.ts';

const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** A request's body on its way through: looked at by the defense if it wishes, then streamed on, never stored. */
export class RequestBody {
  readonly framing: Framing;
  private readonly request: IncomingMessage;
  /** Tells a client that waits with `Expect: 100-continue` to send. */
  private readonly invite: () => void;
  private invited = false;
  /** Read for `peek` and still to be sent. */
  private held: Buffer[] = [];
  private heldBytes = 0;

  constructor(request: IncomingMessage, invite: () => void) {
    this.request = request;
    this.invite = invite;
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (encoding !== undefined) this.framing = { kind: 'chunked' };
    else if (length !== undefined) this.framing = { kind: 'length', length };
    // Without it Node would announce a chunked body for the methods that usually have one.
    else
      this.framing = BODILESS.has(request.method ?? '') ? { kind: 'none' } : { kind: 'length', length: '0' };
  }

  get empty(): boolean {
    return (
      this.framing.kind === 'none' || (this.framing.kind === 'length' && Number(this.framing.length) === 0)
    );
  }

  /** Whether bytes of the client are still to come. */
  get incomplete(): boolean {
    return !this.empty && !this.request.complete;
  }

  /**
   * The first bytes, at most `max_bytes`; fewer only when there are no more.
   * @throws when the client goes away meanwhile
   */
  async peek(max_bytes: number): Promise<Buffer> {
    if (!this.empty && max_bytes > 0) {
      this.begin();
      while (this.heldBytes < max_bytes && !this.request.readableEnded) {
        const chunk = this.request.read() as Buffer | null;
        if (chunk === null) await this.more();
        else {
          this.held.push(chunk);
          this.heldBytes += chunk.length;
        }
      }
    }
    return Buffer.concat(this.held).subarray(0, max_bytes);
  }

  /** Sends the body to `upstream` and ends it. To be called once. */
  streamTo(upstream: Writable): void {
    if (this.empty) {
      upstream.end();
      return;
    }
    this.begin();
    for (const chunk of this.held) upstream.write(chunk);
    this.held = [];
    if (this.request.readableEnded) upstream.end();
    else this.request.pipe(upstream);
  }

  private begin(): void {
    if (!this.invited) this.invite();
    this.invited = true;
  }

  private more(): Promise<void> {
    const { request } = this;
    if (request.destroyed) return Promise.reject(new Error('the client has gone away'));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        for (const event of ['readable', 'end', 'close'] as const) request.off(event, settle);
        if (request.destroyed && !request.readableEnded) reject(new Error('the client has gone away'));
        else resolve();
      };
      for (const event of ['readable', 'end', 'close'] as const) request.on(event, settle);
    });
  }
}
