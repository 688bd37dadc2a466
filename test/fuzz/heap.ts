/** The heap of another Node process, by its inspector. */
import { once } from 'node:events';
import WebSocket from 'ws';

interface Reply {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number };
}

/** @param inspector address that the process printed, such as `ws://127.0.0.1:9229/…` @returns bytes in use after a full collection */
export const heapAfterCollection = async (inspector: string): Promise<number> => {
  const socket = new WebSocket(inspector);
  await once(socket, 'open');
  let id = 0;
  const call = (method: string): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const own = ++id;
      const onMessage = (bytes: Buffer) => {
        const reply = JSON.parse(bytes.toString()) as Reply;
        if (reply.id !== own) return;
        socket.off('message', onMessage);
        resolve(reply);
      };
      socket.on('message', onMessage);
      socket.once('error', reject);
      socket.send(JSON.stringify({ id: own, method }));
    });
  try {
    // Twice: what the first collection finalises is gone after the second.
    await call('HeapProfiler.collectGarbage');
    await call('HeapProfiler.collectGarbage');
    const { result } = await call('Runtime.getHeapUsage');
    if (result?.usedSize === undefined) throw new Error('the inspector does not tell the heap’s size');
    return result.usedSize;
  } finally {
    socket.close();
  }
};
