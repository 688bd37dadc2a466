import { type IncomingMessage, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { pause } from '../../shared/async.ts';
import type { HostPort } from '../../shared/host-port.ts';
import { listenOn } from '../../shared/listening.ts';
import type { Log } from '../../shared/log.ts';
import { SECURE_OPTIONS } from '../picture/certificate.ts';

export interface Listener {
  readonly address: HostPort;
  /** Accepts no more, waits at most `drain_ms` for requests in flight, then cuts them. */
  close(drain_ms: number): Promise<void>;
}

export interface ListenerOptions {
  readonly scheme: 'http' | 'https';
  readonly address: HostPort;
  readonly IncomingMessage: typeof IncomingMessage;
  /** What a server name gets; `undefined` fails the handshake. */
  readonly find: (serverName: string) => SecureContext | undefined;
  readonly attach: (server: Server) => void;
  readonly log: Log;
}

/** nginx's `client_header_timeout`, `client_body_timeout` and `keepalive_timeout`, as APISIX sets them. */
const CLIENT_IDLE_MS = 60_000;
/** nginx's `large_client_header_buffers`, 4 of 8 KiB. */
const HEADERS_MAX_BYTES = 32_768;
const HANDSHAKE_MAX_MS = 10_000;

/** APISIX's list without the finite-field ones. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const createFor = ({ scheme, find, log, IncomingMessage }: ListenerOptions): Server => {
  const shared = {
    IncomingMessage,
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: HEADERS_MAX_BYTES,
    headersTimeout: CLIENT_IDLE_MS,
    keepAliveTimeout: CLIENT_IDLE_MS,
    // A whole upload may take long; that bytes keep coming is watched per exchange.
    requestTimeout: 0,
  };
  if (scheme === 'http') return createServer(shared);
  const server = createTlsServer({
    ...shared,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ALPNProtocols: ['http/1.1'],
    secureOptions: SECURE_OPTIONS,
    handshakeTimeout: HANDSHAKE_MAX_MS,
    // The server has no certificate of its own: a client without SNI, or with one unknown, gets none.
    SNICallback: (serverName, done) => {
      try {
        done(null, find(serverName));
      } catch (error) {
        log.error({ err: error }, 'certificate not usable');
        done(null, undefined);
      }
    },
  });
  server.on('tlsClientError', (error) => log.debug({ reason: error.message }, 'TLS handshake failed'));
  return server;
};

/** @throws when the address can't be had */
export const openListener = async (options: ListenerOptions): Promise<Listener> => {
  const server = createFor(options);
  server.timeout = CLIENT_IDLE_MS;
  // Node drops headers beyond 2,000 without a word; their size is bounded anyway.
  server.maxHeadersCount = 0;
  const sockets = new Set<Socket>();
  // Node's own list knows a connection only once it speaks HTTP, which one in its TLS handshake does not.
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  options.attach(server);
  const { address, port } = await listenOn(server, options.address, options.log);
  return { address: { host: address, port }, close: (drain_ms) => closeServer(server, sockets, drain_ms) };
};

const closeServer = async (server: Server, sockets: ReadonlySet<Socket>, drain_ms: number): Promise<void> => {
  const waited = new AbortController();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await Promise.race([closed, pause(drain_ms, waited.signal)]);
  waited.abort();
  for (const socket of sockets) socket.destroy();
  await closed;
};
