/** A TCP proxy that can be cut: what a firewall, a NAT or a cable does to a connection. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export class CutProxy {
  readonly url: string;
  private readonly server: Server;
  private readonly sockets: Set<Socket>;
  private readonly gate: { open: boolean };

  private constructor(server: Server, sockets: Set<Socket>, gate: { open: boolean }) {
    this.server = server;
    this.sockets = sockets;
    this.gate = gate;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async before(target: string): Promise<CutProxy> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const gate = { open: true };
    const server = createServer((near) => {
      if (!gate.open) {
        near.on('error', () => {});
        near.resetAndDestroy();
        return;
      }
      const far = connect(Number(port), hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CutProxy(server, sockets, gate);
  }

  /** Resets every connection; new ones work. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Lets no new connection in, until `release`. */
  hold(): void {
    this.gate.open = false;
  }

  release(): void {
    this.gate.open = true;
  }

  /** Connections stay open but carry nothing more, in either direction. */
  blackHole(): void {
    for (const socket of this.sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
