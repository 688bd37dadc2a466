import type { Static, TObject, TSchema } from '@sinclair/typebox';
import type { Language } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import type { Node } from './node.ts';

/**
 * Who may call an endpoint; `authorise.ts` says which roles that are. `tenant`: on behalf of one tenant, which editors
 * change and viewers read. Operators may do what a `gateway` may. `metrics`: operators, or everybody, by a setting.
 */
export type Access = 'public' | 'tenant' | 'operator' | 'gateway' | 'metrics';

export interface Answer {
  readonly status: number;
  /** Sent as JSON; text and streams as they are. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request whose parts have passed their schemas. */
export interface Call<P, Q, B> {
  readonly node: Node;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The tenant to act for, which the principal may; empty on endpoints of operators without the header. */
  readonly tenant_id: string;
  readonly principal: Principal;
  readonly language: Language;
  readonly request_id: string;
  /** Method, path and body, hashed: tells two requests with one idempotency key apart. */
  readonly fingerprint: string;
  /** Aborts when the caller no longer waits for the answer. */
  readonly gone: () => AbortSignal;
}

export interface EndpointSchemas<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Status → body. */
  readonly response: Readonly<Record<number, TSchema>>;
}

/** One operation of the API: everything about it in one place, and nothing of the HTTP server. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly access: Access;
  readonly tag: string;
  readonly summary: string;
  /** A change, so it takes the headers and parameters that all changes take. */
  readonly writes: boolean;
  /** A change of many objects: no entity tag stands for them, so it takes no preconditions. */
  readonly many?: boolean;
  /** Changes something that is no versioned object: of what changes take, only the reason, for the change log. */
  readonly reasoned?: boolean;
  /** A read of what only operators see: who read it is logged. */
  readonly sensitive?: boolean;
  readonly schemas: EndpointSchemas<TSchema, TSchema, TSchema>;
  readonly handle: (call: Call<unknown, unknown, unknown>) => Promise<Answer>;
}

/** What generators call the operation, from its method and address: `getGlobalRoutesById`. */
export const operationIdOf = ({ method, url }: Pick<Endpoint, 'method' | 'url'>): string => {
  const words = url.replaceAll('/:', '/by-').match(/[a-zA-Z0-9]+/g) ?? [];
  const capitalised = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + capitalised.join('');
};

type Definition<P extends TSchema, Q extends TSchema, B extends TSchema> = Omit<
  Endpoint,
  'schemas' | 'handle' | 'writes'
> & {
  readonly writes?: boolean;
  readonly schemas: EndpointSchemas<P, Q, B>;
  readonly handle: (call: Call<Static<P>, Static<Q>, Static<B>>) => Promise<Answer>;
};

/** Declares an endpoint: its handler's types follow from its schemas. */
export const endpoint = <
  P extends TSchema = TObject,
  Q extends TSchema = TObject,
  B extends TSchema = TObject,
>(
  definition: Definition<P, Q, B>,
): Endpoint => ({ writes: false, ...definition });
