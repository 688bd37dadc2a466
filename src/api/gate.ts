import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';

export type GateOptions =
  /** Development on loopback: everybody is the administrator. */
  { readonly mode: 'off' } | { readonly mode: 'on'; readonly rootToken?: string | undefined };

/** What the gate looks at of a request. */
export interface Asking {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remote: string;
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The one place that decides who may call what. Default: nobody. */
export class Gate {
  private readonly open: boolean;
  private readonly root: Buffer | undefined;

  constructor(options: GateOptions) {
    this.open = options.mode === 'off';
    this.root =
      options.mode === 'on' && options.rootToken !== undefined ? hash(options.rootToken) : undefined;
  }

  /** @throws Refusal unauthenticated */
  async admit({ headers, remote }: Asking): Promise<Principal> {
    if (this.open) return { actor: 'admin', role: 'operator', tenants: [], remote };
    const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(headers['authorization'] ?? '')?.[1];
    const given = bearer ?? headers['x-api-key'];
    if (given === undefined || !this.root || !timingSafeEqual(hash(given), this.root)) {
      throw new Refusal('unauthenticated', { in: 'header', pointer: '/authorization' });
    }
    return { actor: 'root', role: 'operator', tenants: [], remote };
  }
}
