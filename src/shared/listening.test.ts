import { createServer } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { outlastErrors } from './listening.ts';
import { silentLog } from './log.ts';

afterEach(() => void vi.useRealTimers());

it('a listener that can accept nothing goes on, and tells it once a second', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const told: object[] = [];
  const server = createServer();
  outlastErrors(server, { ...silentLog, warn: (fields) => void told.push(fields) });
  const error = new Error('EMFILE');
  for (let i = 0; i < 1_000; i++) server.emit('error', error);
  expect(told).toEqual([{ err: error, failures: 1 }]);
  vi.advanceTimersByTime(1_000);
  server.emit('error', error);
  expect(told[1]).toEqual({ err: error, failures: 1_000 });
});
