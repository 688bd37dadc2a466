import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../contract/errors.ts';

/** Who is asking. */
export interface Principal {
  /** Goes into `updated_by` and history. */
  readonly actor: string;
  readonly role: 'operator';
}

export type GateOptions =
  /** Development on loopback: everybody is the administrator. */
  | { readonly mode: 'off' }
  /** One operator token. */
  | { readonly mode: 'root-token'; readonly token: string };

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The one place that decides who may call what. Default: nobody. */
export class Gate {
  private readonly root: Buffer | undefined;

  constructor(options: GateOptions) {
    this.root = options.mode === 'off' ? undefined : hash(options.token);
  }

  /** @throws Refusal unauthenticated */
  admit(headers: Readonly<Record<string, string | undefined>>): Principal {
    if (!this.root) return { actor: 'admin', role: 'operator' };
    const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(headers['authorization'] ?? '')?.[1];
    const given = bearer ?? headers['x-api-key'];
    if (given === undefined || !timingSafeEqual(hash(given), this.root)) {
      throw new Refusal('unauthenticated', { in: 'header', pointer: '/authorization' });
    }
    return { actor: 'root', role: 'operator' };
  }
}
