/** Real traffic to a gateway: one request on a connection of its own, and what came back, certificate included. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';

/** Where a gateway serves. */
export interface Listeners {
  readonly http: string;
  readonly https: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of the worker that answered, where it says so; `NaN` elsewhere. */
  readonly pid: number;
  /** Over TLS: the SHA-256 of the certificate that was shown, in upper-case hex with colons. */
  readonly fingerprint: string | undefined;
}

export interface Sent {
  /** Default `localhost`; over TLS the server's name as well. */
  readonly host?: string;
  readonly tls?: boolean;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @throws when there is no answer in time */
export const probe = (
  listeners: Listeners,
  target: string,
  sent: Sent = {},
  timeout_ms = 5_000,
): Promise<Answer> => {
  const { host = 'localhost', method = 'GET', headers = {}, tls = false } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = (tls ? tlsRequest : request)(
      `${tls ? listeners.https : listeners.http}${target}`,
      {
        method,
        agent: false,
        headers: { host, ...headers },
        timeout: timeout_ms,
        ...(tls ? { servername: host, rejectUnauthorized: false } : {}),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        const { socket } = incoming;
        const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString(),
            pid: Number(incoming.headers['x-worker-pid']),
            fingerprint: shown?.fingerprint256,
          }),
        );
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${timeout_ms} ms`)));
    outgoing.once('error', reject);
    outgoing.end();
  });
};
