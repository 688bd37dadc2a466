import { spawn } from 'node:child_process';

/**
 * Runs a program of the project to its end, with its output shown.
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
export const run = (command, args, env = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
