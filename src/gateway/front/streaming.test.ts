import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Cleanup,
  ask,
  cleanUp,
  echo,
  listen,
  raw,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';

// Fifty megabytes take their time on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const BIG = 50 * 1024 * 1024;

const big = (): Readable => {
  let left = BIG / CHUNK.length;
  return new Readable({
    read() {
      this.push(left-- > 0 ? CHUNK : null);
    },
  });
};

/** Resolves once a count no longer grows. */
const settled = async (count: () => number): Promise<void> => {
  let before = -1;
  await vi.waitFor(
    () => {
      const still = count() === before;
      before = count();
      expect(still && before > 0).toBe(true);
    },
    { timeout: 5_000, interval: 100 },
  );
};

/** A deferred value: what a listener sees, for a test to wait for. */
const seen = <T>() => {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

describe('streaming', () => {
  it('carries 50 MB there and back without keeping them', async () => {
    const upstream = await startUpstream(stack, (message, response) => void message.pipe(response));
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    let most = 0;
    let pushed = 0;
    let received = 0;
    const sent = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    const source = big();
    source.on('data', (chunk: Buffer) => {
      pushed += chunk.length;
    });
    source.pipe(sent);
    const [message] = (await once(sent, 'response')) as [IncomingMessage];
    for await (const chunk of message) {
      received += (chunk as Buffer).length;
      most = Math.max(most, pushed - received);
    }
    expect(received).toBe(BIG);
    // What is under way is in the kernel's buffers of four connections.
    expect(most).toBeLessThan(BIG / 2);
  });

  it('holds a client back when the upstream does not read', async () => {
    const arrived = seen<IncomingMessage>();
    const upstream = await startUpstream(stack, (message, response) => {
      arrived.resolve(message);
      message.on('end', () => response.end('all'));
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    let pushed = 0;
    const sent = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    const source = big();
    source.on('data', (chunk: Buffer) => {
      pushed += chunk.length;
    });
    source.pipe(sent);
    const message = await arrived.promise;
    await settled(() => pushed);
    expect(pushed).toBeLessThan(BIG / 2);
    message.resume();
    const [answer] = await answered;
    expect(answer.statusCode).toBe(200);
    answer.resume();
    expect(pushed).toBe(BIG);
  });

  it('holds an upstream back when the client does not read', async () => {
    let written = 0;
    const upstream = await startUpstream(stack, (_message, response) => {
      const source = big();
      source.on('data', (chunk: Buffer) => {
        written += chunk.length;
      });
      source.pipe(response);
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const sent = request({ host: '127.0.0.1', port, agent: false }).end();
    const [message] = (await once(sent, 'response')) as [IncomingMessage];
    await settled(() => written);
    expect(written).toBeLessThan(BIG / 2);
    let received = 0;
    for await (const chunk of message) received += (chunk as Buffer).length;
    expect(received).toBe(BIG);
  });

  it('delivers the first bytes before the last ones exist', async () => {
    const answers = seen<ServerResponse>();
    const upstream = await startUpstream(stack, (_message, response) => {
      response.write('event: 1\n\n');
      answers.resolve(response);
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const sent = request({ host: '127.0.0.1', port, agent: false }).end();
    const [message] = (await once(sent, 'response')) as [IncomingMessage];
    const [first] = (await once(message, 'data')) as [Buffer];
    expect(first.toString()).toBe('event: 1\n\n');
    (await answers.promise).end();
    await once(message, 'end');
  });

  it('ends the upstream request when the client leaves before the answer', async () => {
    const arrived = seen<IncomingMessage>();
    const upstream = await startUpstream(stack, (message) => arrived.resolve(message));
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const sent = request({ host: '127.0.0.1', port, agent: false }).end();
    sent.on('error', () => {});
    const message = await arrived.promise;
    const closed = once(message.socket, 'close');
    sent.destroy();
    await closed;
  });

  it('ends the upstream request when the client leaves in the middle of its body, or of the answer', async () => {
    const arrived = seen<IncomingMessage>();
    const server = createServer((message, response) => {
      if (message.method === 'GET') response.write(CHUNK);
      message.resume();
      message.on('error', () => {});
      arrived.resolve(message);
    });
    const upstream = await listen(stack, server);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    for (const method of ['POST', 'GET']) {
      const sent = request({ host: '127.0.0.1', port, method, agent: false });
      sent.on('error', () => {});
      const connected = once(server, 'request') as Promise<[IncomingMessage]>;
      if (method === 'POST') sent.write(CHUNK);
      else sent.end();
      const [message] = await connected;
      const closed = new Promise((resolve) => message.socket.once('close', resolve));
      if (method === 'GET') await once(sent, 'response');
      sent.destroy();
      await closed;
    }
  });

  it('relays an early answer to an upload that nobody wants to read', async () => {
    const upstream = await startUpstream(stack, (_message, response) => {
      response.writeHead(413, { Connection: 'close' });
      response.end('too large');
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart';
    expect(await raw(port, head, (text) => text.includes('too large'))).toMatch(/^HTTP\/1\.1 413/);
  });

  it('keeps a connection for the next request', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const one = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
    const two = 'GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const text = await raw(port, one + two);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(text.indexOf('"path":"/1"')).toBeLessThan(text.indexOf('"path":"/2"'));
  });
});

describe('draining', () => {
  it('finishes what is in flight, accepts no more and leaves nothing open', async () => {
    const answers = seen<ServerResponse>();
    const upstream = await startUpstream(stack, (_message, response) => answers.resolve(response));
    const { feed, port, gateway } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const pending = ask(port);
    const response = await answers.promise;
    expect(gateway.status().requests_in_flight).toBe(1);
    const disposed = gateway.dispose();
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(gateway.status().draining).toBe(true);
    response.end('done');
    expect(await pending).toMatchObject({ status: 200, body: 'done', headers: { connection: 'close' } });
    await disposed;
    expect(gateway.status().requests_in_flight).toBe(0);
  });

  it('does not wait for a client that never finishes its handshake', async () => {
    const { gateway, tlsPort } = await startGateway(stack, { drain_ms: 50 });
    const socket = connect(tlsPort, '127.0.0.1');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    await gateway.dispose();
    await closed;
  });

  it('cuts what does not end in time', async () => {
    const arrived = seen<true>();
    const upstream = await startUpstream(stack, () => arrived.resolve(true));
    const { feed, port, gateway } = await startGateway(stack, { drain_ms: 50 });
    feed.list({ 'routes/one': routeTo(upstream) });
    const pending = ask(port);
    const failed = expect(pending).rejects.toMatchObject({ code: 'ECONNRESET' });
    await arrived.promise;
    await gateway.dispose();
    await failed;
  });

  it('gives its addresses back when one of them can not be had', async () => {
    const { gateway, port } = await startGateway(stack);
    const { Gateway } = await import('../gateway.ts');
    const { parse } = await import('../../../test/gateway/fixture.ts');
    const { systemClock } = await import('../../shared/clock.ts');
    const { silentLog } = await import('../../shared/log.ts');
    const other = new Gateway({
      gatewayId: 'g2',
      parse,
      clock: systemClock,
      log: silentLog,
      http: { host: '127.0.0.1', port: 0 },
      https: { host: '127.0.0.1', port },
    });
    await expect(other.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await other.dispose();
    expect(gateway.status().draining).toBe(false);
  });
});
