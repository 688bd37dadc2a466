/** Speaks to Defense API nodes whose certificates are not of a public CA, or that want to see one. */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

/** The part of `fetch` that is needed to speak to a node; the global one fits. */
export type ControlFetch = (
  url: string,
  init?: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal;
  },
) => Promise<Response>;

/** PEM. */
export interface ControlTrust {
  /** Instead of the system's roots. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

const NO_BODY = new Set([204, 205, 304]);

const answerOf = (message: IncomingMessage): Response => {
  const status = message.statusCode ?? 0;
  const headers = Object.entries(message.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (NO_BODY.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(message) as ReadableStream<Uint8Array>;
  return new Response(body, { status, headers });
};

/** `fetch` as such when there is nothing to trust or to show beyond the usual. */
export const controlFetch = ({ ca, cert, key }: ControlTrust): ControlFetch => {
  if (!ca && !cert) return fetch;
  const agent = new Agent({
    keepAlive: true,
    minVersion: 'TLSv1.2',
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
  });
  return (url, { method = 'GET', headers = {}, body, signal } = {}) => {
    if (!url.startsWith('https:'))
      return fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal ? { signal } : {}),
      });
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent, ...(signal ? { signal } : {}) }, (message) =>
        resolve(answerOf(message)),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };
};
