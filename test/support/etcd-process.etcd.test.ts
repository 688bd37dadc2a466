import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('leaves no etcd and no data behind when the process that started it is killed', async () => {
  const source = `
    const { startEtcd } = await import(${JSON.stringify(new URL('./etcd.ts', import.meta.url).href)});
    const cluster = await startEtcd();
    const [member] = cluster.members;
    console.log(JSON.stringify({ pid: member.pid, data: member.dataDirectory }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { pid, data } = JSON.parse(line) as { pid: number; data: string };
  expect(isRunning(pid)).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect([isRunning(pid), existsSync(data)]).toEqual([false, false]), {
    timeout: 10_000,
  });
});
