import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { responseHeaders } from '../request/header-lists.ts';

/** The bytes of the answer that switches protocols. */
const switchingHead = (answer: IncomingMessage, extra: readonly (readonly [string, string])[]): string => {
  const headers = [
    ...responseHeaders(answer.rawHeaders, 101, extra),
    ...['Connection', 'Upgrade', 'Upgrade', 'websocket'],
  ];
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n`;
};

export interface TunnelEnds {
  readonly client: Socket;
  /** What the client sent behind its handshake. */
  readonly clientHead: Buffer;
  readonly upstream: Duplex;
  readonly upstreamHead: Buffer;
  readonly answer: IncomingMessage;
  readonly extra: readonly (readonly [string, string])[];
  /** Both ends are cut when nothing moved for so long; nginx's `proxy_read_timeout`. */
  readonly idle_ms: number;
}

/** Joins two upgraded connections. Either end's close or error closes the other. */
export const joinTunnel = (ends: TunnelEnds): void => {
  const { client, upstream, clientHead, upstreamHead, answer, extra, idle_ms } = ends;
  const cut = (): void => {
    client.destroy();
    upstream.destroy();
  };
  for (const end of [client, upstream]) {
    end.on('error', cut);
    end.once('close', cut);
  }
  client.removeAllListeners('timeout');
  client.setTimeout(0);
  const socket = upstream as Socket;
  socket.setTimeout(idle_ms, cut);
  client.write(switchingHead(answer, extra), 'latin1');
  if (upstreamHead.length > 0) client.write(upstreamHead);
  if (clientHead.length > 0) upstream.write(clientHead);
  client.pipe(upstream);
  upstream.pipe(client);
};
