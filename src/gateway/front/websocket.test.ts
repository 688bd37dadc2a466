import { type IncomingMessage, createServer } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  type Cleanup,
  cleanUp,
  echo,
  listen,
  raw,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

/** An upstream that echoes messages and remembers the handshakes it got. */
const startSockets = async (): Promise<{
  port: number;
  handshakes: IncomingMessage[];
  server: WebSocketServer;
}> => {
  const http = createServer(echo);
  const server = new WebSocketServer({ server: http });
  const handshakes: IncomingMessage[] = [];
  server.on('connection', (socket, handshake) => {
    handshakes.push(handshake);
    socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
    socket.on('error', () => {});
  });
  stack.push(() => {
    for (const socket of server.clients) socket.terminate();
  });
  return { port: await listen(stack, http), handshakes, server };
};

const open = async (url: string): Promise<WebSocket> => {
  const socket = new WebSocket(url, ['chat']);
  stack.push(() => socket.terminate());
  await once(socket, 'open');
  return socket;
};

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('WebSocket', () => {
  it('passes where the route enables it, both ways and large', async () => {
    const sockets = await startSockets();
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(sockets.port, { uris: ['/ws'], enable_websocket: true }) });
    const socket = await open(`ws://127.0.0.1:${port}/ws?x=1`);
    const message = Buffer.alloc(1_000_000, 'm');
    socket.send(message);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.equals(message)).toBe(true);
    expect(sockets.handshakes[0]).toMatchObject({
      url: '/ws?x=1',
      headers: { 'x-real-ip': '127.0.0.1', 'sec-websocket-protocol': 'chat' },
    });
    socket.close(1000);
    await once(socket, 'close');
  });

  it('closes the other end when one goes', async () => {
    const sockets = await startSockets();
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(sockets.port, { enable_websocket: true }) });
    const one = await open(`ws://127.0.0.1:${port}/`);
    const [atUpstream] = [...sockets.server.clients];
    const left = once(atUpstream as WebSocket, 'close');
    one.terminate();
    await left;
    const two = await open(`ws://127.0.0.1:${port}/`);
    const dropped = once(two, 'close');
    for (const socket of sockets.server.clients) socket.terminate();
    await dropped;
  });

  it('is an ordinary request where the route does not enable it', async () => {
    const sockets = await startSockets();
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(sockets.port) });
    const text = await raw(port, HANDSHAKE, (all) => all.includes('"method"'));
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(text).not.toContain('"upgrade"');
    expect(sockets.handshakes).toEqual([]);
  });

  it('relays an upstream that declines, and says when there is none', async () => {
    const plain = await startUpstream(stack, (_request, response) => {
      response.writeHead(403);
      response.end('no sockets here');
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(plain, { enable_websocket: true }) });
    const declined = await raw(port, HANDSHAKE);
    expect(declined).toMatch(/^HTTP\/1\.1 403/);
    expect(declined).toContain('no sockets here');
    feed.put({ 'routes/ws': routeTo(1, { enable_websocket: true }) });
    expect(await raw(port, HANDSHAKE)).toMatch(/^HTTP\/1\.1 502/);
  });

  it('is the only upgrade: h2c is an ordinary request with its body', async () => {
    const sockets = await startSockets();
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(sockets.port, { enable_websocket: true }) });
    const text = await raw(
      port,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n' +
        'Content-Length: 5\r\n\r\nhello',
      (all) => all.includes('"body"'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(text).toContain('"body":"hello"');
    expect(text).not.toMatch(/h2c|http2-settings/);
  });

  it('does not let an upstream switch protocols unasked', async () => {
    const rude = await startUpstream(stack, (message) => {
      message.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(rude) });
    expect(await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 502/,
    );
  });

  it('is cut when the gateway drains', async () => {
    const sockets = await startSockets();
    const { feed, port, gateway } = await startGateway(stack);
    feed.list({ 'routes/ws': routeTo(sockets.port, { enable_websocket: true }) });
    const socket = await open(`ws://127.0.0.1:${port}/`);
    const closed = once(socket, 'close');
    await gateway.dispose();
    await closed;
    expect(gateway.status().requests_in_flight).toBe(0);
  });
});
