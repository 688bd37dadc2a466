import { lookup } from 'node:dns/promises';
import { type RequestListener, type Server, createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, type Server as NetServer, createServer as createNet, isIP } from 'node:net';
import { type SecureContextOptions, type Server as TlsServer, createSecureContext } from 'node:tls';
import { listenOn } from '../shared/listening.ts';
import type { Log } from '../shared/log.ts';

export const HEADER_BYTES_MAX = 16_384;
/** A request that is not sent within this is cut off, so a slow sender holds no connection for long. */
const REQUEST_MS = 15_000;
/** A handshake that takes longer is given up. */
const HANDSHAKE_MS = 10_000;
/** A connection between two requests; longer than balancers keep theirs, so that they are the ones to close. */
const KEEP_ALIVE_MS = 72_000;
/** Nothing was read or written: whoever asked does not take the answer. Longer than any answer lets wait. */
const SILENCE_MS = 120_000;

/** What HTTPS is served with. PEM. */
export interface TlsMaterial {
  /** The chain, the server's own certificate first. */
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Only clients that show a certificate signed by one of these are answered. */
  readonly clientCa?: Buffer | undefined;
}

const MIN_VERSION = 'TLSv1.2';

const contextOf = ({ cert, key, clientCa }: TlsMaterial): SecureContextOptions => ({
  cert,
  key,
  ...(clientCa ? { ca: clientCa } : {}),
  minVersion: MIN_VERSION,
});

/** @throws Error when certificate and key can't be used, or not together */
export const checkMaterial = (material: TlsMaterial): void => {
  createSecureContext(contextOf(material));
};

/** The HTTP server beneath the API, with every limit on what a client may hold of it. HTTPS when there is a certificate. */
export const createListener = (
  handler: RequestListener,
  tls: TlsMaterial | undefined,
  silence_ms = SILENCE_MS,
): Server => {
  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
    // The API answers a missing Host itself.
    requireHostHeader: false,
    insecureHTTPParser: false,
  };
  const server: Server = tls
    ? createHttps(
        {
          ...limits,
          ...contextOf(tls),
          handshakeTimeout: HANDSHAKE_MS,
          ...(tls.clientCa ? { requestCert: true, rejectUnauthorized: true } : {}),
        },
        handler,
      )
    : createHttp(limits, handler);
  server.setTimeout(silence_ms);
  return server;
};

/** Connections made from now on get this certificate; those that are open stay as they are. */
export const renewCertificate = (server: Server, material: TlsMaterial): void => {
  (server as unknown as TlsServer).setSecureContext(contextOf(material));
};

/**
 * A name such as `localhost` may have an address in each family; a server listens at one. Connections to the others are
 * handed to it, with all its limits.
 * @returns stops listening there
 */
export const listenAlso = async (
  server: Server,
  host: string,
  log: Log,
  addressesOf: (host: string) => Promise<readonly string[]> = addressesOfName,
): Promise<() => void> => {
  const own = server.address() as AddressInfo;
  const found = isIP(host) === 0 ? await addressesOf(host) : [];
  const others = found.filter((address) => address !== own.address);
  const listeners = await Promise.all(
    others.map((address) => handOver(server, { host: address, port: own.port }, log)),
  );
  // What they have accepted is the server's, which ends it.
  return () => listeners.forEach((listener) => listener?.close());
};

const addressesOfName = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** `undefined` for an address that can't be had: the name works all the same. */
const handOver = async (
  server: Server,
  at: { readonly host: string; readonly port: number },
  log: Log,
): Promise<NetServer | undefined> => {
  const listener = createNet((socket) => void server.emit('connection', socket));
  try {
    await listenOn(listener, at, log);
    return listener;
  } catch (error) {
    log.warn({ ...at, reason: (error as Error).message }, 'not listening at one address of the host name');
    return undefined;
  }
};
