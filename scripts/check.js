// What to run before each commit: types, lint, format, walls, unused code, unit tests. Stops at the first that fails.
// `--static` leaves the unit tests out.
import { run } from './run.js';

const STEPS = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['lint', 'eslint', ['.', '--max-warnings', '0', '--cache', '--cache-location', '.cache/eslint']],
  ['format', 'biome', ['format', '.']],
  ['walls', 'depcruise', ['src', '--config', '.dependency-cruiser.cjs']],
  ['engine subset', 'tsc', ['-p', 'apisix/fence/tsconfig.json']],
  ['engine in Lua', process.execPath, ['scripts/engine-lua.js', '--check']],
  ['unused code', 'knip', []],
  ['unit tests', 'vitest', ['run', '--project', 'unit', '--maxWorkers', '2', '--reporter', 'dot']],
];

const wanted = process.argv.includes('--static') ? STEPS.filter(([name]) => name !== 'unit tests') : STEPS;

for (const [name, command, args] of wanted) {
  const start = performance.now();
  const code = await (command === process.execPath
    ? run(command, args)
    : run('npx', ['--no-install', command, ...args]));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${seconds} s)`);
  if (code !== 0) process.exit(code);
}
